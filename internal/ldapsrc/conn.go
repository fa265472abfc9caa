package ldapsrc

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// conn is one bound connection to one server. It is used by one goroutine at a
// time; every call on it has a deadline and obeys its context. After an error
// that is not an answer of the server it is of no use any more.
type conn struct {
	server  server
	timeout time.Duration
	socket  net.Conn // below TLS, for deadlines and for cutting off
	out     io.Writer
	in      *bufio.Reader
	lastID  int64 // of the request whose answer is awaited
	decoder decoder
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

// secure brings up TLS where it is configured. Nothing but the StartTLS request
// goes out before.
func (c *conn) secure(ctx context.Context, o *Options) error {
	c.use(c.socket)
	if !c.server.tls && (!o.StartTLS || c.server.network != "tcp") {
		return nil
	}
	conf, err := o.TLS.tlsConfig(c.server.host)
	if err != nil {
		return c.failed(ctx, stepTLS, err)
	}
	secured := tls.Client(c.socket, conf)
	err = c.do(ctx, stepTLS, func() error {
		if !c.server.tls {
			if err := c.exchange(startTLSRequest(), tagExtendedResponse); err != nil {
				return err
			}
			if c.in.Buffered() > 0 {
				return &protocolError{"the server sent more than the answer to StartTLS before TLS"}
			}
		}
		return secured.HandshakeContext(ctx)
	})
	if err != nil {
		return err
	}
	c.use(secured)
	return nil
}

// readBuffer holds a few hundred entries.
const readBuffer = 64 << 10

func (c *conn) use(transport net.Conn) {
	c.out, c.in = transport, bufio.NewReaderSize(transport, readBuffer)
}

// send sends one request. There is never more than one under way.
func (c *conn) send(op, controls *ber.Packet) error {
	c.lastID++
	_, err := c.out.Write(encodeMessage(c.lastID, op, controls))
	return err
}

// receive reads the next message, which must belong to the last request: any
// other is a sign that the connection cannot be trusted.
func (c *conn) receive() (message, error) {
	content, err := readMessage(c.in)
	if err != nil {
		return message{}, err
	}
	m, err := parseMessage(content)
	switch {
	case err != nil:
		return m, err
	case m.id == 0:
		// The notice of disconnection (RFC 4511 §4.4.1).
		text, failure, err := parseResult(m.content)
		if err == nil && failure != nil {
			text = failure.Error()
		}
		return m, &goodbyeError{text}
	case m.id != c.lastID:
		return m, &protocolError{"the server answered a question that was not asked"}
	}
	return m, nil
}

// exchange sends a request that has one response.
func (c *conn) exchange(op *ber.Packet, wanted byte) error {
	if err := c.send(op, nil); err != nil {
		return err
	}
	m, err := c.receive()
	if err != nil {
		return err
	}
	if m.op != wanted {
		return badBER("the message %#02x instead of %#02x", m.op, wanted)
	}
	_, failure, err := parseResult(m.content)
	if err != nil {
		return err
	}
	return failure
}

func (c *conn) bind(ctx context.Context, b *Bind) error {
	switch {
	case b.SASLExternal:
		return c.do(ctx, stepBind, func() error { return c.exchange(externalBind(), tagBindResponse) })
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
	return c.do(ctx, stepBind, func() error { return c.exchange(simpleBind(b.DN, password), tagBindResponse) })
}

// secretError says that our own side of the login is not in order.
type secretError struct{ err error }

func (e *secretError) Error() string { return e.err.Error() }
func (e *secretError) Unwrap() error { return e.err }

// errClosed says that the connection ended where a message should begin.
var errClosed = errors.New("the connection was closed")

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
		if err = c.socket.SetDeadline(time.Time{}); err == nil {
			return nil
		}
	}
	if err != nil && !answered(err) {
		_ = c.socket.Close() // nothing that comes later could be trusted
		if !time.Now().Before(deadline) {
			err = &timeoutError{c.timeout.String()}
		} else if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
			err = errClosed
		}
	}
	return c.failed(ctx, doing, err)
}

// failed puts step and server before an error; a context that ended wins.
func (c *conn) failed(ctx context.Context, doing step, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return &stepError{step: doing, server: c.server.url, err: err}
}

// close cuts the connection. It never waits for the server.
func (c *conn) close() {
	if c != nil && c.socket != nil {
		_ = c.socket.Close()
	}
}
