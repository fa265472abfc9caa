package stalwarttest

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
)

func (c *call) accountSet() (any, *methodError) {
	if !c.claimWrites() {
		return nil, errUnavailable
	}
	return c.setObjects(setter{object: "Account", create: c.accountCreate, update: c.accountUpdate, destroy: c.accountDestroy})
}

// accountUpdate applies one patch: all of it or nothing.
func (c *call) accountUpdate(id uint64, patch object) map[string]any {
	a := c.s.accounts[id]
	if a == nil {
		return notFound()
	}
	changed := a.clone()
	p := patcher{c: c, a: changed}
	if fail := p.apply(patch); fail != nil {
		return fail
	}
	self := owner{"Account", id}
	before, after := a.addresses(), changed.addresses()
	if other, taken := c.s.conflict(after, self); taken {
		return map[string]any{"type": "primaryKeyViolation", "properties": []string{"email"}, "objectId": other.json()}
	}
	if p.permissions {
		if missing := c.who.notGranted(changed, changed.permissions); len(missing) > 0 {
			return grantRefusal(missing)
		}
	}
	if p.permissions || p.credentials {
		changed.dropTokens()
	}
	c.s.claim(self, before, after)
	if a.name != changed.name || a.domain != changed.domain {
		c.s.log.renamed(id)
	}
	if p.credentials {
		c.s.dropSecrets(a, changed)
	}
	*a = *changed
	return nil
}

// clone copies what a patch may change; mail is shared.
func (a *account) clone() *account {
	copied := *a
	copied.aliases = slices.Clone(a.aliases)
	copied.credentials = slices.Clone(a.credentials)
	copied.groups = slices.Clone(a.groups)
	return &copied
}

// accountCreate makes an account without the directory. Credentials cannot be set while a directory applies.
func (c *call) accountCreate(_ string, value json.RawMessage) (created, fail map[string]any) {
	var patch object
	if json.Unmarshal(value, &patch) != nil {
		return nil, invalidPatch("Invalid value", "")
	}
	a := &account{kind: "User", locale: "en_US", permissions: permissionSet{kind: "Inherit"}}
	for _, m := range patch {
		if m.name == "@type" {
			_ = json.Unmarshal(m.value, &a.kind) // a wrong type leaves User, as an absent one does
		}
	}
	p := patcher{c: c, a: a}
	if fail := p.apply(slices.DeleteFunc(patch, func(m member) bool { return m.name == "@type" })); fail != nil {
		return nil, fail
	}
	var missing []any
	for property, absent := range map[string]bool{"name": a.name == "", "domainId": a.domain == 0} {
		if absent {
			missing = append(missing, map[string]any{"type": "Required", "property": property})
		}
	}
	if missing != nil {
		return nil, map[string]any{"type": "validationFailed", "validationErrors": missing}
	}
	if other, taken := c.s.conflict(a.addresses(), owner{}); taken {
		return nil, map[string]any{
			"type": "primaryKeyViolation", "properties": []string{"email"},
			"objectId": other.json(),
		}
	}
	if not := c.who.notGranted(a, a.permissions); len(not) > 0 {
		return nil, grantRefusal(not)
	}
	c.s.insert(a)
	return map[string]any{"id": FormatID(a.id)}, nil
}

func (c *call) accountDestroy(id uint64) map[string]any {
	a := c.s.accounts[id]
	if a == nil {
		return notFound()
	}
	if members := c.s.members(a); members != nil {
		return map[string]any{"type": "objectIsLinked", "objectId": owner{"Account", id}.json(), "linkedObjects": members}
	}
	c.s.destroyAccount(a)
	return nil
}

// members names the accounts that are in a group; only they can keep an account from being destroyed.
func (s *Server) members(group *account) []any {
	if group.kind != "Group" {
		return nil
	}
	var members []any
	for _, id := range s.order {
		if slices.Contains(s.accounts[id].groups, group.id) {
			members = append(members, owner{"Account", id}.json())
		}
	}
	return members
}

// destroyAccount is the synchronous part of a deletion: the record and its addresses go, the data goes with the task.
func (s *Server) destroyAccount(a *account) {
	s.claim(owner{"Account", a.id}, a.addresses(), nil)
	s.dropSecrets(a, &account{})
	delete(s.accounts, a.id)
	s.forget(a.id)
	s.ghosts[a.id] = newGhost(a)
	s.log.destroyed(a.id)
	s.queueDestroy(a)
}

// localPart cleans a local part as the server does: lower case, blanks removed. ok is false for what it refuses.
func localPart(name string) (clean string, ok bool) {
	clean = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
	bad := clean == "" || strings.HasPrefix(clean, ".") || strings.HasSuffix(clean, ".") ||
		strings.Contains(clean, "..") || strings.ContainsAny(clean, `@,\"<>();`) ||
		strings.ContainsFunc(clean, unicode.IsControl)
	return clean, !bad
}
