package stalwart

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// neverListed are permissions that the role of ordinary users has but
// /api/account does not list, not even for one who holds them (0.16.18).
var neverListed = map[string]bool{
	"jmapPrincipalChanges": true, "jmapPrincipalGet": true, "jmapPrincipalGetAvailability": true, "jmapPrincipalQuery": true,
	"jmapPrincipalQueryChanges": true, "sysAccountPasswordGet": true, "sysAccountPasswordUpdate": true,
}

// role is an x:Role.
type role struct {
	ID       string          `json:"id"`
	RoleIDs  map[string]bool `json:"roleIds"`
	Enabled  map[string]bool `json:"enabledPermissions"`
	Disabled map[string]bool `json:"disabledPermissions"`
}

func (r role) objectID() string { return r.ID }

// defaults is the x:Authentication singleton.
type defaults struct {
	ID          string          `json:"id"`
	UserRoleIDs map[string]bool `json:"defaultUserRoleIds"`
}

func (d defaults) objectID() string { return d.ID }

// roleCache keeps the permissions of the default role of users.
type roleCache struct {
	mu    sync.Mutex
	users map[string]bool
}

// userPermissions gives the permissions of the default role of users.
func (s *jmapServer) userPermissions(ctx context.Context) (map[string]bool, error) {
	s.roles.mu.Lock()
	defer s.roles.mu.Unlock()
	if s.roles.users != nil {
		return s.roles.users, nil
	}
	found, _, err := getObjects[defaults](ctx, s, "x:Authentication", []string{"singleton"}, []string{"id", "defaultUserRoleIds"})
	if err != nil {
		return nil, fmt.Errorf("read the default role of users: %w", err)
	}
	users, err := s.permissionsOf(ctx, found["singleton"].UserRoleIDs)
	if err != nil {
		return nil, err
	}
	s.roles.users = users
	return users, nil
}

// permissionsOf adds up roles, with the roles that they include.
func (s *jmapServer) permissionsOf(ctx context.Context, ids map[string]bool) (map[string]bool, error) {
	all := map[string]bool{}
	seen := map[string]bool{}
	open := slices.Sorted(maps.Keys(ids))
	for len(open) > 0 {
		roles, gone, err := getObjects[role](ctx, s, "x:Role", open, []string{"id", "roleIds", "enabledPermissions", "disabledPermissions"})
		if err != nil {
			return nil, fmt.Errorf("read roles: %w", err)
		}
		if len(gone) > 0 {
			return nil, fmt.Errorf("read roles: %w", &MalformedError{Reason: "an account has a role that does not exist"})
		}
		next := map[string]bool{}
		for _, id := range slices.Sorted(maps.Keys(roles)) {
			seen[id] = true
			for p, set := range roles[id].Enabled {
				// What a role disables is counted too: more is asked for, not less.
				all[p] = all[p] || set
			}
			maps.Copy(next, roles[id].RoleIDs)
		}
		maps.DeleteFunc(next, func(id string, set bool) bool { return !set || seen[id] })
		open = slices.Sorted(maps.Keys(next))
	}
	return all, nil
}

// proveSuspend takes the ability to suspend back unless the credentials hold
// all that an ordinary user has: the server lets nobody give back what he does
// not hold, so that the undo would fail.
func (s *jmapServer) proveSuspend(ctx context.Context) error {
	if !s.info.Can.Suspend {
		return nil
	}
	users, err := s.userPermissions(ctx)
	if f, ok := errors.AsType[*ForbiddenError](err); ok {
		s.cannotSuspend([]string{f.Permission})
		return nil
	}
	if err != nil {
		return err
	}
	if lacking := s.lacking(users); len(lacking) > 0 {
		s.cannotSuspend(lacking)
	}
	return nil
}

func (s *jmapServer) cannotSuspend(lacking []string) {
	s.info.Can.Suspend = false
	s.info.Missing = append(s.info.Missing, MissingPermissions{Ability: "suspend", Permissions: lacking})
	slices.SortFunc(s.info.Missing, func(a, b MissingPermissions) int { return cmp.Compare(a.Ability, b.Ability) })
}

// lacking gives the permissions of a target that are not held, sorted.
func (s *jmapServer) lacking(target map[string]bool) []string {
	need := make([]string, 0, len(target))
	for p, set := range target {
		if set && !neverListed[p] {
			need = append(need, p)
		}
	}
	return lackingOf(s.permissions, need)
}
