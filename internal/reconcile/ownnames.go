package reconcile

import "strings"

// Names of accounts that syncagent moved out of the way. They derive from the
// account ID, so that the same situation gives the same plan.
const (
	tempPrefix  = "syncagent-tmp-"
	parkPrefix  = "syncagent-parked-"
	asidePrefix = "syncagent-aside-"
)

// OwnName tells whether an account name is one of ours: parked, aside or
// temporary.
func OwnName(name string) bool {
	for _, prefix := range []string{tempPrefix, parkPrefix, asidePrefix} {
		if strings.HasPrefix(strings.ToLower(name), prefix) {
			return true
		}
	}
	return false
}

func ownName(prefix string, acc *Account) string {
	name := prefix + string(acc.ID)
	if domain := Domain(acc.Name); domain != "" {
		name += "@" + domain
	}
	return name
}
