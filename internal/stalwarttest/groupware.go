package stalwarttest

import (
	"maps"
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
	if a == nil && c.s.rest != nil {
		a = c.restDead()
	}
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
		if c.s.rest != nil {
			c.s.restIdentities(a)
		} else {
			c.s.synchronizeIdentities(a)
		}
	case "AddressBook":
		a.store.ensure(kind, map[string]any{
			"name": "Stalwart Address Book (" + address + ")", "description": nil,
			"sortOrder": 0, "isDefault": true, "isSubscribed": false, "myRights": rights("mayRead", "mayWrite", "mayDelete", "mayShare"),
		})
	case "Calendar":
		a.store.ensure(kind, map[string]any{
			"name": "Stalwart Calendar (" + address + ")", "description": nil, "color": nil,
			"timeZone": nil, "sortOrder": 0, "isDefault": true, "isSubscribed": true, "myRights": rights("mayReadFreeBusy",
				"mayReadItems", "mayWriteAll", "mayWriteOwn", "mayUpdatePrivate", "mayRSVP", "mayShare", "mayDelete"),
		})
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
	properties, fail := c.properties()
	if fail != nil {
		return nil, fail
	}
	if c.itemKind() == "CalendarEvent" && c.cold() && (properties == nil || contains(properties, "isOrigin")) {
		return nil, errUnavailable
	}
	return c.listObjects(state, ids, func(id uint64) map[string]any {
		if it := byID[id]; it != nil {
			full := it.json()
			if c.s.rest != nil && properties == nil && c.itemKind() == "FileNode" {
				delete(full, "blobId") // given only when asked for
			}
			return full
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
