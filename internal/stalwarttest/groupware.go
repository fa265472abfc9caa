package stalwarttest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// itemKind gives the type that a call is about, such as "ContactCard".
func (c *call) itemKind() string {
	kind, _, _ := strings.Cut(c.name, "/")
	return kind
}

// itemsOf gives the objects of a type, after making what the server makes at first access. An id without account gets
// serverUnavailable, which looks temporary and is permanent; only Sieve scripts come as an empty list.
func (c *call) itemsOf(kind string) (*account, []*item, *methodError) {
	a := c.s.accounts[c.account]
	if a == nil {
		c.s.log.deadAccesses++
		if kind == "SieveScript" {
			return nil, nil, nil
		}
		return nil, nil, errUnavailable
	}
	address := c.s.emailAddress(a.name, a.domain)
	switch kind {
	case "Identity":
		c.s.synchronizeIdentities(a)
	case "AddressBook":
		a.store.ensure(kind, map[string]any{"name": "Stalwart Address Book (" + address + ")", "description": nil,
			"sortOrder": 0, "isDefault": true, "isSubscribed": false, "myRights": rights("mayRead", "mayWrite", "mayDelete", "mayShare")})
	case "Calendar":
		a.store.ensure(kind, map[string]any{"name": "Stalwart Calendar (" + address + ")", "description": nil, "color": nil,
			"timeZone": nil, "sortOrder": 0, "isDefault": true, "isSubscribed": true, "myRights": rights("mayReadFreeBusy",
				"mayReadItems", "mayWriteAll", "mayWriteOwn", "mayUpdatePrivate", "mayRSVP", "mayShare", "mayDelete")})
	}
	return a, a.store.items[kind], nil
}

func rights(names ...string) map[string]bool { return set(names) }

// ensure makes the default object of a type if there is none.
func (st *mailStore) ensure(kind string, value map[string]any) {
	if len(st.items[kind]) == 0 {
		st.addItem(kind, value)
	}
}

func (st *mailStore) addItem(kind string, value map[string]any) *item {
	st.nextItem[kind]++
	it := &item{id: st.nextItem[kind], value: value}
	st.items[kind] = append(st.items[kind], it)
	st.changes++
	return it
}

func (it *item) json() map[string]any {
	full := maps.Clone(it.value)
	full["id"] = FormatID(it.id)
	if it.blob != "" {
		full["blobId"] = it.blob
	}
	return full
}

func (c *call) itemGet() (any, *methodError) {
	a, items, fail := c.itemsOf(c.itemKind())
	if fail != nil {
		return nil, fail
	}
	state, ids, byID := "n", []uint64{}, map[uint64]*item{}
	if a != nil {
		state = a.store.state()
	}
	for _, it := range items {
		ids = append(ids, it.id)
		byID[it.id] = it
	}
	return c.listObjects(state, ids, func(id uint64) map[string]any {
		if it := byID[id]; it != nil {
			return it.json()
		}
		return nil
	})
}

func (c *call) itemQuery() (any, *methodError) {
	a, items, fail := c.itemsOf(c.itemKind())
	if fail != nil {
		return nil, fail
	}
	state, ids := "n", []uint64{}
	if a != nil {
		state = a.store.state()
	}
	for _, it := range items {
		ids = append(ids, it.id)
	}
	return c.pageIDs(state, ids)
}

func (c *call) itemSet() (any, *methodError) {
	kind := c.itemKind()
	a, fail := c.living()
	if fail != nil {
		return nil, fail
	}
	if _, _, fail := c.itemsOf(kind); fail != nil {
		return nil, fail
	}
	body, fail := c.mailSet(setter{
		object: kind,
		create: func(_ string, value json.RawMessage) (map[string]any, map[string]any) {
			return c.createItem(a, kind, value)
		},
		update: func(id uint64, patch object) map[string]any { return c.updateItem(a, kind, id, patch) },
		destroy: func(id uint64) map[string]any {
			i := slices.IndexFunc(a.store.items[kind], func(it *item) bool { return it.id == id })
			if i < 0 {
				return notFound()
			}
			c.s.blobs.release(a.store.items[kind][i].blob)
			a.store.items[kind] = slices.Delete(a.store.items[kind], i, i+1)
			a.store.changes++
			return nil
		},
	}, a.store.state)
	if fail == nil && kind == "SieveScript" {
		c.activateScript(a, body)
	}
	return body, fail
}

func (c *call) createItem(a *account, kind string, raw json.RawMessage) (created, fail map[string]any) {
	value := map[string]any{}
	if json.Unmarshal(raw, &value) != nil {
		return nil, map[string]any{"type": "invalidProperties", "description": "Invalid value."}
	}
	switch kind {
	case "SieveScript":
		value["isActive"] = false
	case "Identity":
		text, _ := value["email"].(string)
		if key, ok := c.s.parseAddress(text); !ok || c.s.resolve(key) != a {
			return nil, invalidProperties("email", "E-mail address not configured for this account.")
		}
	case "FileNode":
		value["nodeType"] = map[bool]string{true: "file", false: "directory"}[value["blobId"] != nil]
	}
	data, fail := c.contentOf(value)
	if fail != nil {
		return nil, fail
	}
	it := a.store.addItem(kind, value)
	created = map[string]any{"id": FormatID(it.id)}
	if data != nil {
		c.s.link(a, kind, it, data)
		created["blobId"] = it.blob
	}
	return created, nil
}

