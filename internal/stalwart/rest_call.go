package stalwart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"syncagent/internal/reconcile"
)

// restFailure is an error that comes as HTTP 200.
type restFailure struct {
	Tag     string `json:"error"`
	Field   string `json:"field"`
	Value   string `json:"value"`
	Item    string `json:"item"`
	Details string `json:"details"`
}

// failure reads the error of a 200 answer, nil if there is none. Tags begin with
// a capital letter in 0.7 and 0.8, and with a small one before and after.
func failure(body []byte) *restFailure {
	var probe map[string]json.RawMessage
	if json.Unmarshal(body, &probe) != nil || probe["error"] == nil {
		return nil
	}
	f := &restFailure{}
	if json.Unmarshal(body, f) != nil {
		f = &restFailure{} // one member has another form: the tag decides
		_ = json.Unmarshal(probe["error"], &f.Tag)
	}
	if f.Tag == "" {
		return &restFailure{Tag: "unknown"}
	}
	f.Tag = strings.ToLower(f.Tag[:1]) + f.Tag[1:]
	return f
}

// data reads the member "data" of an answer that says success. It must be there,
// also where it is null.
func data(body []byte, v any) error {
	var envelope map[string]json.RawMessage
	if json.Unmarshal(body, &envelope) != nil {
		return &MalformedError{Reason: "it is not the JSON of a Stalwart server"}
	}
	raw, ok := envelope["data"]
	if !ok {
		return &MalformedError{Reason: "the answer has no data"}
	}
	if v != nil && json.Unmarshal(raw, v) != nil {
		return &MalformedError{Reason: "the data of the answer is not of the expected form"}
	}
	return nil
}

// on builds a request about the principal of a name.
func (s *restServer) on(method, name, permission string) (request, error) {
	escape := s.version.segment
	if method == "GET" {
		escape = s.version.readable
	}
	segment, err := escape(name)
	if err != nil {
		return request{}, err
	}
	return request{method: method, path: s.base() + "/principal", segment: segment, permission: permission, write: method != "GET"}, nil
}

// send sends a request and gives the body of an answer that is no failure.
// errNoAccount says that the name of the request leads to no principal.
func (s *restServer) send(ctx context.Context, r request, name string) ([]byte, error) {
	resp, err := s.http.exchange(ctx, r)
	if err != nil {
		return nil, err
	}
	f := failure(resp.body)
	switch {
	case f == nil:
		return resp.body, nil
	case f.Tag == "notFound" && (f.Item == "" || f.Item == name): // 0.9 does not tell the name
		return nil, errNoAccount
	}
	return nil, s.typed(f)
}

// typed gives the error of a failure.
func (s *restServer) typed(f *restFailure) error {
	switch f.Tag {
	case "alreadyExists", "fieldAlreadyExists":
		return &PrimaryKeyViolationError{Object: "Account"}
	case "notFound":
		return &InvalidDomainError{Domain: s.http.creds.redact(f.Item)}
	case "unsupported", "unsupportedDirectoryOperation":
		return s.unsupported("do this with an external directory", "upgrade to 0.10 or later")
	case "assertFailed":
		return &ConflictError{}
	}
	return &RefusedError{Type: s.http.creds.redact(f.Tag), Detail: s.http.creds.redact(f.Details)}
}

// lookup reads the principal of a name: errNoAccount if there is none. The name
// in the answer must be the one that was asked for.
func (s *restServer) lookup(ctx context.Context, name string) (principal, error) {
	r, err := s.on("GET", name, "individual-get")
	if err != nil {
		return principal{}, err
	}
	body, err := s.send(ctx, r, name)
	if err != nil {
		return principal{}, err
	}
	var p principal
	if err := data(body, &p); err != nil {
		return principal{}, err
	}
	if p.ID == nil || p.Type == "" {
		return principal{}, &MalformedError{Reason: "a principal lacks its ID or type"}
	}
	if p.Name != name {
		return principal{}, &NotThisAccountError{Name: name, Found: fmt.Sprintf("an answer about %q", p.Name)}
	}
	s.remember(decimalID(*p.ID), p.Name)
	return p, nil
}

// locate finds out the present name of an account and reads it there: the echo
// check before every write. Errors: NotFoundError, NotThisAccountError if it is
// no ordinary user, and those of requests.
func (s *restServer) locate(ctx context.Context, id reconcile.AccountID) (principal, error) {
	if _, err := number(id); err != nil {
		return principal{}, err
	}
	if name, known := s.lastName(id); known {
		p, err := s.lookup(ctx, name)
		if err == nil && decimalID(*p.ID) == id {
			return p, s.ordinary(p)
		}
		if err != nil && !errors.Is(err, errNoAccount) {
			return p, err
		}
	}
	// It has another name now, or was never seen: only a listing tells.
	rows, err := s.list(ctx)
	if err != nil {
		return principal{}, err
	}
	for _, row := range rows {
		if decimalID(*row.ID) != id {
			continue
		}
		p, err := s.lookup(ctx, row.Name)
		if errors.Is(err, errNoAccount) || err == nil && decimalID(*p.ID) != id {
			return p, &ConflictError{}
		}
		if err != nil {
			return p, err
		}
		return p, s.ordinary(p)
	}
	return principal{}, &NotFoundError{Account: id}
}

// ordinary refuses what is not proven to be an ordinary user.
func (s *restServer) ordinary(p principal) error {
	if s.kindOf(p) == reconcile.KindIndividual {
		return nil
	}
	return &NotThisAccountError{Account: decimalID(*p.ID), Name: p.Name, Found: "no ordinary user (type " + s.http.creds.redact(p.Type) + ")"}
}
