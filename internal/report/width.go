package report

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// columns is the number of terminal columns that a printable text takes: two for
// wide East Asian characters (Unicode UAX #11), none for combining marks.
func columns(text string) int {
	n := 0
	for _, r := range text {
		switch {
		case r < 0x300:
			n++
		case unicode.In(r, unicode.Mn, unicode.Me):
		case isWide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

func isWide(r rune) bool {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return true
	}
	return false
}

// pad fills a text with blanks up to a number of columns.
func pad(text string, to int) string {
	if missing := to - columns(text); missing > 0 {
		return text + strings.Repeat(" ", missing)
	}
	return text
}

// wrap breaks a text at blanks into lines of at most limit columns; a word that
// is longer stays whole, so that a name or a command can be copied.
func wrap(text string, limit int) []string {
	var lines []string
	line, used := "", 0
	for word := range strings.FieldsSeq(text) {
		w := columns(word)
		if line != "" && used+1+w > limit {
			lines = append(lines, line)
			line, used = "", 0
		}
		if line != "" {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+w
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
