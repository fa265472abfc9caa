package stalwart

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"syncagent/internal/reconcile"
)

// principal is a principal as far as it is used. Answers carry passwords, in
// plain text with some directories: what is not here is dropped at once.
type principal struct {
	ID                  *uint64     `json:"id"`
	Type                string      `json:"type"`
	Name                string      `json:"name"`
	Emails              textOrTexts `json:"emails"`
	Roles               textOrTexts `json:"roles"`
	EnabledPermissions  textOrTexts `json:"enabledPermissions"`
	DisabledPermissions textOrTexts `json:"disabledPermissions"`
	UsedQuota           *int64      `json:"usedQuota"`
}

// textOrTexts is a list that 0.10 and 0.11 write as a plain text if it has one
// item, and leave out if it has none.
type textOrTexts []string

// UnmarshalJSON takes both shapes, and null.
func (l *textOrTexts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil && string(data) != "null" {
		*l = textOrTexts{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(data, &many); err != nil {
		return err
	}
	*l = many
	return nil
}

// fullFields are the fields that a listing asks for since 0.10. Passwords are
// not among them.
const fullFields = "name,emails,roles,enabledPermissions,disabledPermissions,usedQuota"

// value turns a principal into the domain value.
func (s *restServer) value(p principal) (reconcile.Account, error) {
	if p.ID == nil || p.Type == "" {
		return reconcile.Account{}, &MalformedError{Reason: "a principal lacks its ID or type"}
	}
	v := reconcile.Account{
		ID: decimalID(*p.ID), Name: p.Name, Kind: s.kindOf(p),
		Suspended: slices.Contains(p.DisabledPermissions, "authenticate"),
		Access:    accessText(p.DisabledPermissions), UsedBytes: -1,
		// Before 0.10 rows have no addresses: only the directory knows them.
		AddressesUnknown: s.version.before(10, 0),
	}
	switch {
	case p.UsedQuota != nil:
		v.UsedBytes = *p.UsedQuota
	case s.version.since(10, 0):
		v.UsedBytes = 0 // left out where it is zero
	}
	for _, address := range p.Emails {
		if address = strings.ToLower(address); address != v.Name {
			v.Addresses = append(v.Addresses, address)
		}
	}
	slices.Sort(v.Addresses)
	v.Addresses = slices.Compact(v.Addresses)
	return v, nil
}

// kindOf protects what is not proven to be an ordinary user. Before 0.10 groups
// of an external directory are shown as individuals: the caller touches only who
// the directory calls a person.
func (s *restServer) kindOf(p principal) reconcile.Kind {
	administrative := func(permission string) bool {
		return strings.HasSuffix(permission, "-update") || strings.HasSuffix(permission, "-delete") ||
			strings.HasSuffix(permission, "-create") || permission == "impersonate"
	}
	switch {
	case p.Type == "superuser":
		return reconcile.KindAdmin
	case p.Type == "group":
		return reconcile.KindGroup
	case p.Type != "individual":
		return reconcile.KindUnknown
	case slices.Contains(p.Roles, "admin") || slices.Contains(p.Roles, "tenant-admin") ||
		slices.ContainsFunc(p.EnabledPermissions, administrative):
		return reconcile.KindAdmin
	case slices.ContainsFunc(p.Roles, func(r string) bool { return r != "user" }):
		return reconcile.KindUnknown // a role of this server's own
	}
	return reconcile.KindIndividual
}

// accessText is what suspending changes, in a form that Resume puts back.
func accessText(disabled []string) string {
	list := slices.Sorted(slices.Values(disabled))
	if list == nil {
		list = []string{}
	}
	text, err := encodeJSON(slices.Compact(list))
	if err != nil {
		return "[]" // texts can always be encoded
	}
	return string(text)
}

// parseAccess reads what accessText wrote.
func parseAccess(text string) ([]string, error) {
	list := []string{}
	if json.Unmarshal([]byte(text), &list) != nil || list == nil {
		return nil, &MalformedError{Reason: "the permissions to put back are not of the expected form"}
	}
	return list, nil
}

// number reads an ID in decimal.
func number(id reconcile.AccountID) (uint64, error) {
	n, err := strconv.ParseUint(string(id), 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != string(id) {
		return 0, &OptionsError{"account", strconv.Quote(string(id)) + " is not an ID of this server"}
	}
	return n, nil
}

// checkNumbers refuses a list with anything that is not an ID, or with one twice.
func checkNumbers(ids []reconcile.AccountID) error {
	seen := make(map[reconcile.AccountID]bool, len(ids))
	for _, id := range ids {
		if _, err := number(id); err != nil {
			return err
		}
		if seen[id] {
			return &OptionsError{"account", "the ID " + string(id) + " is listed twice"}
		}
		seen[id] = true
	}
	return nil
}
