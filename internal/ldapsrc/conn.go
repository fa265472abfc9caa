package ldapsrc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// maxPacket bounds one LDAP message, so that a broken server cannot make us
// reserve gigabytes.
const maxPacket = 16 << 20

func init() { ber.MaxPacketLengthBytes = maxPacket }

// conn is one bound connection to one server. It is used by one goroutine at a
// time; every call on it has a deadline and obeys its context. After an error
// that is not an answer of the server it is of no use any more.
type conn struct {
	server  server
	timeout time.Duration
	socket  net.Conn // below TLS, for deadlines and for cutting off
	ldap    *ldap.Conn
	root    rootDSE
}

// connect dials one server, secures the connection, binds and reads the
// rootDSE. Each step has its own deadline.
func (s *Source) connect(ctx context.Context, srv server) (*conn, error) {
	c := &conn{server: srv, timeout: s.opts.Timeout}
	if err := c.dial(ctx); err != nil {
		return nil, err
	}
	err := c.secure(ctx, &s.opts)
	if err == nil {
		err = c.bind(ctx, &s.opts.Bind)
	}
	if err == nil {
		err = c.readRootDSE(ctx)
	}
	if err != nil {
		c.close()
		return nil, err
	}
	s.opts.observe("connected", "server", srv.url, "vendor", c.root.vendor(), "paging", c.root.paging())
	return c, nil
}

func (c *conn) dial(ctx context.Context) error {
	dialer := net.Dialer{Timeout: c.timeout}
	socket, err := dialer.DialContext(ctx, c.server.network, c.server.address)
	if err != nil {
		var late net.Error
		if errors.As(err, &late) && late.Timeout() && ctx.Err() == nil {
			err = &timeoutError{c.timeout.String()}
		}
		return c.failed(ctx, stepDial, err)
	}
	c.socket = socket
	return nil
}

// secure brings up TLS where it is configured and hands the connection to the
// LDAP library. Nothing but the StartTLS request goes out before.
func (c *conn) secure(ctx context.Context, o *Options) error {
	transport := c.socket
	if c.server.tls || o.StartTLS && c.server.network == "tcp" {
		conf, err := o.TLS.tlsConfig(c.server.host)
		if err != nil {
			return c.failed(ctx, stepTLS, err)
		}
		secured := tls.Client(c.socket, conf)
		err = c.do(ctx, stepTLS, func() error {
			if !c.server.tls {
				if err := requestStartTLS(c.socket); err != nil {
					return err
				}
			}
			return secured.HandshakeContext(ctx)
		})
		if err != nil {
			return err
		}
		transport = secured
	}
	c.ldap = ldap.NewConn(transport, transport != c.socket)
	// The deadlines on the socket come first; this one keeps Close from waiting
	// for ever.
	c.ldap.SetTimeout(2 * c.timeout)
	c.ldap.Start()
	return nil
}

func (c *conn) bind(ctx context.Context, b *Bind) error {
	switch {
	case b.SASLExternal:
		return c.do(ctx, stepBind, c.ldap.ExternalBind)
	case b.DN == "":
		return nil // anonymous
	}
	password, err := b.Password()
	if err == nil && password == "" {
		err = errors.New("the password is empty")
	}
	if err != nil {
		return &stepError{step: stepBind, server: c.server.url, err: &secretError{err}}
	}
	return c.do(ctx, stepBind, func() error { return c.ldap.Bind(b.DN, password) })
}

// secretError says that our own side of the login is not in order.
type secretError struct{ err error }

func (e *secretError) Error() string { return e.err.Error() }
func (e *secretError) Unwrap() error { return e.err }

// do runs one step with a deadline. If the context ends first, the socket is
// closed under the step, and the context's error is returned.
func (c *conn) do(ctx context.Context, doing step, f func() error) error {
	if err := ctx.Err(); err != nil {
		return c.failed(ctx, doing, err)
	}
	deadline := time.Now().Add(c.timeout)
	if err := c.socket.SetDeadline(deadline); err != nil {
		return c.failed(ctx, doing, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.socket.Close() })
	err := f()
	stop()
	if err == nil && ctx.Err() == nil {
		return c.socket.SetDeadline(time.Time{})
	}
	if err != nil && !answered(err) && !time.Now().Before(deadline) {
		err = &timeoutError{c.timeout.String()}
	}
	return c.failed(ctx, doing, err)
}

// failed puts step and server before an error; a context that ended wins.
func (c *conn) failed(ctx context.Context, doing step, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return &stepError{step: doing, server: c.server.url, err: translate(err)}
}

// translate makes our own types of go-ldap's errors, without the packet that
// they carry.
func translate(err error) error {
	var ldapErr *ldap.Error
	if !errors.As(err, &ldapErr) || ldapErr == nil {
		return err
	}
	// The library keeps 200 to 299 for errors of its own.
	if ldapErr.ResultCode < ldap.ErrorNetwork || ldapErr.ResultCode >= ldap.ErrorNetwork+100 {
		message := ""
		if ldapErr.Err != nil {
			message = ldapErr.Err.Error()
		}
		return &resultError{int(ldapErr.ResultCode), message}
	}
	return ldapErr.Err
}

// close cuts the connection. It never waits for the server.
func (c *conn) close() {
	if c == nil || c.socket == nil {
		return
	}
	_ = c.socket.Close()
	if c.ldap != nil {
		_ = c.ldap.Close()
	}
}

// startTLSOID is the name of the extended operation (RFC 4511 §4.14).
const startTLSOID = "1.3.6.1.4.1.1466.20037"

// requestStartTLS asks on the bare connection for TLS. It is done here because
// the library's own way has no deadline and hides the cause of a failed
// handshake.
func requestStartTLS(socket net.Conn) error {
	request := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	request.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(1), ""))
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationExtendedRequest, nil, "")
	op.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, startTLSOID, ""))
	request.AppendChild(op)
	if _, err := socket.Write(request.Bytes()); err != nil {
		return err
	}
	// ReadPacket reads byte by byte what belongs to the message and no more, so
	// nothing of the handshake is swallowed.
	response, err := ber.ReadPacket(socket)
	if err != nil {
		return fmt.Errorf("read the answer to StartTLS: %w", err)
	}
	if len(response.Children) < 2 || response.Children[1].Tag != ldap.ApplicationExtendedResponse {
		return &protocolError{"the answer to StartTLS is none"}
	}
	return translate(ldap.GetLDAPError(response))
}
