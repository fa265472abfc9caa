package stalwart

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"syncagent/internal/reconcile"
)

// accountProperties are the properties that accounts are read with.
var accountProperties = []string{
	"id", "@type", "name", "domainId", "emailAddress", "aliases", "createdAt", "usedDiskQuota", "roles", "permissions",
}

// account is an x:Account as the server shows it.
type account struct {
	ID            string           `json:"id"`
	Type          string           `json:"@type"`
	Name          string           `json:"name"`
	DomainID      string           `json:"domainId"`
	EmailAddress  string           `json:"emailAddress"`
	Aliases       map[string]alias `json:"aliases"`
	CreatedAt     time.Time        `json:"createdAt"`
	UsedDiskQuota *int64           `json:"usedDiskQuota"`
	Roles         *roles           `json:"roles"`
	Permissions   json.RawMessage  `json:"permissions"`
}

// alias is one further address of an account.
type alias struct {
	Enabled     bool    `json:"enabled"`
	Name        string  `json:"name"`
	DomainID    string  `json:"domainId"`
	Description *string `json:"description"`
}

// roles are the roles of an account; RoleIDs only with the type "Custom".
type roles struct {
	Type    string          `json:"@type"`
	RoleIDs map[string]bool `json:"roleIds"`
}

func (a account) objectID() string { return a.ID }

// value turns a server account into the domain value. An account that lacks
// what every account has is an error: the answer is not believed.
func (s *jmapServer) value(ctx context.Context, a account) (reconcile.Account, error) {
	if a.Name == "" || a.DomainID == "" || a.Aliases == nil || len(a.Permissions) == 0 || a.CreatedAt.IsZero() {
		return reconcile.Account{}, &MalformedError{Reason: fmt.Sprintf("account %q lacks a property that every account has", a.ID)}
	}
	home, err := s.domainName(ctx, a.DomainID)
	if err != nil {
		return reconcile.Account{}, err
	}
	rights, err := parseRights(a.Permissions)
	if err != nil {
		return reconcile.Account{}, fmt.Errorf("account %q: %w", a.ID, err)
	}
	v := reconcile.Account{
		ID: reconcile.AccountID(a.ID), Name: strings.ToLower(a.Name) + "@" + home, Kind: kindOf(a, rights),
		Created: a.CreatedAt.UTC(), Suspended: rights.deniesLogin(), Access: string(a.Permissions), UsedBytes: -1,
	}
	if a.UsedDiskQuota != nil {
		v.UsedBytes = *a.UsedDiskQuota
	}
	for _, alias := range a.Aliases {
		domain, err := s.domainName(ctx, alias.DomainID)
		if err != nil {
			return reconcile.Account{}, err
		}
		if address := strings.ToLower(alias.Name) + "@" + domain; address != v.Name {
			v.Addresses = append(v.Addresses, address)
		}
	}
	slices.Sort(v.Addresses)
	v.Addresses = slices.Compact(v.Addresses)
	return v, nil
}

// kindOf protects what is not proven to be an ordinary user: groups, the roles
// "Admin" and "Custom", and users who were given administrative permissions.
func kindOf(a account, r rights) reconcile.Kind {
	switch {
	case a.Type == "Group":
		return reconcile.KindGroup
	case a.Type != "User" || a.Roles == nil:
		return reconcile.KindUnknown
	case a.Roles.Type == "Admin" || r.administrative():
		return reconcile.KindAdmin
	case a.Roles.Type == "User":
		return reconcile.KindIndividual
	}
	return reconcile.KindUnknown
}

// aliasList is a list as the server encodes it: an object with the keys "0",
// "1" … in order.
type aliasList []alias

// MarshalJSON keeps the order of the list.
func (l aliasList) MarshalJSON() ([]byte, error) {
	var o ordered
	for i, a := range l {
		o = append(o, member{strconv.Itoa(i), a})
	}
	return o.MarshalJSON()
}

// ordered is a JSON object whose members keep their order: the server carries
// out updates in that order (measured on 0.16.18).
type ordered []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in order.
func (o ordered) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		key, err := encodeJSON(m.key)
		if err != nil {
			return nil, err
		}
		value, err := encodeJSON(m.value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, key...), ':'), value...)
	}
	return append(out, '}'), nil
}
