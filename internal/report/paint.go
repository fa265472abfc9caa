package report

// painter puts ANSI colours around a text, or leaves it alone if false.
type painter bool

// sgr has the parameters of "select graphic rendition" (ECMA-48, 8.3.117) for
// each tone. Symbols and words say the same without colours.
var sgr = map[tone]string{
	toneFaint:  "2",
	toneGood:   "32",
	toneChange: "36",
	toneWarn:   "33",
	toneBad:    "31",
}

func (p painter) as(t tone, text string) string {
	code, ok := sgr[t]
	if !bool(p) || !ok {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// heading is bold, in the colour of its tone.
func (p painter) heading(t tone, text string) string {
	if !p {
		return text
	}
	return "\x1b[1m" + p.as(t, text) + "\x1b[0m"
}
