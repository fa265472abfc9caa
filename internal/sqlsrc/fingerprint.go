package sqlsrc

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"syncagent/internal/reconcile"
)

// Fingerprint is a hash of what decides who is in a snapshot and what is read
// from a row: driver, query, addresses, ID column, mapping and leavers. The
// server, the login, the look-up and the count are not in it.
func (s *Source) Fingerprint() string {
	text, err := json.Marshal(struct {
		Scheme                                int
		Driver, Query, Addresses, ID, Mapping string
	}{1, s.opts.Driver, s.opts.Query, s.opts.Addresses, strings.ToLower(s.opts.ID), s.mapper.Fingerprint()})
	if err != nil {
		panic("sqlsrc: strings cannot be written as JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Commands gives the query as a line to paste for the database's own client.
// The clients ask for the password themselves, so no line holds it.
func (s *Source) Commands() []string {
	dsn, err := s.opts.DSN()
	if err != nil {
		dsn = ""
	}
	return []string{s.dialect.command(dsn, s.opts.Query)}
}

// probeKey is the key of the change probe's position. It names the statement:
// the values of two different ones cannot be compared.
func (s *Source) probeKey() string {
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(s.opts.ChangeProbe), " ")))
	return reconcile.ProbePrefix + hex.EncodeToString(sum[:8])
}
