// Package report shows a plan, a run, the status, the history or all that is
// known about one person: as text for a terminal, as JSON for machines, as
// Markdown for a ticket and as an HTML page to print or mail.
//
// Everything to show is a View. A View is first laid out as a document of
// sections, groups and items; Text, Markdown and HTML render that document, so
// that all of them say the same in the same words.
//
// The same view gives the same bytes: there is no clock here, no map order, and
// a dry run shows neither a time of its own nor a run. Names come from
// directories and are not trusted: what is not printable (control characters,
// invisible marks, changes of writing direction) is shown as an escape, in every
// format. Nothing here decides anything, and nothing reads or writes a file.
package report
