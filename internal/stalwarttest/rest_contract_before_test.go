package stalwarttest

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
)

// restExcluded are recordings that are not replayed, by name or by version and name, with the reason.
var restExcluded = map[string]string{
	"address_reuse_ldap":                  "mail waits in the server's queue and is delivered later; there is no queue here",
	"alias_moves_ldap":                    "as address_reuse_ldap",
	"shadow_mail_same_address_ldap":       "as address_reuse_ldap",
	"aged_credentials":                    "needs time to pass in the credential cache, which has no clock here",
	"aged_credentials_ldap":               "as aged_credentials",
	"0.11.8/rename_before_directory":      "a login of the recording's preparation is still cached and refused",
	"0.11.8/emails_sync_ldap":             "the directory's own cache still gives the alias",
	"mixed_case_directory_ldap":           "what the server's caches say of a changed letter case is not simulated",
	"0.15.5/mixed_case_directory":         "as mixed_case_directory_ldap",
	"0.15.5/rename_before_directory_ldap": "as address_reuse_ldap",
	"api_key_rate":                        "the limit of Bearer calls is that of anonymous ones; here it is counted by header",
	"api_key_sticky_401":                  "as aged_credentials",
	"delete_connection_cut":               "connections are cut in the midst; CutDeletes does that, see the client's tests",
	"delete_connection_cut_large":         "as delete_connection_cut",
	"delete_connection_cut_ldap":          "as delete_connection_cut",
	"export_identities":                   "mail only",
	"export_identities_ldap":              "as export_identities",
	"undelete":                            "an enterprise feature, and no management of accounts",
	"vanished_credentials":                "tokens, app passwords and open sessions of the old versions are not simulated",
	"vanished_credentials_ldap":           "as vanished_credentials",
	"principal_query":                     "Principal/query, which makes rows, is not simulated: no client may use it",
}

// restOutside are the wordings of what happened outside HTTP.
var restOutside = []struct {
	pattern *regexp.Regexp
	do      func(r *restReplay, m []string)
}{
	{regexp.MustCompile(`^login \(JMAP session, Basic\) as '(.*)' -> HTTP 200$`), func(r *restReplay, m []string) {
		if status := r.httpLogin(basic(m[1], r.password(m[1]))); status != http.StatusOK {
			r.t.Errorf("%s: status %d", m[0], status)
		}
	}},
	{regexp.MustCompile(`^IMAP login as '(.*)': (.*)$`), func(r *restReplay, m []string) { r.loginLike(m[1], m[2]) }},
	{regexp.MustCompile(`^LMTP delivery: (\{.*\})$`), (*restReplay).deliver},
	{regexp.MustCompile(`^directory: (?:user|group) '(.*)' removed$`), func(r *restReplay, m []string) { r.directory.Remove(m[1]) }},
	{
		regexp.MustCompile(`^directory: user '(.*)' renamed to '(.*)', e-mail (?:unchanged|changed to (\S+)), password unchanged$`),
		func(r *restReplay, m []string) {
			r.passwords[m[2]] = r.passwords[m[1]]
			r.change(m[1], func(d *Record) {
				d.Name = m[2]
				if m[3] != "" {
					d.Aliases = []string{m[3]}
				}
			})
		},
	},
	{regexp.MustCompile(`^directory: user '(.*)' added, e-mail (\S+)$`), func(r *restReplay, m []string) {
		r.passwords[m[1]] = "pw-" + m[1]
		if strings.Contains(m[2], "second") {
			r.passwords[m[1]] = "pw-second"
		}
		r.put(m[1], m[2])
	}},
	{regexp.MustCompile(`^directory: addresses of '(.*)' are now \[(.*)\]$`), func(r *restReplay, m []string) {
		var list []string
		for item := range strings.SplitSeq(m[2], ", ") {
			list = append(list, strings.Trim(item, "'"))
		}
		r.change(m[1], func(d *Record) { d.Aliases = list })
	}},
	{regexp.MustCompile(`^directory: users (\[.*\]) exist besides a, b and alice; each received one message$`), func(r *restReplay, m []string) {
		var names []string
		if err := json.Unmarshal([]byte(m[1]), &names); err != nil {
			r.t.Fatal(err)
		}
		for _, name := range append(names, "a", "b") {
			if len(name) > 1 || name == "ü" {
				r.passwords[name] = "pw"
			}
			r.put(name)
		}
		for _, name := range append(names, "a", "b", "alice") {
			r.receive(name)
		}
	}},
	{regexp.MustCompile(`^directory: group '(.*)' with members \[(.*)\] added$`), func(r *restReplay, m []string) {
		r.directory.Put(Record{Name: m[1], Group: true, Description: m[1] + " group"})
		for item := range strings.SplitSeq(m[2], ", ") {
			r.change(strings.Trim(item, "'"), func(d *Record) { d.Groups = append(d.Groups, m[1]) })
		}
	}},
	{
		regexp.MustCompile(`^directory: the names of alice and bob were swapped, passwords stay with the person, the addresses (follow the names|stay with the person)$`),
		func(r *restReplay, m []string) {
			r.passwords["alice"], r.passwords["bob"] = r.passwords["bob"], r.passwords["alice"]
			for _, pair := range [][2]string{{"alice", "aside"}, {"bob", "alice"}, {"aside", "bob"}} {
				r.change(pair[0], func(d *Record) {
					d.Name = pair[1]
					if m[1] == "follow the names" && pair[1] != "aside" {
						d.Aliases = []string{pair[1] + "@example.test"}
					}
				})
			}
		},
	},
	{regexp.MustCompile(`^directory: (?:address|mail) of alice changed to (\S+?),? (?:and )?(?:alias )?(alias@example.test)`), func(r *restReplay, m []string) {
		r.change("alice", func(d *Record) { d.Aliases = []string{m[1], m[2]} })
	}},
	{regexp.MustCompile(`^directory: alias removed$`), func(r *restReplay, _ []string) {
		r.change("alice", func(d *Record) { d.Aliases = d.Aliases[:1] })
	}},
	{regexp.MustCompile(`^directory: uid changed from 'Dave' to 'DAVE'$`), func(r *restReplay, _ []string) {
		r.change("Dave", func(d *Record) { d.Name = "DAVE" })
	}},
	{regexp.MustCompile(`^slapd killed$`), func(r *restReplay, _ []string) { r.directory.Fail(errors.New("connection refused")) }},
	{regexp.MustCompile(`^slapd started again$`), func(r *restReplay, _ []string) { r.directory.Fail(nil) }},
	{regexp.MustCompile(`^server restarted`), func(r *restReplay, _ []string) { r.s.ForgetLogins() }},
	{regexp.MustCompile(`^(\d s later|an IMAP session|IMAP sessions|OAuth access|no OAuth token|server\.auto-ban)`), func(*restReplay, []string) {}},
}

