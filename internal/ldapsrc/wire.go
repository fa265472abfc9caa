package ldapsrc

import (
	"slices"
	"strings"
)

// entry is one search result entry as it came over the wire.
type entry struct {
	dn         string
	attributes []attribute
}

// attribute is one attribute description with its values. The description is
// spelled as the server likes, and may have options ("mail;lang-fr").
type attribute struct {
	description string
	values      [][]byte
}

// query is one search request.
type query struct {
	base       string
	scope      int
	filter     string
	attributes []string
	sizeLimit  int
	paging     *paging // nil for a search without the control
}

// paging is the simple paged results control (RFC 2696).
type paging struct {
	size   int
	cookie []byte
}

// answer is what a search gave that ended with code 0. Anything else is an
// error, and what came before it is dropped.
type answer struct {
	entries   []entry
	referrals []string
	paging    *paging // nil if the server did not return the control
	message   string  // diagnostic message, which some servers send with success
}

// baseOf gives an attribute description without its options.
func baseOf(description string) string {
	name, _, _ := strings.Cut(description, ";")
	return name
}

// raw gives the values of an attribute by its plain name, whatever options a
// server added. Several descriptions of one attribute are put together.
func (e *entry) raw(name string) [][]byte {
	var found [][]byte
	for i := range e.attributes {
		a := &e.attributes[i]
		if !describes(a.description, name) {
			continue
		}
		if found == nil {
			found = slices.Clip(a.values)
		} else {
			found = append(found, a.values...)
		}
	}
	return found
}

// first gives the first value of an attribute as text, "" if there is none.
func (e *entry) first(name string) string {
	if values := e.raw(name); len(values) > 0 {
		return string(values[0])
	}
	return ""
}

// texts gives the values of an attribute as text.
func (e *entry) texts(name string) []string {
	var list []string
	for _, v := range e.raw(name) {
		list = append(list, string(v))
	}
	return list
}

// describes tells whether a description that a server sent is the wanted
// attribute or a subtype of it by options (RFC 4512 §2.5.2.1): "mail" is
// described by "Mail" and "mail;lang-fr", "mail;lang-fr" only by descriptions
// with that option.
func describes(description, wanted string) bool {
	if len(description) == len(wanted) {
		return strings.EqualFold(description, wanted)
	}
	if len(description) < len(wanted) {
		return false
	}
	if !strings.Contains(wanted, ";") {
		return description[len(wanted)] == ';' && strings.EqualFold(description[:len(wanted)], wanted)
	}
	want := strings.Split(wanted, ";")
	if !strings.EqualFold(baseOf(description), want[0]) {
		return false
	}
	have := strings.Split(description, ";")[1:]
	for _, option := range want[1:] {
		found := false
		for _, h := range have {
			found = found || strings.EqualFold(h, option)
		}
		if !found {
			return false
		}
	}
	return true
}
