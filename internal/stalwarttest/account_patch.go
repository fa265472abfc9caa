package stalwarttest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// patcher applies the members of a patch to a copy of an account.
type patcher struct {
	c           *call
	a           *account
	permissions bool // roles or permissions were touched: the caller must hold what the target gets
	credentials bool
}

func (p *patcher) apply(patch object) map[string]any {
	for _, m := range patch {
		property, rest, deep := strings.Cut(m.name, "/")
		value := m.value
		if deep {
			merged, fail := p.merge(property, rest, value)
			if fail != nil {
				return fail
			}
			value = merged
		}
		if fail := p.set(property, value); fail != nil {
			return fail
		}
	}
	return nil
}

// merge applies a JSON pointer to the present value of a property and gives the whole new value.
func (p *patcher) merge(property, rest string, value json.RawMessage) (json.RawMessage, map[string]any) {
	full := p.c.s.accountJSON(p.a)
	if property == "credentials" { // entries are identified by their place; their server-set parts stay
		return p.mergeCredentials(rest, value)
	}
	data, err := json.Marshal(full[property])
	if err != nil {
		return nil, invalidValue(property)
	}
	var present any
	if json.Unmarshal(data, &present) != nil {
		return nil, invalidValue(property)
	}
	target, ok := present.(map[string]any)
	if !ok {
		return nil, invalidPatch("Invalid property", property)
	}
	path := strings.Split(rest, "/")
	for _, step := range path[:len(path)-1] {
		next, ok := target[unescape(step)].(map[string]any)
		if !ok {
			return nil, invalidPatch("Invalid property", property)
		}
		target = next
	}
	last := unescape(path[len(path)-1])
	switch string(value) {
	case "null", "false":
		delete(target, last)
	default:
		target[last] = value
	}
	data, err = json.Marshal(present)
	if err != nil {
		return nil, invalidValue(property)
	}
	return data, nil
}

func (p *patcher) mergeCredentials(rest string, value json.RawMessage) (json.RawMessage, map[string]any) {
	index, err := strconv.Atoi(rest)
	if err != nil || string(value) != "null" || index < 0 || index >= len(p.a.credentials) {
		return nil, invalidPatch("Invalid property", "credentials")
	}
	p.a.credentials = slices.Delete(p.a.credentials, index, index+1)
	p.credentials = true
	return nil, nil
}

func (p *patcher) set(property string, value json.RawMessage) map[string]any {
	switch property {
	case "name":
		return p.setName(value)
	case "domainId":
		return p.setDomain(value)
	case "aliases":
		return p.setAliases(value)
	case "description":
		return decodeInto(value, &p.a.description, property)
	case "timeZone":
		return decodeInto(value, &p.a.timeZone, property)
	case "locale":
		return decodeInto(value, &p.a.locale, property)
	case "quotas":
		p.a.quotas = nil
		return decodeInto(value, &p.a.quotas, property)
	case "memberGroupIds":
		return p.setGroups(value)
	case "roles":
		return p.setRoles(value)
	case "permissions":
		return p.setPermissions(value)
	case "credentials":
		return p.setCredentials(value)
	case "memberTenantId", "encryptionAtRest":
		return nil // accepted; nothing here depends on them
	case "emailAddress", "createdAt", "usedDiskQuota":
		return invalidPatch("Cannot modify server set property", property)
	case "@type":
		if string(value) == strconv.Quote(p.a.kind) {
			return nil
		}
		return map[string]any{
			"type": "invalidProperties", "properties": []string{"@type"},
			"description": "Cannot change the type of an existing account.",
		}
	}
	return invalidPatch("Invalid property", property)
}

func decodeInto(value json.RawMessage, target any, property string) map[string]any {
	if json.Unmarshal(value, target) != nil {
		return invalidValue(property)
	}
	return nil
}

func (p *patcher) setName(value json.RawMessage) map[string]any {
	var name string
	if json.Unmarshal(value, &name) != nil || name == "" {
		return invalidValue("name")
	}
	clean, ok := localPart(name)
	if !ok {
		return invalidPatch("Invalid email local part", "name")
	}
	p.a.name = clean
	return nil
}

func (p *patcher) setDomain(value json.RawMessage) map[string]any {
	var text string
	if json.Unmarshal(value, &text) != nil {
		return invalidValue("domainId")
	}
	id, fail := p.domain(text, "domainId")
	if fail == nil {
		p.a.domain = id
	}
	return fail
}

func (p *patcher) domain(text, property string) (uint64, map[string]any) {
	id, ok := ParseID(text)
	if !ok {
		return 0, invalidPatch("Failed to parse Id from string", property)
	}
	if p.c.s.domainByID(id) == nil {
		return 0, map[string]any{"type": "invalidForeignKey", "objectId": owner{"Domain", id}.json()}
	}
	return id, nil
}
