package ldaptest

import (
	"bufio"
	"bytes"
	"net"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

const startTLSOID = "1.3.6.1.4.1.1466.20037"

// session is one connection.
type session struct {
	server *Server
	bare   net.Conn
	socket net.Conn // bare, or TLS over it
	in     *bufio.Reader
	out    bytes.Buffer
	bound  bool
	after  int // where ConstantCookie goes on
	page   int // number of the page in its search
}

func (s *Server) serve(bare net.Conn) {
	c := &session{server: s, bare: bare, socket: bare}
	if s.has(StallConnect, 0) {
		s.stall(bare)
		return
	}
	if s.options().LDAPS {
		secured, err := s.handshake(bare)
		if err != nil {
			return
		}
		c.socket = secured
	}
	c.in = bufio.NewReader(c.socket)
	for {
		request, err := ber.ReadPacket(c.in)
		if err != nil || len(request.Children) < 2 {
			return
		}
		if c.handle(request) != nil {
			return
		}
	}
}

func (c *session) handle(request *ber.Packet) error {
	id, _ := request.Children[0].Value.(int64)
	op := request.Children[1]
	switch op.Tag {
	case ldap.ApplicationBindRequest:
		return c.bind(id, op)
	case ldap.ApplicationUnbindRequest:
		return errDone
	case ldap.ApplicationSearchRequest:
		var controls *ber.Packet
		if len(request.Children) > 2 {
			controls = request.Children[2]
		}
		return c.search(id, op, controls)
	case ldap.ApplicationExtendedRequest:
		return c.extended(id, op)
	}
	return nil
}

func (c *session) bind(id int64, op *ber.Packet) error {
	s := c.server
	s.mu.Lock()
	s.binds++
	s.mu.Unlock()
	if s.has(StallBind, 0) {
		s.stall(c.bare)
		return errDone
	}
	code, message := 0, ""
	if f, ok := s.fault(RefuseBind, 0); ok {
		code, message = f.Code, f.Message
	} else if auth := op.Children[2]; auth.Tag == 0 { // simple
		if text(op.Children[1]) != BindDN || text(auth) != BindPassword {
			code = ldap.LDAPResultInvalidCredentials
		}
	}
	c.bound = code == 0
	c.result(id, ldap.ApplicationBindResponse, code, message, nil)
	return c.flush()
}

func (c *session) extended(id int64, op *ber.Packet) error {
	s := c.server
	if len(op.Children) == 0 || text(op.Children[0]) != startTLSOID || s.options().TLS == nil {
		c.result(id, ldap.ApplicationExtendedResponse, ldap.LDAPResultProtocolError, "unsupported extended operation", nil)
		return c.flush()
	}
	if f, ok := s.fault(RefuseStartTLS, 0); ok {
		c.result(id, ldap.ApplicationExtendedResponse, f.Code, f.Message, nil)
		return c.flush()
	}
	c.result(id, ldap.ApplicationExtendedResponse, 0, "", nil)
	if err := c.flush(); err != nil {
		return err
	}
	secured, err := s.handshake(c.bare)
	if err != nil {
		return err
	}
	c.socket, c.in = secured, bufio.NewReader(secured)
	return nil
}

// flush sends what was put together, or drips it.
func (c *session) flush() error {
	defer c.out.Reset()
	_, err := c.socket.Write(c.out.Bytes())
	return err
}

// drip sends byte by byte until the client has had enough.
func (c *session) drip() error {
	defer c.out.Reset()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for _, b := range c.out.Bytes() {
		if _, err := c.socket.Write([]byte{b}); err != nil {
			return err
		}
		select {
		case <-c.server.closed:
			return errDone
		case <-ticker.C:
		}
	}
	return nil
}
