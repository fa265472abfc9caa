package ldapsrc

import (
	"fmt"
	"strconv"
	"strings"
)

// Commands gives the search of the snapshot as ldapsearch lines to paste, one
// for each server and base, in their order. The password is taken from the
// shell variable LDAPPASSWORD through a pipe (bash, zsh), so that it does not
// show in the process list either.
func (s *Source) Commands() []string {
	var lines []string
	for _, srv := range s.servers {
		for _, base := range s.opts.Bases {
			lines = append(lines, s.command(srv, base))
		}
	}
	return lines
}

func (s *Source) firstCommand() string { return "Try: " + s.command(s.servers[0], s.opts.Bases[0]) }

func (s *Source) command(srv server, base string) string {
	var words []string
	add := func(w ...string) { words = append(words, w...) }
	encrypted := srv.tls || s.opts.StartTLS && srv.network == "tcp"
	if encrypted {
		for _, v := range [][2]string{{"CACERT", s.opts.TLS.CAFile}, {"CERT", s.opts.TLS.ClientCert}, {"KEY", s.opts.TLS.ClientKey}} {
			if v[1] != "" {
				add("LDAPTLS_" + v[0] + "=" + quote(v[1]))
			}
		}
		if s.opts.TLS.InsecureSkipVerify {
			add("LDAPTLS_REQCERT=never")
		}
	}
	add("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-H", quote(srv.url))
	if s.opts.StartTLS && srv.network == "tcp" {
		add("-ZZ")
	}
	switch {
	case s.opts.Bind.SASLExternal:
		add("-Q", "-Y", "EXTERNAL")
	case s.opts.Bind.DN != "":
		add("-x", "-D", quote(s.opts.Bind.DN), "-y", `<(printf %s "$LDAPPASSWORD")`)
	default:
		add("-x")
	}
	scope := "sub"
	if s.opts.Scope == scopeOne {
		scope = "one"
	}
	add("-b", quote(base), "-s", scope, "-E", fmt.Sprintf("pr=%s/noprompt", strconv.Itoa(s.opts.PageSize)), quote(s.opts.Filter))
	for _, name := range s.attributes(s.shownRule()) {
		add(quote(name))
	}
	return strings.Join(words, " ")
}

// shownRule is the ID attribute as far as it is known without asking a server.
func (s *Source) shownRule() idRule {
	if rule, _ := s.remembered(); rule.attribute != "" {
		return rule
	}
	switch {
	case s.opts.ID != Auto:
		return ruleFor(s.opts.ID)
	case s.opts.KeepID != "":
		return ruleFor(s.opts.KeepID)
	}
	return knownIDs[0]
}

// quote makes one word of a text for a POSIX shell.
func quote(text string) string {
	plain := strings.IndexFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:,=@%+", r))
	}) < 0
	if plain && text != "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
