package stalwart

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"sync"
	"time"

	"syncagent/internal/reconcile"
)

// restServer is the implementation for the management interface of 0.5 to 0.15.
// Principals are addressed by name there, never by ID: nameOf remembers under
// which name an ID was seen last, and every write looks first whether the name
// still leads to that ID.
type restServer struct {
	http          *transport
	info          Info
	version       span
	permissions   map[string]bool
	deleteTimeout time.Duration
	mail          *jmapServer     // JMAP of the same server; nil without a password login
	core          json.RawMessage // the limits of JMAP as the session tells them

	mu     sync.Mutex
	nameOf map[reconcile.AccountID]string
	// cut are accounts whose DELETE was cut although the row is gone.
	cut map[reconcile.AccountID]bool
	// proven are accounts that were looked up and not destroyed since; raw is what
	// the last listing over WebDAV found.
	proven map[reconcile.AccountID]bool
	raw    map[reconcile.AccountID]map[string]rawResource
}

var _ Server = (*restServer)(nil)

// Info tells what Dial found out.
func (s *restServer) Info() Info { return s.info }

// Close ends the connection.
func (s *restServer) Close() { s.http.client.CloseIdleConnections() }

// CheckName tells whether an account can be given a name: nil, or a
// NameUnsafeError. It asks nobody.
func (s *restServer) CheckName(name string) error { return s.version.checkTarget(name) }

// CheckAddressable tells whether the account of a name can be addressed: nil, or
// a NameUnsafeError. It asks nobody.
func (s *restServer) CheckAddressable(name string) error {
	_, err := s.version.segment(name)
	return err
}

// Expect tells under which names accounts were seen last, so that they can be
// read one by one. A name is only a hint: what answers to it must have the ID.
func (s *restServer) Expect(names map[reconcile.AccountID]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, name := range names {
		if _, known := s.nameOf[id]; !known {
			s.nameOf[id] = name
		}
	}
}

// Rules of 0.5 to 0.15: a name is any text, domains come into being by logins.
func (s *restServer) Rules(context.Context) (reconcile.NameRules, error) {
	return reconcile.NameRules{}, nil
}

// InvalidateCaches is not there before 0.16.
func (s *restServer) InvalidateCaches(context.Context) error {
	return s.unsupported("end cached logins", "upgrade to 0.16")
}

func (s *restServer) unsupported(what, hint string) error {
	return &UnsupportedError{What: what, Version: s.version.String(), hint: hint}
}

// base is the path below which principals and stores are.
func (s *restServer) base() string {
	if s.version.before(7, 0) {
		return "/admin"
	}
	return "/api"
}

// readFingerprint hashes the URL: before 0.16 nothing else stays the same over
// upgrades. That it is another server shows in the sample of accounts.
func (s *restServer) readFingerprint(base *url.URL) {
	sum := sha256.Sum256([]byte(base.String()))
	s.info.Fingerprint = "sha256:" + hex.EncodeToString(sum[:16])
}

// remember notes under which name an account was seen; "" forgets it.
func (s *restServer) remember(id reconcile.AccountID, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name == "" {
		delete(s.nameOf, id)
		return
	}
	s.nameOf[id] = name
}

func (s *restServer) lastName(id reconcile.AccountID) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, ok := s.nameOf[id]
	return name, ok
}
