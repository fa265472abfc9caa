package ldaptest

import (
	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

const oidPaging = "1.2.840.113556.1.4.319"

func sequence() *ber.Packet {
	return ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
}

func octets(v string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, v, "")
}

// message puts one LDAPMessage into the output.
func (c *session) message(id int64, op, controls *ber.Packet) {
	m := sequence()
	m.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	m.AppendChild(op)
	if controls != nil {
		m.AppendChild(controls)
	}
	c.out.Write(m.Bytes())
}

func application(tag ber.Tag) *ber.Packet {
	return ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
}

// result puts an LDAPResult into the output.
func (c *session) result(id int64, tag ber.Tag, code int, message string, controls *ber.Packet) {
	op := application(tag)
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(code), ""))
	op.AppendChild(octets(""))
	op.AppendChild(octets(message))
	if code == ldap.LDAPResultReferral {
		referral := ber.Encode(ber.ClassContext, ber.TypeConstructed, 3, nil, "")
		referral.AppendChild(octets("ldap://elsewhere.example.test/" + Suffix))
		op.AppendChild(referral)
	}
	c.message(id, op, controls)
}

func (c *session) entry(id int64, dn string, attrs []attr) {
	op := application(ldap.ApplicationSearchResultEntry)
	op.AppendChild(octets(dn))
	list := sequence()
	for _, a := range attrs {
		one := sequence()
		one.AppendChild(octets(a.description))
		set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		for _, v := range a.values {
			set.AppendChild(octets(v))
		}
		one.AppendChild(set)
		list.AppendChild(one)
	}
	op.AppendChild(list)
	c.message(id, op, nil)
}

func (c *session) referral(id int64) {
	op := application(ldap.ApplicationSearchResultReference)
	op.AppendChild(octets("ldap://elsewhere.example.test/ou=other," + Suffix))
	c.message(id, op, nil)
}

// disconnection is the notice of RFC 4511 §4.4.1.
func (c *session) disconnection() {
	op := application(ldap.ApplicationExtendedResponse)
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(ldap.LDAPResultUnavailable), ""))
	op.AppendChild(octets(""))
	op.AppendChild(octets("going down"))
	op.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 10, "1.3.6.1.4.1.1466.20036", ""))
	c.message(0, op, nil)
}

// pagingControl is the response control.
func pagingControl(cookie string) *ber.Packet {
	value := sequence()
	value.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(0), ""))
	value.AppendChild(octets(cookie))
	control := sequence()
	control.AppendChild(octets(oidPaging))
	control.AppendChild(octets(string(value.Bytes())))
	controls := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
	controls.AppendChild(control)
	return controls
}

// pagingRequest finds size and cookie in the controls of a request.
func pagingRequest(controls *ber.Packet) (size int, cookie string, ok bool) {
	if controls == nil {
		return 0, "", false
	}
	for _, control := range controls.Children {
		if len(control.Children) < 2 || text(control.Children[0]) != oidPaging {
			continue
		}
		value := ber.DecodePacket([]byte(text(control.Children[len(control.Children)-1])))
		if value == nil || len(value.Children) != 2 {
			continue
		}
		n, _ := value.Children[0].Value.(int64)
		return int(n), text(value.Children[1]), true
	}
	return 0, "", false
}
