package stalwarttest

import (
	"strings"
)

// AddContact puts a contact card into the default address book.
func (s *Server) AddContact(id AccountID, name string) {
	s.addGroupware(id, "AddressBook", "ContactCard", map[string]any{
		"@type": "Card", "version": "1.0", "kind": "individual",
		"name": map[string]any{"full": name}, "addressBookIds": map[string]bool{"b": true},
	})
}

// AddEvent puts an event into the default calendar; start is a local date-time such as 2026-12-01T10:00:00.
func (s *Server) AddEvent(id AccountID, title, start string) {
	s.addGroupware(id, "Calendar", "CalendarEvent", map[string]any{
		"@type": "Event", "title": title, "start": start,
		"duration": "PT1H", "timeZone": "Etc/UTC", "uid": strings.Join(words(title), ".") + "@example.test",
		"updated": s.now(), "calendarIds": map[string]bool{"b": true}, "isDraft": false, "isOrigin": true,
	})
}

func (s *Server) addGroupware(id AccountID, container, kind string, value map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mustAccount(id)
	c := &call{s: s, account: a.id}
	if _, _, fail := c.itemsOf(container); fail == nil {
		a.store.addItem(kind, value)
	}
}

// AddFile stores a file at the top of the account's file storage.
func (s *Server) AddFile(id AccountID, name string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, now := s.mustAccount(id), s.now()
	it := a.store.addItem("FileNode", map[string]any{
		"parentId": nil, "nodeType": "file", "target": nil, "name": name,
		"type": "text/plain", "created": now, "modified": now, "accessed": now, "changed": now, "executable": false,
		"isSubscribed": true, "shareWith": map[string]any{}, "role": nil, "myRights": rights("mayRead", "mayAddChildren",
			"mayRename", "mayDelete", "mayModifyContent", "mayShare"),
	})
	s.link(a, "FileNode", it, content)
}

// AddSieve stores a Sieve script.
func (s *Server) AddSieve(id AccountID, name, script string, active bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mustAccount(id)
	it := a.store.addItem("SieveScript", map[string]any{"name": name, "isActive": active})
	s.link(a, "SieveScript", it, []byte(script))
}
