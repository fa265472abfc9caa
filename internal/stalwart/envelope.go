package stalwart

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	capCore     = "urn:ietf:params:jmap:core"
	capRegistry = "urn:stalwart:jmap"
	pathAPI     = "/jmap"
)

// capabilityOf names the capability that a method beyond the registry needs in
// "using"; since 0.16.10 the server insists on it.
var capabilityOf = map[string]string{
	"Mailbox":          "urn:ietf:params:jmap:mail",
	"Email":            "urn:ietf:params:jmap:mail",
	"SieveScript":      "urn:ietf:params:jmap:sieve",
	"ContactCard":      "urn:ietf:params:jmap:contacts",
	"CalendarEvent":    "urn:ietf:params:jmap:calendars",
	"FileNode":         "urn:ietf:params:jmap:filenode",
	"AddressBook":      "urn:ietf:params:jmap:contacts",
	"Calendar":         "urn:ietf:params:jmap:calendars",
	"Identity":         "urn:ietf:params:jmap:submission",
	"VacationResponse": "urn:ietf:params:jmap:vacationresponse",
}

// call is one method call; args are encoded as JSON.
type call struct {
	method string
	args   any
}

// answer is the answer to one method call: its arguments, or an error.
type answer struct {
	method string
	args   json.RawMessage
	err    error
}

// methodError is an error of a whole method call (RFC 8620, 3.6.2).
type methodError struct {
	Type        string `json:"type"`
	Description string `json:"description"`
}

// errUnavailable is the method error serverUnavailable. After a write it means
// that an object was changed at the same time; what stood before it in the same
// call may be done.
var errUnavailable = errors.New("the server says that it is temporarily unavailable")

// args is a JSON object whose order does not matter.
type args = map[string]any

// do sends the calls in one request and gives their answers in the same order.
// The error is about the whole request; with write it is an UncertainError
// where it is not known what was done.
func (s *jmapServer) do(ctx context.Context, write bool, calls ...call) ([]answer, error) {
	body, methods, err := encodeCalls(calls)
	if err != nil {
		return nil, err
	}
	if limit := s.limits.maxSizeRequest; limit > 0 && int64(len(body)) > limit {
		return nil, &TooLargeError{What: "the request", Limit: limit}
	}
	r := request{method: "POST", path: pathAPI, body: body, methods: methods, write: write}
	resp, err := s.http.exchange(ctx, r)
	if err != nil {
		if errors.Is(err, errMissing) {
			err = &MalformedError{Reason: "there is no JMAP endpoint (HTTP 404)"}
		}
		return nil, fmt.Errorf("%s: %w", strings.Join(slices.Compact(methods), ", "), err)
	}
	if s.http.rest {
		// Up to 0.15 a login that fails because of the directory is HTTP 200.
		if f := failure(resp.body); f != nil {
			return nil, &RefusedError{Type: s.http.creds.redact(f.Tag), Detail: "the login of the agent itself"}
		}
	}
	answers, err := s.decodeAnswers(resp.body, calls)
	if err != nil && write {
		return nil, &UncertainError{Cause: err}
	}
	for i := range answers {
		if !write && errors.Is(answers[i].err, errUnavailable) {
			answers[i].err = &UnreachableError{Reason: errUnavailable.Error(), hint: "look at the server's log"}
		}
	}
	return answers, err
}

// encodeCalls builds the envelope.
func encodeCalls(calls []call) (body []byte, methods []string, err error) {
	using := []string{capCore}
	list := make([][3]any, len(calls))
	for i, c := range calls {
		methods = append(methods, c.method)
		list[i] = [3]any{c.method, c.args, strconv.Itoa(i)}
		object, _, _ := strings.Cut(c.method, "/")
		if strings.HasPrefix(object, "x:") && !slices.Contains(using, capRegistry) {
			using = append(using, capRegistry)
		}
		if need, ok := capabilityOf[object]; ok && !slices.Contains(using, need) {
			using = append(using, need)
		}
	}
	body, err = encodeJSON(struct {
		Using       []string `json:"using"`
		MethodCalls [][3]any `json:"methodCalls"`
	}{using, list})
	if err != nil {
		return nil, nil, fmt.Errorf("encode the request: %w", err)
	}
	return body, methods, nil
}

// encodeJSON encodes without HTML escapes and without a final line end.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// decodeAnswers insists on one answer for each call, in order.
func (s *jmapServer) decodeAnswers(body []byte, calls []call) ([]answer, error) {
	var envelope struct {
		MethodResponses [][]json.RawMessage `json:"methodResponses"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return nil, &MalformedError{Reason: "it is not the JSON of a JMAP response"}
	}
	if len(envelope.MethodResponses) != len(calls) {
		return nil, &MalformedError{Reason: fmt.Sprintf("%d answers to %d calls", len(envelope.MethodResponses), len(calls))}
	}
	answers := make([]answer, len(calls))
	for i, parts := range envelope.MethodResponses {
		var name, id string
		if len(parts) != 3 || json.Unmarshal(parts[0], &name) != nil || json.Unmarshal(parts[2], &id) != nil ||
			id != strconv.Itoa(i) || (name != calls[i].method && name != "error") {
			return nil, &MalformedError{Reason: fmt.Sprintf("answer %d does not belong to %s", i+1, calls[i].method)}
		}
		answers[i] = answer{method: calls[i].method, args: parts[1]}
		if name == "error" {
			answers[i].err = s.methodFailure(calls[i].method, parts[1])
		}
	}
	return answers, nil
}

// methodFailure gives the typed form of a method error.
func (s *jmapServer) methodFailure(method string, raw json.RawMessage) error {
	var e methodError
	if json.Unmarshal(raw, &e) != nil || e.Type == "" {
		return &MalformedError{Reason: "an error without a type from " + method}
	}
	switch e.Type {
	case "forbidden":
		return &ForbiddenError{Permission: permissionFor(method), Detail: s.http.creds.redact(e.Description)}
	case "serverUnavailable":
		return errUnavailable
	case "requestTooLarge":
		return &TooLargeError{What: "the call " + method}
	case "unknownMethod":
		return &MalformedError{Reason: "it does not know the method " + method}
	}
	// The descriptions of the other types can repeat what was sent.
	return &RefusedError{Type: e.Type}
}

// decode reads the arguments of an answer, or gives its error.
func (a answer) decode(v any) error {
	if a.err != nil {
		return fmt.Errorf("%s: %w", a.method, a.err)
	}
	if err := json.Unmarshal(a.args, v); err != nil {
		return &MalformedError{Reason: "the arguments of " + a.method + " are not of the expected form"}
	}
	return nil
}
