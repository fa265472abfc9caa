package stalwarttest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

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
		if key, ok := c.s.parseAddress(text); !c.s.ownsAddress(a, text, key, ok) {
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

// ownsAddress tells whether an identity with this address may be made.
func (s *Server) ownsAddress(a *account, text string, key address, parsed bool) bool {
	if s.rest != nil {
		row := s.rest.byID[a.id]
		return row != nil && slices.Contains(row.emails, text) && !strings.HasSuffix(text, ".test")
	}
	return parsed && s.resolve(key) == a
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
