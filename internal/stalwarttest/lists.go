package stalwarttest

import (
	"encoding/json"
	"slices"
)

// mailingList is an x:MailingList. Its recipients are plain addresses that no rename updates.
type mailingList struct {
	id          uint64
	key         address
	aliases     []address
	recipients  []string
	description *string
}

func (l *mailingList) addresses() []address { return append([]address{l.key}, l.aliases...) }

// AddMailingList makes a list; it panics if the domain is unknown or an address taken.
func (s *Server) AddMailingList(addr string, aliases, recipients []string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &mailingList{recipients: recipients}
	var ok bool
	if l.key, ok = s.parseAddress(addr); !ok {
		panic("stalwarttest: no such domain: " + addr)
	}
	for _, text := range aliases {
		key, ok := s.parseAddress(text)
		if !ok {
			panic("stalwarttest: no such domain: " + text)
		}
		l.aliases = append(l.aliases, key)
	}
	if _, taken := s.conflict(l.addresses(), owner{}); taken {
		panic("stalwarttest: address taken: " + addr)
	}
	s.nextList++
	l.id = s.nextList
	s.lists[l.id] = l
	s.claim(owner{"MailingList", l.id}, nil, l.addresses())
	return FormatID(l.id)
}

func (s *Server) listIDs() []uint64 {
	ids := make([]uint64, 0, len(s.lists))
	for id := range s.lists {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (c *call) listGet() (any, *methodError) {
	return c.getObjects(getter{all: c.s.listIDs, one: func(id uint64) map[string]any {
		l := c.s.lists[id]
		if l == nil {
			return nil
		}
		var aliases []alias
		for _, key := range l.aliases {
			aliases = append(aliases, alias{enabled: true, name: key.local, domain: key.domain})
		}
		return map[string]any{
			"id": FormatID(id), "name": l.key.local, "domainId": FormatID(l.key.domain),
			"emailAddress": c.s.emailAddress(l.key.local, l.key.domain), "aliases": aliasesJSON(aliases),
			"recipients": set(l.recipients), "description": text(l.description), "memberTenantId": nil,
		}
	}})
}

func (c *call) listQuery() (any, *methodError) {
	rows := make([]row, 0, len(c.s.lists))
	for _, id := range c.s.listIDs() {
		l := c.s.lists[id]
		rows = append(rows, row{id, func(property string) []string {
			switch property {
			case "name", "text":
				return []string{l.key.local}
			case "domainId":
				return []string{FormatID(l.key.domain)}
			}
			return nil
		}})
	}
	return c.queryObjects(rows, schema{filters: []string{"name", "text"}, idFilters: []string{"domainId"}, sorts: []string{"name"}})
}

func (c *call) listSet() (any, *methodError) {
	return c.setObjects(setter{object: "MailingList", update: c.listUpdate})
}

func (c *call) listUpdate(id uint64, patch object) map[string]any {
	l := c.s.lists[id]
	if l == nil {
		return notFound()
	}
	changed := *l
	for _, m := range patch {
		switch m.name {
		case "recipients":
			items, ok := setItems(m.value)
			if !ok {
				return invalidValue(m.name)
			}
			changed.recipients = items
		case "description":
			if json.Unmarshal(m.value, &changed.description) != nil {
				return invalidValue(m.name)
			}
		default:
			return invalidPatch("Invalid property", m.name)
		}
	}
	*l = changed
	return nil
}
