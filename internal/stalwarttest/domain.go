package stalwarttest

import (
	"slices"
	"strings"
)

// domain is an x:Domain.
type domain struct {
	id      uint64
	name    string
	aliases []string
	created string
}

// AddDomain makes a domain and gives its id.
func (s *Server) AddDomain(name string, aliases ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextDomain++
	s.domains = append(s.domains, &domain{id: s.nextDomain, name: name, aliases: aliases, created: s.now()})
	return FormatID(s.nextDomain)
}

// RemoveDomain takes a domain away; accounts in it stay, with an address that leads nowhere.
func (s *Server) RemoveDomain(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.domains = slices.DeleteFunc(s.domains, func(d *domain) bool { return d.name == name })
}

func (s *Server) domainByName(name string) *domain {
	for _, d := range s.domains {
		if d.name == name || slices.Contains(d.aliases, name) {
			return d
		}
	}
	return nil
}

func (s *Server) domainByID(id uint64) *domain {
	for _, d := range s.domains {
		if d.id == id {
			return d
		}
	}
	return nil
}

func (d *domain) json() map[string]any {
	manual := map[string]any{"@type": "Manual"}
	return map[string]any{
		"id": FormatID(d.id), "name": d.name, "aliases": set(d.aliases), "isEnabled": true, "createdAt": d.created,
		"description": nil, "logo": nil, "certificateManagement": manual, "dkimManagement": manual,
		"dnsManagement": manual, "memberTenantId": nil, "directoryId": nil, "catchAllAddress": nil,
		"subAddressing": map[string]any{"@type": "Enabled"}, "allowRelaying": false,
		"reportAddressUri": "mailto:postmaster", "dnsZoneFile": d.name + ". IN MX 10 mail." + d.name + ".\n",
	}
}

func (c *call) domainGet() (any, *methodError) {
	return c.getObjects(getter{
		all: func() []uint64 {
			ids := make([]uint64, 0, len(c.s.domains))
			for _, d := range c.s.domains {
				ids = append(ids, d.id)
			}
			return ids
		},
		one: func(id uint64) map[string]any {
			if d := c.s.domainByID(id); d != nil {
				return d.json()
			}
			return nil
		},
	})
}

func (c *call) domainQuery() (any, *methodError) {
	rows := make([]row, 0, len(c.s.domains))
	for _, d := range c.s.domains {
		rows = append(rows, row{id: d.id, values: func(property string) []string {
			switch property {
			case "name":
				return []string{d.name}
			case "text":
				return append([]string{d.name}, d.aliases...)
			}
			return nil
		}})
	}
	return c.queryObjects(rows, schema{filters: []string{"name", "text"}, sorts: []string{"name"}})
}

// set is the JSON form of a set: an object of true values.
func set(items []string) map[string]bool {
	out := make(map[string]bool, len(items))
	for _, item := range items {
		out[item] = true
	}
	return out
}

// words splits text as the server's word index does, in lower case.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127)
	})
}
