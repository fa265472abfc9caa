package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// validator looks for what is wrong or risky in a decoded configuration. It
// only adds: problems to the decoder's, warnings to its own.
type validator struct {
	*decoder
	cfg      *Config
	warnings []Problem
	// broken are the keys that could not be decoded; nothing more is said about
	// them.
	broken []string
}

// validate adds problems to d and gives the warnings.
func validate(d *decoder, cfg *Config) []Problem {
	v := &validator{decoder: d, cfg: cfg}
	for _, p := range d.problems {
		v.broken = append(v.broken, p.Path)
	}
	v.server()
	v.sources()
	v.generalPolicy()
	v.daemon()
	v.generation()
	v.unbuilt()
	v.risks()
	return v.warnings
}

// refuse adds a problem at the place of a key, or at the nearest one around it.
func (v *validator) refuse(path, hint, format string, args ...any) {
	if !v.isBroken(path) {
		v.problem(v.place(path), path, hint, format, args...)
	}
}

func (v *validator) warn(path, hint, format string, args ...any) {
	if v.isBroken(path) {
		return
	}
	at := v.place(path)
	v.warnings = append(v.warnings, Problem{
		Line: at.line, Column: at.column, Path: path,
		Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// isRequired is the message about a key that is not there.
const isRequired = "is required"

// require tells that a key must be there.
func (v *validator) require(path string, have bool, hint string) {
	switch {
	case have || v.suggested[path] || v.isBroken(path):
	case slices.ContainsFunc(v.broken, func(b string) bool { return within(b, path) }):
	case v.isSet(path):
		v.refuse(path, hint, "must not be empty")
	default:
		v.refuse(path, hint, isRequired)
	}
}

func (v *validator) isBroken(path string) bool {
	return slices.ContainsFunc(v.broken, func(b string) bool { return b != "" && within(path, b) })
}

// within tells that a key is another one or stands below it.
func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func (v *validator) place(path string) mark {
	for {
		if at, ok := v.marks[path]; ok {
			return at
		}
		if path == "" {
			return mark{}
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

// oneOf checks a value against a list of words.
func oneOf[T ~string](v *validator, path string, value T, words ...T) {
	if slices.Contains(words, value) {
		return
	}
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	hint := "one of " + strings.Join(texts, ", ")
	if best := closest(string(value), texts); best != "" {
		hint = "did you mean " + best + "?"
	}
	v.refuse(path, hint, "%q is not known", string(value))
}

func (v *validator) positive(path string, value Duration) {
	if value <= 0 {
		v.refuse(path, "", "must be longer than 0s")
	}
}

var versionForm = regexp.MustCompile(`^\d+\.\d+(\.\d+)?$`)

func (v *validator) server() {
	s := v.cfg.Server
	const p = "server"
	if !v.isSet(p) {
		v.require(p, false, "start from configs/minimal.yaml")
		return
	}
	v.require(p+".url", s.URL != "", "such as https://mail.example.org")
	if s.URL != "" {
		v.serverURL(p+".url", s.URL)
	}
	v.credentials(s)
	v.tls(p+".tls", s.TLS)
	if s.Generation != auto && !versionForm.MatchString(s.Generation) {
		v.refuse(p+".generation", "auto, or a version such as 0.16.3", "%q is not a version", s.Generation)
	}
	if !(s.Rate > 0 && s.Rate <= 10_000) {
		v.refuse(p+".rate", "", "must be more than 0 and at most 10000 requests per second")
	}
	v.positive(p+".timeout", s.Timeout)
	v.positive(p+".delete_timeout", s.DeleteTimeout)
}

func (v *validator) serverURL(path, text string) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		v.refuse(path, "such as https://mail.example.org", "is not a URL")
	case u.User != nil:
		v.refuse(path, "use api_key, or username and password", "must not contain a user or a password")
	case u.Host == "" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "":
		v.refuse(path, "such as https://mail.example.org", "is not the URL of a server")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		v.refuse(path, "use https; a private certificate authority goes into server.tls.ca_file",
			"http would send the credentials readable for everybody in between")
	case u.Scheme != "https" && u.Scheme != "http":
		v.refuse(path, "use https", "the scheme %q is not known", u.Scheme)
	}
}

func (v *validator) credentials(s Server) {
	hint := "set api_key, or username and password"
	switch {
	case s.APIKey != nil && (s.Username != "" || s.Password != nil):
		v.refuse("server.api_key", "keep api_key, or username and password", "stands beside username and password")
	case s.APIKey != nil:
	case s.Username == "" && s.Password == nil:
		v.require("server.api_key", false, hint)
	default:
		v.require("server.username", s.Username != "", hint)
		v.require("server.password", s.Password != nil, hint)
	}
}

func (v *validator) tls(path string, t TLS) {
	hasKey := t.ClientKey.ref != ""
	if (t.ClientCert != "") != hasKey {
		v.refuse(path, "set both or none", "client_cert and client_key belong together")
	}
	if t.InsecureSkipVerify {
		v.warn(path+".insecure_skip_verify", "trust a private certificate authority with ca_file instead",
			"any certificate is accepted: whoever sits in between can answer instead")
	}
}

// isLoopback tells that a host is this machine itself. Names other than
// localhost are not looked up.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func (v *validator) daemon() {
	v.schedule()
	v.require("state.dir", v.cfg.State.Dir != "", "")
	v.require("audit.file", v.cfg.Audit.File != "", "")
	oneOf(v, "log.level", v.cfg.Log.Level, LevelDebug, LevelInfo, LevelWarn, LevelError)
	oneOf(v, "log.format", v.cfg.Log.Format, LogAuto, LogConsole, LogJSON)
	if v.cfg.Listen == "" {
		return
	}
	host, port, err := net.SplitHostPort(v.cfg.Listen)
	if err != nil || port == "" {
		v.refuse("listen", "such as 127.0.0.1:9810", "%q is not HOST:PORT", v.cfg.Listen)
		return
	}
	if !isLoopback(host) {
		v.warn("listen", "use 127.0.0.1, or put a proxy with a login in front",
			"health, metrics and status page answer to other machines without a login")
	}
}
