package stalwart

import (
	"encoding/base64"
	"strings"
)

// credentials are what a login needs; an empty username means an API key.
type credentials struct {
	username string
	secret   string
	// apiKey marks an API key that is sent as Basic (before 0.16).
	apiKey bool
}

// header is the value of Authorization.
func (c credentials) header() string {
	if c.username == "" {
		return "Bearer " + c.secret
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.username+":"+c.secret))
}

// redact takes the secret out of a text that came from elsewhere, and keeps it
// short and on one line.
func (c credentials) redact(text string) string {
	const longest = 300
	text = strings.ReplaceAll(text, c.secret, "***")
	_, value, _ := strings.Cut(c.header(), " ")
	text = strings.ReplaceAll(text, value, "***")
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return text
}

// curl writes a request as a command for a POSIX shell, with the secret taken
// from the environment.
func (c credentials) curl(method, address string, body []byte, anonymous bool) string {
	var b strings.Builder
	b.WriteString("curl -sS")
	switch {
	case anonymous:
	case c.username == "":
		b.WriteString(` -H "Authorization: Bearer $STALWART_API_KEY"`)
	default:
		b.WriteString(" -u " + shellQuote(c.username+":") + `"$STALWART_PASSWORD"`)
	}
	if method != "GET" {
		b.WriteString(" -X " + method + " -H 'Content-Type: application/json' --data " + shellQuote(string(body)))
	}
	b.WriteString(" " + shellQuote(address))
	return b.String()
}

// shellQuote puts a text into single quotes.
func shellQuote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
