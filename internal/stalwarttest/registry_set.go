package stalwarttest

import (
	"encoding/json"
)

// setter runs the operations of one /set. Each function gives nil for success, or a SetError.
type setter struct {
	object  string // for the permission names
	prefix  string // of the permission names; "sys" if empty
	create  func(key string, value json.RawMessage) (created, fail map[string]any)
	update  func(id uint64, patch object) map[string]any
	destroy func(id uint64) map[string]any
}

// setResult collects the members of a /set answer; empty ones are left out.
type setResult struct {
	body map[string]any
}

func (r *setResult) put(memberName, key string, value any) {
	m, ok := r.body[memberName].(map[string]any)
	if !ok {
		m = map[string]any{}
		r.body[memberName] = m
	}
	m[key] = value
}

// setObjects is the standard /set: creates, then updates in the order of the JSON object, then destroys in list order.
// Nothing is undone when a later one fails. Unparsable ids are dropped without a word.
func (c *call) setObjects(st setter) (any, *methodError) {
	var create, update object
	var destroy []string
	for name, target := range map[string]any{"create": &create, "update": &update, "destroy": &destroy} {
		if fail := c.decode(name, target); fail != nil {
			return nil, fail
		}
	}
	if st.prefix == "" {
		st.prefix = "sys"
	}
	if fail := c.writePermissions(st.prefix+st.object, len(create), len(update), len(destroy)); fail != nil {
		return nil, fail
	}
	if len(create)+len(update)+len(destroy) > c.s.opt.MaxObjects {
		return nil, errTooLarge
	}
	result := &setResult{body: map[string]any{"accountId": FormatID(c.account)}}
	c.runCreates(st, create, result)
	c.runUpdates(st, update, destroy, result)
	c.runDestroys(st, destroy, result)
	return result.body, nil
}

func (c *call) runCreates(st setter, create object, result *setResult) {
	for _, m := range create {
		created, fail := map[string]any(nil), map[string]any{"type": "forbidden"}
		if st.create != nil {
			created, fail = st.create(m.name, m.value)
		}
		c.record(st.object, "create", m.name, m.value, fail)
		if fail != nil {
			result.put("notCreated", m.name, fail)
			continue
		}
		result.put("created", m.name, created)
	}
}

func (c *call) runUpdates(st setter, update object, destroy []string, result *setResult) {
	for _, m := range update {
		id, ok := ParseID(m.name)
		if !ok {
			continue
		}
		var patch object
		fail := map[string]any{"type": "invalidPatch", "description": "Invalid patch"}
		switch {
		case contains(destroy, m.name):
			fail = map[string]any{"type": "willDestroy", "description": "ID will be destroyed."}
		case json.Unmarshal(m.value, &patch) == nil && st.update != nil:
			fail = st.update(id, patch)
		}
		c.record(st.object, "update", m.name, m.value, fail)
		if fail != nil {
			result.put("notUpdated", m.name, fail)
			continue
		}
		result.put("updated", m.name, nil)
	}
}

func (c *call) runDestroys(st setter, destroy []string, result *setResult) {
	for _, text := range destroy {
		id, ok := ParseID(text)
		if !ok {
			continue
		}
		fail := map[string]any{"type": "forbidden"}
		if st.destroy != nil {
			fail = st.destroy(id)
		}
		c.record(st.object, "destroy", text, nil, fail)
		if fail != nil {
			result.put("notDestroyed", text, fail)
			continue
		}
		destroyed, _ := result.body["destroyed"].([]string)
		result.body["destroyed"] = append(destroyed, text)
	}
}

// writePermissions refuses a whole call that contains an operation without permission.
func (c *call) writePermissions(prefix string, creates, updates, destroys int) *methodError {
	create, update, destroy := c.who.may(prefix+"Create"), c.who.may(prefix+"Update"), c.who.may(prefix+"Destroy")
	deny := func(verb string) *methodError {
		return &methodError{"forbidden", "You are not authorized to " + verb + " objects of this type"}
	}
	switch {
	case !create && !update && !destroy:
		return deny("create, update or destroy")
	case creates > 0 && !create:
		return deny("create")
	case updates > 0 && !update:
		return deny("update")
	case destroys > 0 && !destroy:
		return deny("destroy")
	}
	return nil
}

// SetErrors that several objects use.
func notFound() map[string]any { return map[string]any{"type": "notFound"} }

func invalidPatch(description, property string) map[string]any {
	return map[string]any{"type": "invalidPatch", "description": description, "properties": []string{property}}
}

func invalidValue(property string) map[string]any {
	return invalidPatch("Invalid value for property.", property)
}
