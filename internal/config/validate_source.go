package config

import (
	"regexp"
	"strings"
)

var sourceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (v *validator) sources() {
	if len(v.cfg.Sources) == 0 {
		v.require("sources", false, "name at least one directory; see configs/minimal.yaml")
		return
	}
	first := map[string]string{}
	for i := range v.cfg.Sources {
		path := item("sources", i)
		name := v.cfg.Sources[i].Name
		v.source(path, &v.cfg.Sources[i])
		key := strings.ToLower(name)
		switch other, twice := first[key]; {
		case name == "":
		case twice:
			v.refuse(path+".name", "the ledger keeps sources apart by name", "%q is already the name of %s", name, other)
		default:
			first[key] = path
		}
	}
}

func (v *validator) source(path string, s *Source) {
	v.require(path+".name", s.Name != "", "a short word such as staff; it stays for ever")
	if s.Name != "" && !sourceName.MatchString(s.Name) {
		v.refuse(path+".name", "", "%q must consist of letters, digits, dots, dashes and underscores, at most 64", s.Name)
	}
	switch {
	case s.LDAP != nil && s.SQL != nil:
		v.refuse(path, "make two sources of it", "has both ldap and sql")
	case s.LDAP != nil:
		v.ldap(path+".ldap", s.LDAP)
	case s.SQL != nil:
		v.sql(path+".sql", s.SQL)
	case !v.suggested[path+".ldap"] && !v.suggested[path+".sql"]:
		v.refuse(path, "", "needs ldap or sql")
	}
	v.mapping(path+".map", s)
	v.expect(path+".expect", s.Expect)
	v.policy(path+".policy", &s.Policy)
}

func (v *validator) expect(path string, e Expect) {
	if e.MinEntries < 1 {
		v.refuse(path+".min_entries", "an empty directory is never believed", "must be at least 1")
	}
	for i, canary := range e.Canaries {
		at := v.itemPath(path+".canaries", i)
		if v.pattern(at, canary) && strings.Trim(canary, "*@.") == "" {
			v.refuse(at, "name a person who must always be there", "%q would be met by anybody", canary)
		}
	}
}

// itemPath is the path of an item of a list that may be written as one text.
func (v *validator) itemPath(list string, index int) string {
	if path := item(list, index); v.isSet(path) {
		return path
	}
	return list
}

// pattern checks a pattern of protect or a canary; only "*" is special.
func (v *validator) pattern(path, text string) bool {
	switch {
	case text == "":
		v.refuse(path, "", "must not be empty")
		return false
	case strings.TrimSpace(text) != text:
		v.refuse(path, "", "%q begins or ends with a blank", text)
		return false
	case strings.ContainsAny(text, "^$()[]|\\") || strings.Contains(text, ".*"):
		v.warn(path, "write svc-* for everything that begins with svc-",
			"%q looks like a regular expression; only * is special here", text)
	}
	return true
}
