package stalwart

import (
	"encoding/json"
	"strings"
)

// rights is the property "permissions" of an account: Inherit, Merge or
// Replace, with what is added to and taken from the roles.
type rights struct {
	Type     string          `json:"@type"`
	Enabled  map[string]bool `json:"enabledPermissions"`
	Disabled map[string]bool `json:"disabledPermissions"`
}

// parseRights reads the property.
func parseRights(raw json.RawMessage) (rights, error) {
	var r rights
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, &MalformedError{Reason: "the permissions of an account are not of the expected form"}
	}
	switch r.Type {
	case "Inherit", "Merge", "Replace":
		return r, nil
	}
	return r, &MalformedError{Reason: "the permissions of an account are of an unknown type"}
}

// deniesLogin tells whether the permission to log in, which every role of users
// has, is taken away.
func (r rights) deniesLogin() bool {
	const permission = "authenticate"
	switch r.Type {
	case "Merge":
		return r.Disabled[permission]
	case "Replace":
		return !r.Enabled[permission] || r.Disabled[permission]
	}
	return false
}

// without gives the rights with a permission taken away.
func (r rights) without(permission string) rights {
	out := rights{Type: r.Type, Enabled: map[string]bool{}, Disabled: map[string]bool{permission: true}}
	if r.Type == "Inherit" {
		out.Type = "Merge"
		return out
	}
	for p, set := range r.Enabled {
		if set && p != permission {
			out.Enabled[p] = true
		}
	}
	for p, set := range r.Disabled {
		if set {
			out.Disabled[p] = true
		}
	}
	return out
}

// selfService are the registry objects that the role of ordinary users may
// manage, each for itself.
var selfService = []string{
	"AccountPassword", "AccountSettings", "ApiKey", "AppPassword", "ArchivedItem", "MaskedEmail", "PublicKey", "SpamTrainingSample",
}

// administrative tells whether a permission was added that makes a user an
// administrator in effect, whatever the role is called.
func (r rights) administrative() bool {
	if r.Type == "Inherit" {
		return false
	}
	for p, set := range r.Enabled {
		if set && !r.Disabled[p] && isAdministrative(p) {
			return true
		}
	}
	return false
}

func isAdministrative(permission string) bool {
	if permission == "impersonate" || strings.HasPrefix(permission, "task") || strings.HasPrefix(permission, "action") {
		return true
	}
	object, ok := strings.CutPrefix(permission, "sys")
	if !ok {
		return false
	}
	for _, own := range selfService {
		if strings.HasPrefix(object, own) {
			return false
		}
	}
	return true
}
