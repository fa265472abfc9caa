package demo

import (
	"fmt"
	"io"
	"strings"
)

// textWidth is how many columns the story takes at most.
const textWidth = 78

// teller writes the story. What cannot be written is not told; the summary and
// the exit code do not depend on it.
type teller struct {
	out   io.Writer
	color bool
	short bool
	step  int
}

const (
	bold  = "\x1b[1m"
	red   = "\x1b[31m"
	green = "\x1b[32m"
	dim   = "\x1b[2m"
	plain = "\x1b[0m"
)

func (t *teller) paint(color, text string) string {
	if !t.color {
		return text
	}
	return color + text + plain
}

func (t *teller) line(text string) {
	_, _ = io.WriteString(t.out, text+"\n") // a reader who went away misses the rest
}

// title begins a step.
func (t *teller) title(text string) {
	t.step++
	if !t.short {
		t.line("")
	}
	t.line(t.paint(bold, fmt.Sprintf("%d. %s", t.step, text)))
}

// say tells a paragraph; with -q nothing.
func (t *teller) say(format string, args ...any) {
	if t.short {
		return
	}
	for _, line := range wrap(fmt.Sprintf(format, args...), textWidth-3) {
		t.line("   " + line)
	}
}

// row tells a fact in columns of its own.
func (t *teller) row(color, left, right string) {
	if t.short {
		return
	}
	text := fmt.Sprintf("     %-30s %s", left, right)
	t.line(t.paint(color, text))
}

func (t *teller) bad(left, right string)  { t.row(red, left, right) }
func (t *teller) fact(left, right string) { t.row("", left, right) }

// result tells what was proven; also with -q.
func (t *teller) result(format string, args ...any) {
	for i, line := range wrap(fmt.Sprintf(format, args...), textWidth-5) {
		mark := "  "
		if i == 0 {
			mark = "✓ "
		}
		t.line("   " + t.paint(green, mark+line))
	}
}

// command shows what a person would have typed.
func (t *teller) command(text string) {
	if !t.short {
		t.line("")
		t.line("   " + t.paint(bold, "$ "+text))
	}
}

// block shows what a command printed.
func (t *teller) block(text string) {
	if t.short {
		return
	}
	for line := range strings.Lines(text) {
		t.line(strings.TrimRight("   "+t.paint(dim, "│ ")+strings.TrimRight(line, "\n"), " "))
	}
}

func (t *teller) blank() {
	if !t.short {
		t.line("")
	}
}

// wrap breaks a text into lines; words that are longer stay whole.
func wrap(text string, width int) []string {
	var lines []string
	line, length := "", 0
	for word := range strings.FieldsSeq(text) {
		n := len([]rune(word))
		if length > 0 && length+1+n > width {
			lines, line, length = append(lines, line), "", 0
		}
		if length > 0 {
			line, length = line+" ", length+1
		}
		line, length = line+word, length+n
	}
	if length > 0 {
		lines = append(lines, line)
	}
	return lines
}
