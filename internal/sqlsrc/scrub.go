package sqlsrc

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// hidden replaces a secret in a text.
const hidden = "***"

var (
	urlPassword = regexp.MustCompile(`(://[^\s:/@]*:)[^\s@]*@`)
	keyPassword = regexp.MustCompile(`(?i)\b(password|passwd|pwd|sslpassword)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s;&]+)`)
)

// longestText bounds a server's text in a message.
const longestText = 400

// scrub makes a driver's text fit for people: without secrets, on one line,
// not too long.
func scrub(t *target, text string) string {
	if t != nil {
		for _, secret := range t.secrets {
			for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
				if form != "" {
					text = strings.ReplaceAll(text, form, hidden)
				}
			}
		}
	}
	text = urlPassword.ReplaceAllString(text, "${1}"+hidden+"@")
	text = keyPassword.ReplaceAllString(text, "${1}="+hidden)
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > longestText {
		text = strings.ToValidUTF8(text[:longestText], "") + "…"
	}
	return text
}

// shellWord makes one word of a text for a POSIX shell.
func shellWord(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:,=@%+", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
