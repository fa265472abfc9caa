package ldapsrc

// message is one LDAPMessage: who it answers, what it is, and its controls.
type message struct {
	id       int64
	op       byte
	content  elements
	controls elements
}

func parseMessage(content []byte) (message, error) {
	var m message
	rest := elements(content)
	var err error
	if m.id, err = rest.integer(tagInteger); err != nil {
		return m, err
	}
	var op []byte
	if m.op, op, err = rest.next(); err != nil {
		return m, err
	}
	m.content = op
	if len(rest) > 0 {
		controls, err := rest.want(tagControls)
		if err != nil {
			return m, err
		}
		m.controls = controls
	}
	if len(rest) > 0 {
		return m, badBER("%d bytes after a message", len(rest))
	}
	return m, nil
}

// decoder makes entries. It keeps the spellings of attribute names, which are
// the same in each entry.
type decoder struct{ names map[string]string }

// maxNames bounds what a decoder keeps; ranges make ever new descriptions.
const maxNames = 1000

func (d *decoder) name(b []byte) string {
	if known, ok := d.names[string(b)]; ok {
		return known
	}
	name := string(b)
	if d.names == nil || len(d.names) >= maxNames {
		d.names = map[string]string{}
	}
	d.names[name] = name
	return name
}

// entry decodes a SearchResultEntry (RFC 4511 §4.5.2). Its values point into
// the message.
func (d *decoder) entry(content elements) (entry, error) {
	dn, err := content.want(tagOctets)
	if err != nil {
		return entry{}, err
	}
	list, err := content.want(tagSequence)
	if err != nil {
		return entry{}, err
	}
	if len(content) > 0 {
		return entry{}, badBER("%d bytes after an entry", len(content))
	}
	e := entry{dn: string(dn), attributes: make([]attribute, 0, 8)}
	for rest := elements(list); len(rest) > 0; {
		one, err := rest.want(tagSequence)
		if err != nil {
			return entry{}, err
		}
		a, err := d.attribute(one)
		if err != nil {
			return entry{}, err
		}
		e.attributes = append(e.attributes, a)
	}
	return e, nil
}

func (d *decoder) attribute(content elements) (attribute, error) {
	description, err := content.want(tagOctets)
	if err != nil {
		return attribute{}, err
	}
	set, err := content.want(tagSet)
	if err != nil {
		return attribute{}, err
	}
	if len(content) > 0 {
		return attribute{}, badBER("%d bytes after an attribute", len(content))
	}
	a := attribute{description: d.name(description)}
	for rest := elements(set); len(rest) > 0; {
		value, err := rest.want(tagOctets)
		if err != nil {
			return attribute{}, err
		}
		a.values = append(a.values, value)
	}
	return a, nil
}

// references decodes a SearchResultReference.
func references(content elements) ([]string, error) {
	var urls []string
	for len(content) > 0 {
		url, err := content.want(tagOctets)
		if err != nil {
			return nil, err
		}
		urls = append(urls, string(url))
	}
	if len(urls) == 0 {
		return nil, badBER("a reference to nowhere")
	}
	return urls, nil
}

// parseResult decodes the LDAPResult that all responses start with
// (RFC 4511 §4.1.9): nil for success, else a *resultError. What follows it is
// of no use here.
func parseResult(content elements) (text string, failure error, err error) {
	code, err := content.integer(tagEnumerated)
	if err != nil {
		return "", nil, err
	}
	if _, err = content.want(tagOctets); err != nil { // matched DN
		return "", nil, err
	}
	diagnostic, err := content.want(tagOctets)
	if err != nil {
		return "", nil, err
	}
	text = string(diagnostic)
	if code != codeSuccess {
		return text, &resultError{int(code), text}, nil
	}
	for len(content) > 0 {
		tag, _, err := content.next()
		if err != nil {
			return "", nil, err
		}
		if tag == tagReferrals {
			return "", nil, badBER("success together with a referral")
		}
	}
	return text, nil, nil
}

// pagingControl finds the paging control among the controls of a response; nil
// if it is not there.
func pagingControl(controls elements) (*paging, error) {
	var found *paging
	for len(controls) > 0 {
		control, err := controls.want(tagSequence)
		if err != nil {
			return nil, err
		}
		rest := elements(control)
		oid, err := rest.want(tagOctets)
		if err != nil {
			return nil, err
		}
		if string(oid) != oidPaging {
			continue
		}
		if found != nil {
			return nil, badBER("two paging controls")
		}
		if found, err = pagingValue(rest); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// pagingValue decodes what follows the OID: criticality, and the value of
// RFC 2696.
func pagingValue(rest elements) (*paging, error) {
	if len(rest) > 0 && rest[0] == tagBoolean {
		if _, err := rest.want(tagBoolean); err != nil {
			return nil, err
		}
	}
	value, err := rest.want(tagOctets)
	if err != nil {
		return nil, err
	}
	outer := elements(value)
	inner, err := outer.want(tagSequence)
	if err != nil {
		return nil, err
	}
	fields := elements(inner)
	size, err := fields.integer(tagInteger)
	if err != nil {
		return nil, err
	}
	cookie, err := fields.want(tagOctets)
	if err != nil {
		return nil, err
	}
	if len(fields)+len(outer)+len(rest) > 0 {
		return nil, badBER("bytes after the paging control")
	}
	return &paging{int(size), cookie}, nil
}
