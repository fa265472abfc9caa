package stalwarttest

import (
	"encoding/json"
	"slices"
)

// setAliases replaces the list. Duplicates, and an alias equal to the name, are accepted, as the server does.
func (p *patcher) setAliases(value json.RawMessage) map[string]any {
	items, ok := listItems(value)
	if !ok {
		return invalidValue("aliases")
	}
	p.a.aliases = nil
	for _, item := range items {
		in := struct {
			Enabled     *bool
			Name        string
			DomainID    string `json:"domainId"`
			Description *string
		}{}
		if json.Unmarshal(item, &in) != nil || in.Name == "" {
			return invalidValue("aliases")
		}
		clean, ok := localPart(in.Name)
		if !ok {
			return invalidPatch("Invalid email local part", "aliases/name")
		}
		domain, fail := p.domain(in.DomainID, "aliases/domainId")
		if fail != nil {
			return fail
		}
		p.a.aliases = append(p.a.aliases, alias{in.Enabled == nil || *in.Enabled, clean, domain, in.Description})
	}
	return nil
}

func (p *patcher) setGroups(value json.RawMessage) map[string]any {
	items, ok := setItems(value)
	if !ok || p.a.kind != "User" {
		return invalidValue("memberGroupIds")
	}
	p.a.groups = nil
	for _, item := range items {
		id, ok := ParseID(item)
		if !ok {
			return invalidPatch("Invalid key for object property", "memberGroupIds")
		}
		if g := p.c.s.accounts[id]; g == nil || g.kind != "Group" {
			return map[string]any{"type": "invalidForeignKey", "objectId": owner{"Account", id}.json()}
		}
		p.a.groups = append(p.a.groups, id)
	}
	return nil
}

func (p *patcher) setRoles(value json.RawMessage) map[string]any {
	var roles map[string]json.RawMessage
	if json.Unmarshal(value, &roles) != nil || roles["@type"] == nil {
		return invalidValue("roles")
	}
	p.a.admin = string(roles["@type"]) == `"Admin"`
	p.permissions = true
	return nil
}

func (p *patcher) setPermissions(value json.RawMessage) map[string]any {
	var in struct {
		Type     string          `json:"@type"`
		Enabled  json.RawMessage `json:"enabledPermissions"`
		Disabled json.RawMessage `json:"disabledPermissions"`
	}
	if json.Unmarshal(value, &in) != nil || !slices.Contains([]string{"Inherit", "Merge", "Replace"}, in.Type) {
		return invalidValue("permissions")
	}
	wanted := permissionSet{kind: in.Type}
	for property, list := range map[string]struct {
		raw    json.RawMessage
		target *[]string
	}{"enabledPermissions": {in.Enabled, &wanted.enabled}, "disabledPermissions": {in.Disabled, &wanted.disabled}} {
		if list.raw == nil {
			continue
		}
		items, ok := setItems(list.raw)
		if !ok || slices.ContainsFunc(items, func(name string) bool { return !knownPermissions[name] }) {
			return invalidPatch("Invalid key for object property", "permissions/"+property)
		}
		*list.target = items
	}
	p.a.permissions = wanted
	p.permissions = true
	return nil
}

// setCredentials allows only the empty list: the entries as read carry server-set members, and a password belongs to
// the directory.
func (p *patcher) setCredentials(value json.RawMessage) map[string]any {
	if value == nil {
		return nil // already done by a pointer
	}
	items, ok := listItems(value)
	if !ok {
		return invalidValue("credentials")
	}
	for _, item := range items {
		var entry map[string]json.RawMessage
		if json.Unmarshal(item, &entry) != nil {
			return invalidValue("credentials")
		}
		if entry["credentialId"] != nil {
			return invalidPatch("Cannot modify server set property", "credentials/credentialId")
		}
	}
	if len(items) > 0 {
		return map[string]any{
			"type":        "forbidden",
			"description": "Cannot set credentials for accounts in an external directory.",
		}
	}
	p.a.credentials, p.credentials = nil, true
	return nil
}