// contentOf takes the blob that a script or file refers to out of the value.
func (c *call) contentOf(value map[string]any) ([]byte, map[string]any) {
	id, isText := value["blobId"].(string)
	if !isText {
		return nil, nil
	}
	data, from, found := c.s.blobs.find(id)
	if !found || !c.s.mayOpen(c.who, from) {
		return nil, map[string]any{"type": "blobNotFound", "description": "BlobId " + id + " not found."}
	}
	delete(value, "blobId")
	return data, nil
}

func (s *Server) link(a *account, kind string, it *item, data []byte) {
	it.blob = s.blobs.use(data, link{a.id, strings.ToLower(kind[:1]) + FormatID(it.id)})
	it.size = len(data)
	if kind == "FileNode" {
		it.value["size"] = len(data)
	}
}

func (c *call) updateItem(a *account, kind string, id uint64, patch object) map[string]any {
	i := slices.IndexFunc(a.store.items[kind], func(it *item) bool { return it.id == id })
	if i < 0 {
		return notFound()
	}
	it := a.store.items[kind][i]
	changed := maps.Clone(it.value)
	for _, m := range patch {
		var value any
		if strings.Contains(m.name, "/") || json.Unmarshal(m.value, &value) != nil {
			return invalidProperties(m.name, "Invalid property or value.")
		}
		changed[m.name] = value
	}
	data, fail := c.contentOf(changed)
	if fail != nil {
		return fail
	}
	it.value = changed
	if data != nil {
		c.s.blobs.release(it.blob)
		c.s.link(a, kind, it, data)
	}
	a.store.changes++
	return nil
}

// activateScript does onSuccessActivateScript: an id, or "#" and a creation id of the same call.
func (c *call) activateScript(a *account, body any) {
	var wanted string
	if c.decode("onSuccessActivateScript", &wanted) != nil || wanted == "" {
		return
	}
	if key, isCreation := strings.CutPrefix(wanted, "#"); isCreation {
		full, _ := body.(map[string]any)
		created, _ := full["created"].(map[string]any)
		entry, _ := created[key].(map[string]any)
		wanted, _ = entry["id"].(string)
	}
	for _, it := range a.store.items["SieveScript"] {
		it.value["isActive"] = FormatID(it.id) == wanted
	}
}

// synchronizeIdentities does what Identity/get does since 0.16.18: it makes an identity for each address of the account
// and its groups, and deletes those whose address leads elsewhere, with their signatures.
func (s *Server) synchronizeIdentities(a *account) {
	var wanted []string
	for _, id := range append(slices.Clone(a.groups), a.id) {
		if of := s.accounts[id]; of != nil {
			wanted = append(wanted, s.spellings(of)...)
		}
	}
	st := &a.store
	st.items["Identity"] = slices.DeleteFunc(st.items["Identity"], func(it *item) bool {
		email, _ := it.value["email"].(string)
		return !slices.Contains(wanted, email)
	})
	name := a.name
	if a.description != nil {
		name = *a.description
	}
	for _, email := range wanted {
		if !slices.ContainsFunc(st.items["Identity"], func(it *item) bool { return it.value["email"] == email }) {
			st.addItem("Identity", map[string]any{"name": name, "email": email, "replyTo": nil, "bcc": nil,
				"textSignature": "", "htmlSignature": "", "mayDelete": true})
		}
	}
}

// spellings gives every address of an account, with all domain aliases.
func (s *Server) spellings(a *account) []string {
	var out []string
	for _, key := range a.addresses() {
		d := s.domainByID(key.domain)
		if d == nil {
			continue
		}
		for _, name := range append([]string{d.name}, d.aliases...) {
			out = append(out, key.local+"@"+name)
		}
	}
	return out
}

// AddContact puts a contact card into the default address book.
func (s *Server) AddContact(id AccountID, name string) {
	s.addGroupware(id, "AddressBook", "ContactCard", map[string]any{"@type": "Card", "version": "1.0", "kind": "individual",
		"name": map[string]any{"full": name}, "addressBookIds": map[string]bool{"b": true}})
}

// AddEvent puts an event into the default calendar; start is a local date-time such as 2026-12-01T10:00:00.
func (s *Server) AddEvent(id AccountID, title, start string) {
	s.addGroupware(id, "Calendar", "CalendarEvent", map[string]any{"@type": "Event", "title": title, "start": start,
		"duration": "PT1H", "timeZone": "Etc/UTC", "uid": strings.Join(words(title), ".") + "@example.test",
		"updated": s.now(), "calendarIds": map[string]bool{"b": true}, "isDraft": false, "isOrigin": true})
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
	it := a.store.addItem("FileNode", map[string]any{"parentId": nil, "nodeType": "file", "target": nil, "name": name,
		"type": "text/plain", "created": now, "modified": now, "accessed": now, "changed": now, "executable": false,
		"isSubscribed": true, "shareWith": map[string]any{}, "role": nil, "myRights": rights("mayRead", "mayAddChildren",
			"mayRename", "mayDelete", "mayModifyContent", "mayShare")})
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

// SetSignature sets the text signature of the identity with this address, making the identities first.
func (s *Server) SetSignature(id AccountID, email, signature string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mustAccount(id)
	s.synchronizeIdentities(a)
	for _, it := range a.store.items["Identity"] {
		if it.value["email"] == email {
			it.value["textSignature"] = signature
		}
	}
}
