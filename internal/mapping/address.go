package mapping

import (
	"strings"
)

func (m *Mapper) addresses(r Record, w *warnings) []string {
	var all []string
	for _, spec := range m.spec.Addresses {
		for _, value := range r.Values(spec.Attribute) {
			value, ok := clean(value)
			if !ok {
				w.add(WarnAddressUnusable, "a value of %s holds control characters or broken UTF-8", spec.Attribute)
				continue
			}
			if value, ok = cutPrefixFold(value, spec.Prefix); !ok || value == "" {
				continue
			}
			if !hasDomain(value) {
				w.add(WarnAddressNoDomain, "%q in %s has no domain", value, spec.Attribute)
				continue
			}
			all = append(all, value)
		}
	}
	return unique(all)
}

func hasDomain(address string) bool {
	at := strings.LastIndexByte(address, '@')
	return at > 0 && at < len(address)-1
}

// cutPrefixFold cuts a prefix off without regard to case. Prefixes are short
// ASCII words, so a prefix and its other case have the same length.
func cutPrefixFold(value, prefix string) (string, bool) {
	if len(value) < len(prefix) || !strings.EqualFold(value[:len(prefix)], prefix) {
		return "", false
	}
	return strings.TrimSpace(value[len(prefix):]), true
}
