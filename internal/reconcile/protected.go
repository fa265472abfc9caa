package reconcile

import "fmt"

// protected tells whether a pattern of the configuration or of a person
// protects any of the names or the ID.
func (d *decider) protected(ref PrincipalRef, names ...string) (string, bool) {
	var patterns []string
	if s := d.sources[ref.Source]; s != nil {
		patterns = append(patterns, s.Policy.Protect...)
	} else { // an account without an owner: whoever protects it means it
		for _, name := range sortedKeys(d.sources) {
			patterns = append(patterns, d.sources[name].Policy.Protect...)
		}
	}
	for _, p := range d.Protections {
		patterns = append(patterns, p.Pattern)
	}
	for _, pattern := range patterns {
		if MatchPattern(pattern, string(ref.ID)) || MatchPattern(pattern, string(ref.Person().ID)) {
			return pattern, true
		}
		for _, name := range names {
			if MatchName(pattern, name) {
				return pattern, true
			}
		}
	}
	return "", false
}

// untouchable says why an account must not be written, whoever is linked to it.
func (d *decider) untouchable(a *Account, ref PrincipalRef) (string, bool) {
	switch {
	case a.ID == d.Self || (d.SelfName != "" && d.sameName(a.Name, d.SelfName)):
		return "it is the account that syncagent itself logs in with", true
	case a.Kind != KindIndividual:
		return "it is not a plain user account on the mail server", true
	}
	names := append([]string{a.Name}, a.Addresses...)
	if pattern, ok := d.protected(ref, names...); ok {
		return fmt.Sprintf("protected by the pattern %q", pattern), true
	}
	return "", false
}
