package config

import (
	"fmt"
	"math/bits"
	"regexp"
	"strings"
)

// attributeForm is an attribute description of RFC 4512 §2.5: a name or OID
// with options.
var attributeForm = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*|\d+(\.\d+)+)(;[A-Za-z0-9-]+)*$`)

func (v *validator) mapping(path string, s *Source) {
	m := s.Map
	v.require(path+".name", m.Name != "", `such as "{mail}"`)
	v.template(path+".name", m.Name, s)
	for i, text := range m.NameAlso {
		v.template(v.itemPath(path+".name_also", i), text, s)
	}
	switch {
	case s.SQL != nil && strings.EqualFold(m.ID, auto):
		v.refuse(path+".id", "name the column of the primary key", "auto is only for LDAP")
	case s.SQL != nil:
		v.require(path+".id", m.ID != "", "name the column of the primary key")
	case m.ID != auto:
		v.attribute(path+".id", m.ID, s)
	}
	for i, a := range m.Addresses {
		at := item(path+".addresses", i)
		v.require(at+".attribute", a.Attribute != "", "")
		v.attribute(at, a.Attribute, s)
	}
	if s.SQL != nil && s.SQL.Addresses != "" && len(m.Addresses) > 0 {
		v.refuse(path+".addresses", "keep one of them", "stands beside sql.addresses")
	}
	for i, a := range m.SamePerson {
		at := v.itemPath(path+".same_person", i)
		v.attribute(at, a, s)
		if a == "" {
			v.refuse(at, "", "must not be empty")
		}
	}
	v.attribute(path+".created", m.Created, s)
	v.kind(path+".kind", m.Kind, s)
	v.enabled(path+".enabled", m.Enabled, s)
}

func (v *validator) attribute(path, name string, s *Source) {
	if s.LDAP != nil && name != "" && !attributeForm.MatchString(name) {
		v.refuse(path, "", "%q is not the name of an attribute", name)
	}
}

func (v *validator) kind(path string, k *KindMap, s *Source) {
	if k == nil {
		return
	}
	v.require(path+".attribute", k.Attribute != "", "")
	v.attribute(path+".attribute", k.Attribute, s)
	for _, value := range sortedKeys(k.Values) {
		oneOf(v, join(path+".values", value), k.Values[value], KindIndividual, KindGroup, KindAdmin)
	}
}

func (v *validator) enabled(path string, e *EnabledMap, s *Source) {
	if e == nil {
		return
	}
	v.require(path+".attribute", e.Attribute != "", "")
	v.attribute(path+".attribute", e.Attribute, s)
	count := 0
	for _, key := range []string{"absent", "is", "not", "bit_clear"} {
		if v.isSet(path + "." + key) {
			count++
		}
	}
	switch {
	case count > 1:
		v.refuse(path, "", "needs only one of absent, is, not and bit_clear")
	case count == 0 && s.LDAP != nil:
		v.refuse(path, "", "needs one of absent, is, not and bit_clear")
	}
	if v.isSet(path+".absent") && !e.Absent {
		v.refuse(path+".absent", "remove the key, or use is", "can only be true")
	}
	for key, list := range map[string]Texts{"is": e.Is, "not": e.Not} {
		if v.isSet(path+"."+key) && len(list) == 0 {
			v.refuse(path+"."+key, "", "must not be empty")
		}
	}
	if v.isSet(path+".bit_clear") && (e.BitClear <= 0 || bits.OnesCount64(uint64(e.BitClear)) != 1) {
		v.refuse(path+".bit_clear", "2 is ACCOUNTDISABLE of Active Directory", "must be a power of two")
	}
}

func (v *validator) template(path, text string, s *Source) {
	if text == "" {
		return
	}
	names, err := templateNames(text)
	switch {
	case err != nil:
		v.refuse(path, `text with {attribute}, such as "{uid}@example.org"; {{ is a brace`, "%s", err)
	case len(names) == 0:
		v.refuse(path, `such as "{mail}"`, "%q names no attribute: everybody would have the same name", text)
	}
	for _, name := range names {
		v.attribute(path, name, s)
	}
}

// templateNames lists the attributes of a name template.
func templateNames(text string) ([]string, error) {
	var names []string
	for rest := text; ; {
		open := strings.IndexByte(rest, '{')
		if open < 0 {
			return names, nil
		}
		rest = rest[open+1:]
		if strings.HasPrefix(rest, "{") {
			rest = rest[1:]
			continue
		}
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return nil, fmt.Errorf("%q has a brace that is not closed", text)
		}
		name := rest[:end]
		if strings.TrimSpace(name) != name || name == "" || strings.Contains(name, "{") {
			return nil, fmt.Errorf("%q has {%s} in it, which is no attribute", text, name)
		}
		names = append(names, name)
		rest = rest[end+1:]
	}
}
