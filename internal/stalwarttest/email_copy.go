package stalwarttest

import (
	"encoding/json"
	"slices"
)

// emailCopy copies between accounts. Creation ids outside the id alphabet are dropped without a word.
func (c *call) emailCopy() (any, *methodError) {
	var fromText string
	var create object
	var destroy bool
	for name, target := range map[string]any{"fromAccountId": &fromText, "create": &create, "onSuccessDestroyOriginal": &destroy} {
		if fail := c.decode(name, target); fail != nil {
			return nil, fail
		}
	}
	from, ok := ParseID(fromText)
	if !ok {
		return nil, &methodError{"fromAccountNotFound", "The fromAccountId does not correspond to a valid account"}
	}
	if from == c.account {
		return nil, invalidArguments("From accountId is equal to fromAccountId")
	}
	if !c.s.mayOpen(c.who, from) {
		return nil, &methodError{"forbidden", "You do not have access to account " + fromText}
	}
	a, fail := c.living()
	if fail != nil {
		return nil, fail
	}
	result := &setResult{body: map[string]any{"accountId": FormatID(c.account), "fromAccountId": fromText, "oldState": a.store.state()}}
	var copied []uint64
	for _, m := range create {
		if _, ok := ParseID(m.name); !ok {
			continue
		}
		created, source, fail := c.copyOne(a, from, m)
		c.record("Email", "copy", m.name, m.value, fail)
		if fail != nil {
			result.put("notCreated", m.name, fail)
			continue
		}
		copied = append(copied, source)
		result.put("created", m.name, created)
	}
	result.body["newState"] = a.store.state()
	if !destroy {
		return result.body, nil
	}
	return []answer{{"Email/copy", result.body, ""}, c.destroyCopied(from, copied)}, nil
}

func (c *call) copyOne(a *account, from uint64, m member) (created map[string]any, source uint64, fail map[string]any) {
	missing := map[string]any{"type": "notFound", "description": "Item " + m.name + " not found in account " + FormatID(from) + "."}
	var in incoming
	if json.Unmarshal(m.value, &in) != nil {
		return nil, 0, invalidProperties("id", "Invalid value.")
	}
	src := c.s.accounts[from]
	id, ok := ParseID(in.ID)
	if src == nil || !ok {
		return nil, 0, missing
	}
	i := slices.IndexFunc(src.store.mails, func(have *mail) bool { return have.id == id })
	if i < 0 {
		return nil, 0, missing
	}
	original := src.store.mails[i]
	if a.overQuota(len(original.data)) {
		return nil, 0, map[string]any{"type": "overQuota", "description": "Account quota exceeded."}
	}
	for _, have := range a.store.mails {
		if have.key() == original.key() { // existingId is not a usable Email id on the real server either
			return nil, 0, map[string]any{"type": "alreadyExists", "existingId": FormatID(have.id & 0xffffffff)}
		}
	}
	created, fail = c.add(a, in, original.data, original.received)
	return created, id, fail
}

func (c *call) destroyCopied(from uint64, ids []uint64) answer {
	if !c.who.may("jmapEmailDestroy") {
		return answer{"error", map[string]any{
			"type":        "forbidden",
			"description": "You are not authorized to create, update or destroy objects of this type",
		}, ""}
	}
	destroyed := []string{}
	for _, id := range ids {
		if src := c.s.accounts[from]; src != nil && c.s.destroyMail(src, id) == nil {
			destroyed = append(destroyed, FormatID(id))
		}
	}
	return answer{"Email/set", map[string]any{"accountId": FormatID(from), "destroyed": destroyed}, ""}
}
