package stalwart

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"syncagent/internal/reconcile"
)

// Fixed paths below the configured URL. The URLs that the session advertises
// carry the server's public name, which is often not reachable from here, and
// are not trusted.
const (
	pathSession   = "/jmap/session"
	pathAccount   = "/api/account"
	pathSchema    = "/api/schema"
	pathPrincipal = "/api/principal"
)

// limits are the server's limits from the session's core capability.
type limits struct {
	maxSizeRequest    int64
	maxCallsInRequest int
	maxObjectsInGet   int
	maxObjectsInSet   int
}

// usualLimits are those of every release (measured on 0.8.5 to 0.15.5), for a
// session that does not tell them.
var usualLimits = limits{10_000_000, 16, 500, 500}

// batch sizes: beyond 200 objects nothing gets faster; 50 writes keep a request
// short and limit what one failed call can leave half done.
const (
	pageSize   = 500
	getBatch   = 200
	writeBatch = 50
)

// session is the part of the session document that is used (RFC 8620, 2).
type session struct {
	Capabilities    map[string]json.RawMessage `json:"capabilities"`
	PrimaryAccounts map[string]string          `json:"primaryAccounts"`
	Username        string                     `json:"username"`
}

// readSession gets the session document. The server answers it without
// credentials too, then without accounts.
func (t *transport) readSession(ctx context.Context, anonymous bool) (session, *response, error) {
	var doc session
	resp, err := t.exchange(ctx, request{method: "GET", path: pathSession, anonymous: anonymous})
	if err != nil {
		return doc, nil, err
	}
	if resp.status != http.StatusOK {
		return doc, nil, &MalformedError{
			Reason: "it redirects to " + redirectTarget(resp.header) + ", which is not followed",
		}
	}
	if json.Unmarshal(resp.body, &doc) != nil || doc.Capabilities[capCore] == nil {
		return doc, nil, &MalformedError{Reason: "it is not the session document of a JMAP server"}
	}
	return doc, resp, nil
}

// login reads the session with credentials, and the limits from it.
func (s *jmapServer) login(ctx context.Context) error {
	doc, resp, err := s.http.readSession(ctx, false)
	if errors.Is(err, errMissing) {
		return &WrongGenerationError{Found: "it has no " + pathSession + " for a login (Stalwart 0.12.4 or older has none)"}
	}
	if err != nil {
		return err
	}
	if len(doc.PrimaryAccounts) == 0 {
		return s.http.stop(&UnauthorizedError{}) // a bare 200 is no login
	}
	own := reconcile.AccountID(doc.PrimaryAccounts[capRegistry])
	if own == "" {
		return &WrongGenerationError{Found: "its session has no " + capRegistry + " (Stalwart 0.15 or older, or another JMAP server)"}
	}
	if _, err := idNumber(own); err != nil {
		return &MalformedError{Reason: "the session names an own account that is no ID"}
	}
	s.info.Self, s.info.SelfName = own, doc.Username
	s.info.Skew = skew(resp)
	return s.readLimits(doc.Capabilities[capCore])
}

func (s *jmapServer) readLimits(raw json.RawMessage) error {
	var core struct {
		MaxSizeRequest    int64 `json:"maxSizeRequest"`
		MaxCallsInRequest int   `json:"maxCallsInRequest"`
		MaxObjectsInGet   int   `json:"maxObjectsInGet"`
		MaxObjectsInSet   int   `json:"maxObjectsInSet"`
	}
	if json.Unmarshal(raw, &core) != nil || core.MaxSizeRequest < 1 ||
		core.MaxCallsInRequest < 1 || core.MaxObjectsInGet < 1 || core.MaxObjectsInSet < 1 {
		return &MalformedError{Reason: "the session does not tell the limits of requests"}
	}
	s.limits = limits{core.MaxSizeRequest, core.MaxCallsInRequest, core.MaxObjectsInGet, core.MaxObjectsInSet}
	return nil
}

// skew compares the server's Date with the local clock; zero if there is none.
func skew(resp *response) time.Duration {
	date, err := http.ParseTime(resp.header.Get("Date"))
	if err != nil {
		return 0
	}
	// Date has no fractions: it is half a second behind on average.
	return date.Sub(resp.at.Truncate(time.Second)).Round(time.Second)
}
