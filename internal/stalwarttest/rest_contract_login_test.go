package stalwarttest

import (
	"errors"
	"regexp"
	"strings"
)

var labelPattern = regexp.MustCompile(`^(Basic|Bearer) <(?:user:([^>]*)|(.*))>$`)

// header turns a label of the recording into a real header.
func (r *restReplay) header(label string) string {
	m := labelPattern.FindStringSubmatch(label)
	switch {
	case m == nil:
		return label // sent as it is: "Digest x", "Basic !!!"
	case m[2] != "":
		return basic(m[2], r.password(m[2]))
	case m[3] == "admin":
		return basic("admin", "admin")
	case strings.HasPrefix(m[3], "admin (sent as"):
		return basic(" ADMIN ", "admin")
	case strings.HasPrefix(m[3], "apikey:"):
		return r.keyHeader(m[1], strings.TrimPrefix(m[3], "apikey:"))
	case m[3] == "api_nokey:x":
		return "Bearer api_" + strings.TrimPrefix(basic("nokey", "x"), "Basic ")
	case m[1] == "Bearer":
		return "Bearer " + m[3]
	}
	name, secret, _ := strings.Cut(m[3], ":")
	return basic(name, "wrong-"+secret)
}

func (r *restReplay) keyHeader(scheme, name string) string {
	secrets := map[string]string{
		"syncagent": "syncagent:key-secret", "syncagent(new)": "syncagent:new-secret", "exporter": "exporter:s",
		"noauth": "noauth:s", "wrong-secret": "syncagent:wrong",
	}
	user, secret, _ := strings.Cut(secrets[name], ":")
	if scheme == "Basic" {
		return basic(user, secret)
	}
	return "Bearer api_" + strings.TrimPrefix(basic(user, secret), "Basic ")
}

func (r *restReplay) login(label string) {
	if m := labelPattern.FindStringSubmatch(label); m != nil {
		r.httpLogin(basic(m[2], r.password(m[2]))) // what came of it shows in the next answers
	}
}

// loginLike compares a login of the recording with one here.
func (r *restReplay) loginLike(name, told string) {
	secret := r.password(name)
	if name == "carol" && strings.Contains(r.t.Name(), "login_creates_row") {
		secret = "wrong" // to show that a failed login makes no row
	}
	_, err := r.s.Login(name, secret)
	var taken *addressTaken
	got := "NO [AUTHENTICATIONFAILED]"
	switch {
	case strings.HasPrefix(r.name, "suspend") && strings.HasPrefix(told, got):
		return // an app password, which is not simulated for these versions
	case err == nil:
		got = "OK"
	case errors.Is(err, ErrDirectoryDown):
		got = "NO [CONTACTADMIN]"
	case errors.Is(err, ErrSuspended):
		got = "connection closed"
	case errors.As(err, &taken):
		got = "NO Already exists"
	}
	if !strings.HasPrefix(told, got) {
		r.t.Errorf("login as %s: %s, recorded %s", name, got, told)
	}
}

// password is the one of a user, also in another case.
func (r *restReplay) password(user string) string {
	if secret := r.passwords[user]; secret != "" {
		return secret
	}
	return r.passwords[strings.ToLower(user)]
}
