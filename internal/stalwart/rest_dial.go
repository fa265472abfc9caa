package stalwart

import (
	"context"
	"encoding/base64"
	"net/url"
	"strings"

	"syncagent/internal/reconcile"
)

// dialREST goes on after the anonymous requests have shown, or the configuration
// has said, that the server is older than 0.16.
func dialREST(ctx context.Context, o Options, base *url.URL, t *transport, known span, configured bool) (*restServer, error) {
	t.rest = true
	s := &restServer{
		http: t, version: known, deleteTimeout: o.DeleteTimeout,
		nameOf: map[reconcile.AccountID]string{}, cut: map[reconcile.AccountID]bool{},
		proven: map[reconcile.AccountID]bool{}, raw: map[reconcile.AccountID]map[string]rawResource{},
	}
	if known.before(5, 0) {
		return nil, s.tooOld()
	}
	if err := s.useBasic(); err != nil {
		return nil, err
	}
	s.info.SelfName = strings.ToLower(strings.TrimSpace(t.creds.username))
	if err := s.login(ctx); err != nil {
		return nil, err
	}
	if s.version.before(5, 0) {
		return nil, s.tooOld()
	}
	if err := s.readRights(ctx); err != nil {
		return nil, err
	}
	if err := s.probe(ctx); err != nil {
		return nil, err
	}
	s.info.Generation, s.info.Version = s.version.label(), s.version.String()
	s.info.AscendingIDs, s.info.SlowListing = s.version.since(12, 0), !s.version.since(10, 0)
	s.info.RowFirst = !s.version.before(15, 0)
	if s.info.Edition == "" {
		s.info.Edition = "oss"
	}
	s.decideAbilities(configured)
	s.readFingerprint(base)
	s.info.Warnings = append(s.info.Warnings, commonWarnings(o, t, s.info.Skew)...)
	if !t.creds.apiKey {
		s.mail = &jmapServer{http: t, permissions: map[string]bool{}}
		if s.mail.readLimits(s.core) != nil {
			s.mail.limits = usualLimits
		}
	}
	return s, nil
}

func (s *restServer) tooOld() error {
	return &WrongGenerationError{Found: "Stalwart " + s.version.String() + " destroys message bodies when an account is renamed " +
		"and lists no accounts"}
}

// useBasic turns an API key into a Basic login: as Bearer each call counts
// towards the limit of anonymous requests, and a changed key can be refused for
// ever (measured on 0.15.5). Before 0.13.0 API keys are looked up in the external
// directory, so that they never work: such a server is not asked at all.
func (s *restServer) useBasic() error {
	c := &s.http.creds
	if c.username != "" {
		return nil
	}
	if s.version.before(13, 0) {
		return &OptionsError{"server.api_key", "Stalwart " + s.version.String() +
			" accepts API keys only without an external directory; use server.username and server.password"}
	}
	text := c.secret
	if encoded, ok := strings.CutPrefix(text, "api_"); ok {
		if raw, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			text = string(raw)
		}
	}
	name, secret, ok := strings.Cut(text, ":")
	if !ok || name == "" || secret == "" {
		return &OptionsError{"server.api_key", "is not an API key of Stalwart before 0.16; these are NAME:SECRET, or begin with api_"}
	}
	c.username, c.secret, c.apiKey = name, secret, true
	return nil
}
