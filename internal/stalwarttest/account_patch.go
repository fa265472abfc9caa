package stalwarttest

import (
	"encoding/json"
	"slices"
	"sort"
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
		return map[string]any{"type": "invalidProperties", "properties": []string{"@type"},
			"description": "Cannot change the type of an existing account."}
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

// listItems gives the values of a list in the server's form {"0":…,"1":…}, by number.
func listItems(value json.RawMessage) ([]json.RawMessage, bool) {
	var entries map[string]json.RawMessage
	if json.Unmarshal(value, &entries) != nil {
		return nil, false
	}
	numbers := make([]int, 0, len(entries))
	for key := range entries {
		n, err := strconv.Atoi(key)
		if err != nil {
			return nil, false
		}
		numbers = append(numbers, n)
	}
	sort.Ints(numbers)
	items := make([]json.RawMessage, 0, len(numbers))
	for _, n := range numbers {
		items = append(items, entries[strconv.Itoa(n)])
	}
	return items, true
}

// setItems gives the members of a set {"x":true} in sorted order.
func setItems(value json.RawMessage) ([]string, bool) {
	var entries map[string]bool
	if json.Unmarshal(value, &entries) != nil {
		return nil, false
	}
	var items []string
	for item, in := range entries {
		if in {
			items = append(items, item)
		}
	}
	slices.Sort(items)
	return items, true
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
		return map[string]any{"type": "forbidden",
			"description": "Cannot set credentials for accounts in an external directory."}
	}
	p.a.credentials, p.credentials = nil, true
	return nil
}
