package stalwarttest

import (
	"maps"
	"slices"
	"strconv"
)

func (c *call) accountGet() (any, *methodError) {
	return c.getObjects(getter{
		all: func() []uint64 { return c.s.order },
		one: func(id uint64) map[string]any {
			if a := c.s.accounts[id]; a != nil {
				return c.s.accountJSON(a)
			}
			return nil
		},
	})
}

// accountJSON gives all properties of an account, with null for unset ones.
func (s *Server) accountJSON(a *account) map[string]any {
	full := map[string]any{
		"id": FormatID(a.id), "@type": a.kind, "name": a.name, "domainId": FormatID(a.domain),
		"emailAddress": s.emailAddress(a.name, a.domain), "createdAt": a.created, "aliases": aliasesJSON(a.aliases),
		"description": text(a.description), "memberTenantId": nil, "roles": map[string]any{"@type": a.role()},
		"permissions": a.permissions.json(), "quotas": quotasJSON(a.quotas), "usedDiskQuota": a.store.used(),
		"locale": a.locale, "timeZone": text(a.timeZone),
	}
	if a.kind == "User" {
		full["credentials"] = credentialsJSON(a.credentials)
		full["memberGroupIds"] = set(formatIDs(a.groups))
		full["encryptionAtRest"] = map[string]any{"@type": "Disabled"}
	}
	return full
}

func (a *account) role() string {
	switch {
	case a.kind == "Group":
		return "Default"
	case a.admin:
		return "Admin"
	}
	return "User"
}

func text(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

// aliasesJSON gives the list in the server's form: an object keyed by "0", "1" and so on.
func aliasesJSON(aliases []alias) map[string]any {
	out := map[string]any{}
	for i, al := range aliases {
		out[strconv.Itoa(i)] = map[string]any{
			"enabled": al.enabled, "name": al.name,
			"domainId": FormatID(al.domain), "description": text(al.description),
		}
	}
	return out
}

func quotasJSON(quotas map[string]uint64) map[string]uint64 {
	out := map[string]uint64{}
	maps.Copy(out, quotas)
	return out
}

func (c *call) accountQuery() (any, *methodError) {
	ids := c.candidates()
	rows := make([]row, 0, len(ids))
	for _, id := range ids {
		rows = append(rows, row{id, c.s.accounts[id].indexed})
	}
	return c.queryObjects(rows, schema{
		filters:   []string{"name", "@type", "text"},
		idFilters: []string{"domainId", "memberGroupIds", "memberTenantId"},
		properties: []string{
			"emailAddress", "aliases", "createdAt", "description", "credentials", "roles",
			"permissions", "quotas", "usedDiskQuota", "locale", "timeZone", "encryptionAtRest", "id",
		},
		sorts: []string{"name", "domainId"},
	})
}

// candidates gives a superset of the accounts that a query can answer: of a look-up by name and domain the one that has
// the address. It only saves time on big servers.
func (c *call) candidates() []uint64 {
	var filter struct {
		Name     string
		DomainID string `json:"domainId"`
	}
	if c.decode("filter", &filter) != nil || filter.Name == "" {
		return c.s.order
	}
	domain, ok := ParseID(filter.DomainID)
	if !ok {
		return c.s.order
	}
	if o := c.s.keys[address{filter.Name, domain}]; o.object == "Account" {
		return []uint64{o.id}
	}
	return nil
}

// indexed gives the values by which an account can be found. Aliases are not indexed under name, only as text.
func (a *account) indexed(property string) []string {
	switch property {
	case "name":
		return []string{a.name}
	case "@type":
		return []string{a.kind}
	case "domainId":
		return []string{FormatID(a.domain)}
	case "memberGroupIds":
		return formatIDs(a.groups)
	case "text":
		values := []string{a.name}
		for _, al := range a.aliases {
			values = append(values, al.name)
		}
		if a.description != nil {
			values = append(values, *a.description)
		}
		return slices.Clip(values)
	}
	return nil
}
