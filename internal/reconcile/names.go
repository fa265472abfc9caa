package reconcile

import "strings"

// Key is a name or an address in the form in which the server compares it.
// Names and addresses share one space: each key has at most one owner.
type Key string

// NameRules is what the server's rules say about names, handed in as a value.
type NameRules struct {
	// WholeAddress is true where every account name is a complete address (0.16).
	WholeAddress bool
	// Domains maps every domain of the server, aliases included, to its main
	// domain, all lower-case. Nil means unknown: then every domain is accepted.
	Domains map[string]string
}

// Hash gives the hash of a name's key, under which the ledger remembers it.
func (r NameRules) Hash(name string) Hash { return HashOf(string(r.Key(name))) }

// Key folds a name or address as the server does: blanks trimmed, lower case,
// a domain alias replaced by its main domain.
func (r NameRules) Key(name string) Key {
	name = strings.ToLower(strings.TrimSpace(name))
	at := strings.LastIndexByte(name, '@')
	if at < 0 {
		return Key(name)
	}
	if primary, ok := r.Domains[name[at+1:]]; ok {
		return Key(name[:at+1] + primary)
	}
	return Key(name)
}

// Domain gives the lower-case domain of a name or address, "" without "@".
func Domain(name string) string {
	at := strings.LastIndexByte(name, '@')
	if at < 0 {
		return ""
	}
	return strings.ToLower(name[at+1:])
}

// KnowsDomain tells whether the server has the domain of the name. A name
// without "@" is known only where names are not whole addresses.
func (r NameRules) KnowsDomain(name string) bool {
	domain := Domain(name)
	if domain == "" {
		return !r.WholeAddress
	}
	if r.Domains == nil {
		return true
	}
	_, ok := r.Domains[domain]
	return ok
}
