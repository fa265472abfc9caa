package ldaptest

import (
	"encoding/binary"
)

// strikeBefore plays the faults that take the place of an answer.
func (c *session) strikeBefore(r *request, found []*node) (stop bool, err error) {
	s := c.server
	half := found[:min(r.sizeOr(len(found)), len(found))]
	half = half[:len(half)/2]
	has := func(kind FaultKind) bool { return s.has(kind, c.page) }
	if f, ok := s.fault(AnswerCode, c.page); ok {
		c.entries(r, half)
		return true, c.failed(r, f, "after 1")
	}
	if f, ok := s.fault(AnswerCodeBare, c.page); ok {
		return true, c.done(r, f.Code, f.Message, nil)
	}
	switch {
	case has(EmptyPages):
		return true, c.done(r, 0, "", pagingControl("after 0"))
	case has(CloseBeforeDone):
		c.entries(r, half)
		_ = c.flush()
		return true, errDone
	case has(StallPage):
		c.entries(r, half)
		_ = c.flush()
		s.stall(c.bare)
		return true, errDone
	case has(Disconnect):
		c.entries(r, half)
		c.disconnection()
		_ = c.flush()
		return true, errDone
	case has(DisconnectOnly):
		c.disconnection()
	case has(WrongID):
		r.id += 1000
	}
	return c.strikeWire(r, half)
}

// strikeWire plays the faults below LDAP.
func (c *session) strikeWire(r *request, half []*node) (stop bool, err error) {
	s := c.server
	switch {
	case s.has(Garbage, c.page):
		c.entries(r, half)
		c.out.WriteString("HTTP/1.1 400 Bad Request\r\n\r\n")
	case s.has(Gigantic, c.page):
		c.entries(r, half)
		c.out.Write([]byte{0x30, 0x84})
		c.out.Write(binary.BigEndian.AppendUint32(nil, 0x7fffffff))
		c.out.WriteString("a few bytes of it")
	case s.has(BrokenEntry, c.page):
		// LDAPMessage{1 byte of ID, SearchResultEntry{DN of 100 bytes that are not there}}, well framed outside.
		c.entries(r, half)
		c.out.Write([]byte{0x30, 0x09, 0x02, 0x01, byte(r.id), 0x64, 0x04, 0x04, 0x64, 'o', 'u'})
		return false, nil
	default:
		return false, nil
	}
	_ = c.flush()
	s.stall(c.bare)
	return true, errDone
}

func (r *request) sizeOr(all int) int {
	if r.paged && r.size > 0 {
		return r.size
	}
	return all
}

// failed ends a page with a code and, as some servers do, a cookie.
func (c *session) failed(r *request, f Fault, cookie string) error {
	if r.paged {
		return c.done(r, f.Code, f.Message, pagingControl(cookie))
	}
	return c.done(r, f.Code, f.Message, nil)
}
