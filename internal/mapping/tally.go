package mapping

import (
	"fmt"
	"slices"
	"strings"

	"syncagent/internal/reconcile"
)

// examplesPerCode bounds how many places a warning names.
const examplesPerCode = 3

// Tally sums the warnings of many entries up to one reason per code, with the
// number and a few examples. The zero value is ready; it is not safe for
// concurrent use.
type Tally struct{ byCode map[string]*tallied }

type tallied struct {
	count    int
	examples []string
}

// Add counts warnings about the entry that people know as label.
func (t *Tally) Add(label string, reasons []reconcile.Reason) {
	for _, r := range reasons {
		if t.byCode == nil {
			t.byCode = map[string]*tallied{}
		}
		seen := t.byCode[r.Code]
		if seen == nil {
			seen = &tallied{}
			t.byCode[r.Code] = seen
		}
		seen.count++
		if len(seen.examples) < examplesPerCode {
			seen.examples = append(seen.examples, label+": "+r.Message)
		}
	}
}

// Reasons gives one reason per code, sorted by code.
func (t *Tally) Reasons() []reconcile.Reason {
	var out []reconcile.Reason
	for _, code := range sortedKeys(t.byCode) {
		seen := t.byCode[code]
		// The order of entries is the server's; the text must not depend on it more
		// than it has to.
		examples := slices.Sorted(slices.Values(seen.examples))
		message := fmt.Sprintf("%s (%d): %s", warningTitle(code), seen.count, strings.Join(examples, "; "))
		if seen.count > len(examples) {
			message += "; …"
		}
		out = append(out, reconcile.Reason{Code: code, Message: message, Hint: warningHints[code]})
	}
	return out
}

func warningTitle(code string) string {
	if title, ok := warningTitles[code]; ok {
		return title
	}
	return code
}

var warningTitles = map[string]string{
	WarnNameUnusable:    "values that cannot be part of a name were left out",
	WarnNamesCut:        "too many candidate names, the rest was left out",
	WarnAddressNoDomain: "addresses without a domain were left out",
	WarnAddressUnusable: "addresses that cannot be read were left out",
	WarnCreated:         "creation times that cannot be read were left out",
}

var warningHints = map[string]string{
	WarnNameUnusable:    "correct the values in the directory; without a name the entry is held as no-name",
	WarnNamesCut:        "use an attribute with one value in map.name",
	WarnAddressNoDomain: "map an attribute that holds whole addresses, or give the prefix that marks them",
	WarnAddressUnusable: "correct the values in the directory",
	WarnCreated:         "map.created takes LDAP generalized time, RFC 3339, SQL timestamps and Windows file time",
}
