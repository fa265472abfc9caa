//go:build realservers

package e2e

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// proxy stands between the program and slapd, so that a test can act at an
// exact moment of a snapshot. It changes no byte; only after a hook in the middle
// of entries nothing more comes, as when a machine loses its power.
type proxy struct {
	listener net.Listener
	url      string
	wait     sync.WaitGroup

	mu     sync.Mutex
	target string // host and port
	hook   *hook
	open   map[net.Conn]bool
}

// hook acts once, when the given page of a paged search is asked for, or in the
// middle of its entries.
type hook struct {
	page   int
	middle bool
	do     func()
	done   bool
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, url: "ldap://" + listener.Addr().String(), open: map[net.Conn]bool{}}
	p.to(target)
	p.wait.Go(p.accept)
	t.Cleanup(p.stop)
	return p
}

// to sends later connections to another server.
func (p *proxy) to(url string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = strings.TrimPrefix(url, "ldap://")
}

// arm sets the hook; nil is none. It tells whether the one before has acted.
func (p *proxy) arm(h *hook) (acted bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	acted = p.hook != nil && p.hook.done
	p.hook = h
	return acted
}

func (p *proxy) stop() {
	_ = p.listener.Close()
	p.mu.Lock()
	for c := range p.open {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.wait.Wait()
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		target := p.target
		p.mu.Unlock()
		server, err := net.Dial("tcp", target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.join(client, server)
	}
}

func (p *proxy) join(client, server net.Conn) {
	p.mu.Lock()
	p.open[client], p.open[server] = true, true
	p.mu.Unlock()
	end := func() {
		_ = client.Close()
		_ = server.Close()
		p.mu.Lock()
		delete(p.open, client)
		delete(p.open, server)
		p.mu.Unlock()
	}
	pages := &counter{}
	p.wait.Go(func() { defer end(); p.requests(server, client, pages) })
	p.wait.Go(func() { defer end(); p.answers(client, server, pages) })
}

// counter counts the pages that a connection asked for.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) add(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += n
	return c.n
}

// pagedResults is the OID of the paging control (RFC 2696).
const pagedResults = "1.2.840.113556.1.4.319"

// requests passes the client's messages on, one by one.
func (p *proxy) requests(server io.Writer, client io.Reader, pages *counter) {
	in := bufio.NewReader(client)
	for {
		message, err := readMessage(in)
		if err != nil {
			return
		}
		if bytes.Contains(message, []byte(pagedResults)) {
			p.act(pages.add(1), false)
		}
		if _, err := server.Write(message); err != nil {
			return
		}
	}
}

// answers passes the server's bytes on as they come.
func (p *proxy) answers(client io.Writer, server io.Reader, pages *counter) {
	buffer := make([]byte, 4096)
	page, passed := 0, 0 // the bytes passed of this page: a fast reader may get entry by entry
	for {
		n, err := server.Read(buffer)
		if asked := pages.add(0); asked != page {
			page, passed = asked, 0
		}
		passed += n
		half := n / 2
		if _, e := client.Write(buffer[:half]); e != nil {
			return
		}
		if passed > 1000 && p.act(page, true) { // entries, not the answer to a bind
			return
		}
		if _, e := client.Write(buffer[half:n]); e != nil || err != nil {
			return
		}
	}
}

func (p *proxy) act(page int, middle bool) bool {
	p.mu.Lock()
	h := p.hook
	due := h != nil && !h.done && h.page == page && h.middle == middle
	if due {
		h.done = true
	}
	p.mu.Unlock()
	if due {
		h.do()
	}
	return due
}

var errNotBER = errors.New("not an LDAP message")

// readMessage reads one LDAP message, a BER sequence.
func readMessage(in *bufio.Reader) ([]byte, error) {
	head, err := in.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0] != 0x30 {
		return nil, errNotBER
	}
	size, more := int(head[1]), 0
	if size >= 0x80 {
		more = size - 0x80
		if more > 4 {
			return nil, errNotBER
		}
		if head, err = in.Peek(2 + more); err != nil {
			return nil, err
		}
		var length [4]byte
		copy(length[4-more:], head[2:])
		size = int(binary.BigEndian.Uint32(length[:]))
	}
	message := make([]byte, 2+more+size)
	_, err = io.ReadFull(in, message)
	return message, err
}
