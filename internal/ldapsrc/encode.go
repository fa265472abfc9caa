package ldapsrc

import (
	"fmt"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

func octets(text string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, text, "")
}

func sequence() *ber.Packet {
	return ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
}

func number(tag ber.Tag, value int) *ber.Packet {
	return ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, tag, int64(value), "")
}

func application(tag ber.Tag) *ber.Packet {
	return ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
}

// encodeMessage puts a request into its LDAPMessage.
func encodeMessage(id int64, op, controls *ber.Packet) []byte {
	m := sequence()
	m.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	m.AppendChild(op)
	if controls != nil {
		m.AppendChild(controls)
	}
	return m.Bytes()
}

// encode builds the search request (RFC 4511 §4.5.1), anew for each page.
func (q *query) encode() (op, controls *ber.Packet, err error) {
	filter, err := ldap.CompileFilter(q.filter)
	if err != nil {
		return nil, nil, fmt.Errorf("filter %q: %w", q.filter, err)
	}
	op = application(ldap.ApplicationSearchRequest)
	op.AppendChild(octets(q.base))
	op.AppendChild(number(ber.TagEnumerated, q.scope))
	op.AppendChild(number(ber.TagEnumerated, ldap.NeverDerefAliases))
	op.AppendChild(number(ber.TagInteger, q.sizeLimit))
	op.AppendChild(number(ber.TagInteger, 0)) // no time limit of our own
	op.AppendChild(ber.NewBoolean(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, false, ""))
	op.AppendChild(filter)
	wanted := sequence()
	for _, name := range q.attributes {
		wanted.AppendChild(octets(name))
	}
	op.AppendChild(wanted)
	if q.paging == nil {
		return op, nil, nil
	}
	value := sequence()
	value.AppendChild(number(ber.TagInteger, q.paging.size))
	value.AppendChild(octets(string(q.paging.cookie)))
	control := sequence()
	control.AppendChild(octets(oidPaging))
	control.AppendChild(octets(string(value.Bytes())))
	controls = ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
	controls.AppendChild(control)
	return op, controls, nil
}

// simpleBind and externalBind build the bind requests (RFC 4511 §4.2).
func simpleBind(dn, password string) *ber.Packet {
	op := bindRequest(dn)
	op.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, password, ""))
	return op
}

func externalBind() *ber.Packet {
	op := bindRequest("")
	sasl := ber.Encode(ber.ClassContext, ber.TypeConstructed, 3, nil, "")
	sasl.AppendChild(octets("EXTERNAL"))
	sasl.AppendChild(octets(""))
	op.AppendChild(sasl)
	return op
}

func bindRequest(dn string) *ber.Packet {
	op := application(ldap.ApplicationBindRequest)
	op.AppendChild(number(ber.TagInteger, 3))
	op.AppendChild(octets(dn))
	return op
}

// startTLSOID is the name of the extended operation (RFC 4511 §4.14).
const startTLSOID = "1.3.6.1.4.1.1466.20037"

func startTLSRequest() *ber.Packet {
	op := application(ldap.ApplicationExtendedRequest)
	op.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, startTLSOID, ""))
	return op
}
