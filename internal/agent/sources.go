package agent

import (
	"context"
	"fmt"

	"go.uber.org/zap"

	"syncagent/internal/config"
	"syncagent/internal/ldapsrc"
	"syncagent/internal/mapping"
	"syncagent/internal/sqlsrc"
)

// NewSource makes the source of a configuration. keepID is the ID attribute
// that "auto" chose in an earlier run. It does not use the network.
func NewSource(c config.Source, keepID string, log *zap.Logger) (Source, error) {
	if log == nil {
		log = zap.NewNop()
	}
	observe := func(message string, keyvals ...any) {
		log.Sugar().Debugw(message, append([]any{"source", c.Name}, keyvals...)...)
	}
	if c.LDAP != nil {
		options, err := ldapOptions(c, keepID, observe)
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", c.Name, err)
		}
		s, err := ldapsrc.New(options)
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", c.Name, err)
		}
		return ldapSource{s}, nil
	}
	s, err := sqlsrc.New(sqlOptions(c, observe))
	if err != nil {
		return nil, fmt.Errorf("source %s: %w", c.Name, err)
	}
	return sqlSource{s}, nil
}

func ldapOptions(c config.Source, keepID string, observe func(string, ...any)) (ldapsrc.Options, error) {
	l := c.LDAP
	key, err := l.TLS.ClientKey.Path()
	if err != nil {
		return ldapsrc.Options{}, fmt.Errorf("tls.client_key: %w", err)
	}
	o := ldapsrc.Options{
		Name: c.Name, URLs: l.URLs, StartTLS: l.StartTLS,
		TLS: ldapsrc.TLSOptions{
			CAFile: l.TLS.CAFile, ClientCert: l.TLS.ClientCert, ClientKey: key,
			ServerName: l.TLS.ServerName, InsecureSkipVerify: l.TLS.InsecureSkipVerify,
		},
		Bind:                   ldapsrc.Bind{DN: l.Bind.DN, SASLExternal: l.Bind.SASL == "external"},
		AllowPlaintextPassword: l.AllowPlaintextPassword,
		Bases:                  l.Base, Scope: string(l.Scope), Filter: l.Filter, PageSize: l.PageSize,
		Timeout: l.Timeout.Std(), Referrals: string(l.Referrals), LookupBase: l.LookupBase,
		ID: c.Map.ID, KeepID: keepID, Map: mapSpec(c.Map), Observe: observe,
	}
	if l.Bind.Password != nil {
		o.Bind.Password = l.Bind.Password.Read
	}
	if l.Leavers != nil {
		o.Leavers = ldapsrc.Leavers{Bases: l.Leavers.Bases, Filter: l.Leavers.Filter}
	}
	return o, nil
}

func sqlOptions(c config.Source, observe func(string, ...any)) sqlsrc.Options {
	q := c.SQL
	spec := mapSpec(c.Map)
	if q.Leavers != nil {
		spec.Leaver = mapping.LeaverSpec{Column: q.Leavers.Column, Is: q.Leavers.Is}
	}
	return sqlsrc.Options{
		Name: c.Name, Driver: string(q.Driver),
		DSN:   func() (string, error) { return q.DSN.Read(q.Driver) },
		Query: q.Query, Lookup: q.Lookup, Addresses: q.Addresses, Count: q.Count,
		ChangeProbe: q.ChangeProbe, Timeout: q.Timeout.Std(), ID: c.Map.ID, Map: spec, Observe: observe,
	}
}

func mapSpec(m config.Map) mapping.Spec {
	spec := mapping.Spec{
		ID: m.ID, IDNeverReused: m.IDNeverReused, Name: m.Name, NameAlso: m.NameAlso,
		SamePerson: m.SamePerson, Created: m.Created,
	}
	for _, a := range m.Addresses {
		spec.Addresses = append(spec.Addresses, mapping.AddressSpec{Attribute: a.Attribute, Prefix: a.Prefix})
	}
	if m.Kind != nil {
		spec.Kind = mapping.KindSpec{Attribute: m.Kind.Attribute, Values: map[string]string{}}
		for value, kind := range m.Kind.Values {
			spec.Kind.Values[value] = string(kind)
		}
	}
	if e := m.Enabled; e != nil {
		spec.Enabled = mapping.EnabledSpec{Attribute: e.Attribute, Absent: e.Absent, Is: e.Is, Not: e.Not, BitClear: e.BitClear}
	}
	return spec
}

// The rooms return their own types; these adapters make them one.
type (
	ldapSource struct{ *ldapsrc.Source }
	sqlSource  struct{ *sqlsrc.Source }
)

func (s ldapSource) OpenLookup(ctx context.Context, avoid string) (LookupSession, error) {
	session, err := s.Source.OpenLookup(ctx, avoid)
	if err != nil {
		return nil, err
	}
	return session, nil
}

func (s sqlSource) OpenLookup(ctx context.Context, avoid string) (LookupSession, error) {
	session, err := s.Source.OpenLookup(ctx, avoid)
	if err != nil {
		return nil, err
	}
	return session, nil
}

var (
	_ Source = ldapSource{}
	_ Source = sqlSource{}
)
