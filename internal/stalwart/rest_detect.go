package stalwart

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
)

// Paths of detection.
const (
	pathWellKnown = "/.well-known/jmap"
	pathOAuth     = "/api/oauth"
)

// What the anonymous requests can show.
var (
	upTo0124   = span{release{3, 0}, release{12, 4}}
	is0125     = exactly(release{12, 5})
	from0125   = span{release{12, 5}, release{15, lastPatch}}
	from0140   = span{release{14, 0}, release{15, lastPatch}}
	is07to0102 = span{release{7, 0}, release{10, 2}}
)

// surveyOld tells, without credentials, 0.3 to 0.12.4 from another program:
// these want a login for the session document, in a problem document of theirs.
func (t *transport) surveyOld(ctx context.Context) error {
	_, err := t.exchange(ctx, request{method: "GET", path: pathWellKnown, anonymous: true})
	if _, refused := errors.AsType[*UnauthorizedError](err); refused {
		return nil
	}
	if err == nil || errors.Is(err, errMissing) {
		return &WrongGenerationError{Found: "it has no session document of JMAP, so it is another program"}
	}
	return err
}

// restSession is the session document of 0.5 to 0.15.
type restSession struct {
	Capabilities    map[string]json.RawMessage `json:"capabilities"`
	PrimaryAccounts map[string]string          `json:"primaryAccounts"`
	Error           string                     `json:"error"`
}

// login reads the session of a password login: it tells the own account and, up
// to 0.11.8, something about the version. API keys cannot read it, and trying
// counts as a failed login.
func (s *restServer) login(ctx context.Context) error {
	if s.http.creds.apiKey {
		return nil
	}
	path := pathSession
	if s.version.before(12, 5) {
		path = pathWellKnown
	}
	resp, err := s.http.exchange(ctx, request{method: "GET", path: path, permission: "authenticate"})
	if _, moved := errors.AsType[*MalformedError](err); moved {
		return &WrongGenerationError{Found: "its session document is not where Stalwart " + s.version.String() + " has it"}
	}
	if errors.Is(err, errMissing) {
		return &WrongGenerationError{Found: "it has no " + path + " for a login"}
	}
	if err != nil {
		return err
	}
	var doc restSession
	if json.Unmarshal(resp.body, &doc) != nil {
		return &MalformedError{Reason: path + " is not the session document of a JMAP server"}
	}
	if doc.Error != "" {
		return &RefusedError{Type: s.http.creds.redact(doc.Error), Detail: "the login of the agent itself"}
	}
	own := doc.PrimaryAccounts["urn:ietf:params:jmap:mail"]
	if doc.Capabilities[capCore] == nil || own == "" {
		return s.http.stop(&UnauthorizedError{})
	}
	n, err := idNumber(accountID(own))
	if err != nil {
		return &MalformedError{Reason: "the session names an own account that is no ID"}
	}
	s.info.Self, s.info.Skew, s.core = decimalID(n), skew(resp), doc.Capabilities[capCore]
	return s.narrow(implementation(doc))
}

// implementation is how the server's Sieve capability names the server.
func implementation(doc restSession) string {
	var sieve struct {
		Implementation string `json:"implementation"`
	}
	_ = json.Unmarshal(doc.Capabilities["urn:ietf:params:jmap:sieve"], &sieve) // absent is an answer
	return sieve.Implementation
}

// narrow takes in what the implementation string says. A version that was
// configured stays.
func (s *restServer) narrow(text string) error {
	told, ok := span{}, false
	switch version, stalwart := strings.CutPrefix(text, "Stalwart JMAP v"); {
	case version == "0.1.0":
		told, ok = is07to0102, true // the number of another package
	case stalwart:
		told, ok = reported(version)
	case text == "Stalwart v1.0.0":
		told, ok = span{release{12, 0}, release{15, lastPatch}}, true
	}
	if !ok {
		return &WrongGenerationError{Found: "its session does not name a version of Stalwart"}
	}
	return s.meet(told)
}

// meet keeps what two findings have in common.
func (s *restServer) meet(told span) error {
	low, high := s.version.low, s.version.high
	if told.low.compare(low) > 0 {
		low = told.low
	}
	if told.high.compare(high) < 0 {
		high = told.high
	}
	if low.compare(high) > 0 {
		return &WrongGenerationError{Found: "it says that it is " + told.String() + ", but was taken for " +
			s.version.String() + "; correct server.generation"}
	}
	if s.version.low != s.version.high {
		s.version = span{low, high}
	}
	return nil
}

// probeName is a name that nobody has.
const probeName = "syncagent-probe-no-such-account-7f3a"

// probe separates 0.8.5 from 0.9, which say in different ways that a principal
// is not there.
func (s *restServer) probe(ctx context.Context) error {
	if !s.version.has(8, 5) || !s.version.has(9, 0) {
		return nil
	}
	resp, err := s.http.exchange(ctx, request{method: "GET", path: s.base() + "/principal", segment: probeName})
	switch {
	case errors.Is(err, errNoAccount):
		return s.meet(span{release{7, 0}, release{8, 5}})
	case err != nil:
		return err
	}
	if e := failure(resp.body); e == nil || e.Tag != "notFound" {
		return &MalformedError{Reason: "a name that nobody has is answered in an unknown way"}
	}
	return s.meet(span{release{9, 0}, release{9, lastPatch}})
}
