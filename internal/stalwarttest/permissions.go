package stalwarttest

import (
	"fmt"
	"slices"
	"strings"
)

// permissionSet is the property `permissions` of an account: Inherit, Merge or Replace.
type permissionSet struct {
	kind     string
	enabled  []string
	disabled []string
}

func (p permissionSet) json() map[string]any {
	if p.kind == "Inherit" {
		return map[string]any{"@type": "Inherit"}
	}
	return map[string]any{"@type": p.kind, "enabledPermissions": set(p.enabled), "disabledPermissions": set(p.disabled)}
}

var (
	userPermissions  = set(userRole)
	knownPermissions = set(slices.Concat(userRole, adminOnly))
)

// may tells whether the account holds a permission, by its role and its own list.
func (a *account) may(permission string) bool {
	return a.permissions.allow(permission, a.roleAllows(permission))
}

func (a *account) roleAllows(permission string) bool {
	return a.admin || a.kind == "User" && userPermissions[permission]
}

func (p permissionSet) allow(permission string, role bool) bool {
	if slices.Contains(p.disabled, permission) {
		return false
	}
	return p.kind != "Replace" && role || slices.Contains(p.enabled, permission)
}

// token is who sends a request and what it may do.
type token struct {
	account    *account // nil: the recovery administrator
	restricted bool     // allowed is the limit
	allowed    map[string]bool
}

func (t *token) id() uint64 {
	if t.account == nil {
		return recoveryAdminID
	}
	return t.account.id
}

func (t *token) may(permission string) bool {
	if t.account == nil {
		return true
	}
	return (!t.restricted || t.allowed[permission]) && t.account.may(permission)
}

// list gives the permissions as /api/account shows them.
func (t *token) list() []string {
	var names []string
	for _, name := range slices.Concat(userRole, adminOnly) {
		hidden := t.account != nil && !t.account.admin && slices.Contains(hiddenFromUsers, name)
		if t.may(name) && !hidden {
			names = append(names, name)
		}
	}
	return names
}

// notGranted lists the permissions that the account would have but the caller does not: a change of permissions is
// refused then, even one that only takes permissions away.
func (t *token) notGranted(target *account, wanted permissionSet) []string {
	var missing []string
	for _, name := range slices.Concat(userRole, adminOnly) {
		if wanted.allow(name, target.roleAllows(name)) && !t.may(name) {
			missing = append(missing, name)
		}
	}
	return missing
}

func grantRefusal(missing []string) map[string]any {
	text := strings.Join(missing[:min(5, len(missing))], ", ")
	if len(missing) > 5 {
		text += fmt.Sprintf(" and %d more", len(missing)-5)
	}
	return map[string]any{"type": "forbidden", "description": "You are not authorized to grant permissions: " + text}
}
