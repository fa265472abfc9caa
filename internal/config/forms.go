package config

import (
	"reflect"
	"strconv"

	yaml "go.yaml.in/yaml/v4"
)

// Here are the settings that may be written in more than one form, and those
// whose defaults depend on where they stand.

func (l *LDAP) decodeNode(d *decoder, n *yaml.Node, path string) {
	*l = defaultLDAP()
	d.fields(n, l, path)
}

func (s *SQL) decodeNode(d *decoder, n *yaml.Node, path string) {
	*s = defaultSQL()
	d.fields(n, s, path)
}

// decodeNode starts from the general policy, so that a source overrides single
// keys of it. Protection is never taken away by a source: its patterns are
// added to the general ones.
func (s *Source) decodeNode(d *decoder, n *yaml.Node, path string) {
	*s = defaultSource(d.general)
	s.Policy.Protect = nil
	d.fields(n, s, path)
	s.Policy.Protect = append(append(Texts(nil), d.general.Protect...), s.Policy.Protect...)
	if s.LDAP != nil && s.Map.ID == "" && !d.isSet(path+".map.id") {
		s.Map.ID = auto
	}
}

func (s *Suspend) decodeNode(d *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!bool" && n.Value == "false" {
		*s = Suspend{}
		return
	}
	if n.Kind != yaml.MappingNode {
		d.wants(n, path, "false or { runs: 2, time: 0s }")
		return
	}
	s.On = true
	if s.Runs == 0 {
		s.Runs = 2
	}
	type plain Suspend
	d.fields(n, (*plain)(s), path)
}

// decodeNode also takes a number alone as the count, so that "delete: 0" means
// none.
func (l *Limit) decodeNode(d *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" {
		d.scalar(n, reflect.ValueOf(&l.Count).Elem(), path)
	} else {
		type plain Limit
		d.fields(n, (*plain)(l), path)
	}
	if l.Percent == 0 {
		l.Count = 0
	}
}

// decodeNode takes an attribute name alone or a mapping with a prefix.
func (a *AddressMap) decodeNode(d *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		a.Attribute = n.Value
		return
	}
	type plain AddressMap
	d.fields(n, (*plain)(a), path)
}

func (p *Purge) decodeNode(d *decoder, n *yaml.Node, path string) {
	text, ok := d.text(n, path, "after-deletes, never or a cron expression")
	if !ok {
		return
	}
	switch mode := PurgeMode(text); mode {
	case PurgeAfterDeletes, PurgeNever:
		*p = Purge{Mode: mode}
	default:
		*p = Purge{Mode: PurgeCron, Cron: text}
	}
}

// isSet tells whether the file names a key.
func (d *decoder) isSet(path string) bool {
	_, ok := d.marks[path]
	return ok
}

func item(path string, index int) string { return path + "[" + strconv.Itoa(index) + "]" }
