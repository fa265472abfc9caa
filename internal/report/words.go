package report

import (
	"fmt"
	"strings"
	"time"
)

// moment is a time for people: to the minute, in UTC.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") + " UTC" }

// day is a date for people, in UTC.
func day(t time.Time) string { return t.UTC().Format("2006-01-02") }

// people puts a number before the right form of a noun.
func people(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// or is the first text that is not empty.
func or(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// sentences joins texts so that each ends with a full stop.
func sentences(texts ...string) string {
	var b strings.Builder
	for _, t := range texts {
		t = strings.TrimSpace(t)
		if t == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t)
		if !strings.HasSuffix(t, ".") && !strings.HasSuffix(t, "?") && !strings.HasSuffix(t, "!") {
			b.WriteByte('.')
		}
	}
	return b.String()
}

// ids shows what identifies a person and an account, for -v.
func ids(source, stableID, account string) string {
	var parts []string
	for _, p := range []fact{
		{label: "source", text: source}, {label: "stable ID", text: stableID}, {label: "account", text: account},
	} {
		if p.text != "" {
			parts = append(parts, p.label+" "+p.text)
		}
	}
	return strings.Join(parts, ", ")
}

// joined joins the texts that are not empty.
func joined(between string, texts ...string) string {
	var kept []string
	for _, t := range texts {
		if t != "" {
			kept = append(kept, t)
		}
	}
	return strings.Join(kept, between)
}

// bracketed puts a text that is not empty in brackets.
func bracketed(text string) string {
	if text == "" {
		return ""
	}
	return "(" + text + ")"
}