func (r *restReplay) change(name string, change func(*Record)) {
	if !r.directory.Update(name, change) {
		r.t.Fatalf("the directory has no %s", name)
	}
}

// before does what happened outside HTTP; false if the wording is not known.
func (r *restReplay) before(line string) bool {
	for _, o := range restOutside {
		if m := o.pattern.FindStringSubmatch(line); m != nil {
			o.do(r, m)
			return true
		}
	}
	return false
}

// deliver delivers to each recipient and compares the kind of the answer.
func (r *restReplay) deliver(m []string) {
	var answers map[string]any
	if err := json.Unmarshal([]byte(m[1]), &answers); err != nil {
		r.t.Fatal(err)
	}
	for to, answer := range answers {
		told, ok := answer.(string)
		if !ok {
			continue // the answers to DATA
		}
		if len(r.s.DeliverList(to, Message{Subject: "to a list"})) > 0 {
			continue
		}
		got := "250"
		switch err := r.s.Deliver(to, Message{Subject: "a mail"}); {
		case errors.Is(err, ErrTryLater):
			got = "451"
		case err != nil && !errors.Is(err, ErrBounced):
			got = "550"
		}
		_, there, _ := r.directory.ByAddress(r.t.Context(), to)
		if got == "550" && !there && strings.HasPrefix(told, "250") {
			continue // the real server still had the recipient in its directory cache; it bounces later
		}
		_, _, down := r.directory.ByAddress(r.t.Context(), to)
		if down != nil && strings.HasPrefix(told, "250") {
			continue // as before: a cached recipient
		}
		if !strings.HasPrefix(told, got) {
			r.t.Errorf("delivery to %s: %s, recorded %s", to, got, told)
		}
	}
}

// httpLogin reads the session with a login, and gives the status; 0 for an error with status 200.
func (r *restReplay) httpLogin(header string) int {
	path := "/jmap/session"
	if !r.s.rest.v.since(12, 5) {
		path = "/.well-known/jmap"
	}
	request := httptest.NewRequestWithContext(r.t.Context(), http.MethodGet, path, http.NoBody)
	request.Header.Set("Authorization", header)
	w := httptest.NewRecorder()
	r.s.ServeHTTP(w, request)
	if strings.Contains(w.Body.String(), `"error"`) {
		return 0
	}
	return w.Code
}

// receive makes the row of a name and puts a mail into it, without an address.
func (r *restReplay) receive(name string) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	record, _, err := r.directory.ByLogin(r.t.Context(), name)
	row := r.s.rowFor(name, "individual")
	if err == nil {
		err = r.s.syncRow(row, record, false)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.s.store(row.account, Message{Subject: "a mail"})
}
