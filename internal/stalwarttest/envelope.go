package stalwarttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// capabilities are the URNs that a client may name in `using`.
var capabilities = []string{
	"urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:calendars",
	"urn:ietf:params:jmap:calendars:parse", "urn:ietf:params:jmap:contacts", "urn:ietf:params:jmap:contacts:parse",
	"urn:ietf:params:jmap:filenode", "urn:ietf:params:jmap:principals",
	"urn:ietf:params:jmap:principals:availability", "urn:ietf:params:jmap:submission",
	"urn:ietf:params:jmap:vacationresponse", "urn:ietf:params:jmap:sieve", "urn:ietf:params:jmap:blob",
	"urn:ietf:params:jmap:quota", "urn:ietf:params:jmap:emailpush", "urn:ietf:params:jmap:webpush-vapid",
	"urn:ietf:params:jmap:websocket",
}

// accountOnly are capabilities that appear in accounts only, not at the top of the session document.
var accountOnly = []string{"urn:ietf:params:jmap:mail:share", registryCapability}

const (
	registryCapability = "urn:stalwart:jmap"
	maxSizeRequest     = 10_000_000
	maxCallsInRequest  = 16
)

// Call is one method call of a JMAP request.
type Call struct {
	Name string
	Args map[string]json.RawMessage
	ID   string
}

// object is a JSON object whose members keep their order: the server executes updates in that order.
type object []member

type member struct {
	name  string
	value json.RawMessage
}

// UnmarshalJSON reads the members in order.
func (o *object) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	first, err := dec.Token()
	if err != nil {
		return err
	}
	if first == nil {
		return nil
	}
	if first != json.Delim('{') {
		return errors.New("invalid type, expected a map")
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		m := member{}
		m.name, _ = name.(string)
		if err := dec.Decode(&m.value); err != nil {
			return err
		}
		*o = append(*o, m)
	}
	return nil
}

// parseRequest reads the envelope; a nil result means notRequest. Only the shape is checked here.
func parseRequest(body []byte) (using []string, calls []Call, ok bool) {
	var envelope struct {
		Using       []string             `json:"using"`
		MethodCalls *[][]json.RawMessage `json:"methodCalls"`
	}
	if json.Unmarshal(body, &envelope) != nil || envelope.MethodCalls == nil {
		return nil, nil, false
	}
	for _, urn := range envelope.Using {
		if !slices.Contains(capabilities, urn) && !slices.Contains(accountOnly, urn) {
			return nil, nil, false
		}
	}
	for _, raw := range *envelope.MethodCalls {
		var c Call
		if len(raw) != 3 || json.Unmarshal(raw[0], &c.Name) != nil || json.Unmarshal(raw[1], &c.Args) != nil ||
			json.Unmarshal(raw[2], &c.ID) != nil {
			return nil, nil, false
		}
		calls = append(calls, c)
	}
	return envelope.Using, calls, true
}

// answer is one entry of methodResponses.
type answer struct {
	name string
	body any
	id   string
}

// MarshalJSON writes the triple.
func (a answer) MarshalJSON() ([]byte, error) { return json.Marshal([]any{a.name, a.body, a.id}) }

// methodError is a JMAP method-level error.
type methodError struct {
	kind        string
	description string
}

func (e *methodError) answer(id string) answer {
	return answer{"error", map[string]any{"type": e.kind, "description": e.description}, id}
}

var (
	errTooLarge = &methodError{"requestTooLarge", "The number of ids requested by the client exceeds the maximum " +
		"number the server is willing to process in a single method call."}
	errUnavailable = &methodError{"serverUnavailable", "This server is temporarily unavailable. Attempting this same " +
		"operation later may succeed."}
	errNotAllowed = &methodError{"forbidden", "You are not authorized to perform this action"}
)

// execute answers POST /jmap.
func (s *Server) execute(r *request) response {
	if kind := r.http.Header.Get("Content-Type"); kind != "" && mediaType(kind) != "application/json" {
		return problem(http.StatusBadRequest, map[string]any{
			"type":   "urn:ietf:params:jmap:error:notJSON",
			"detail": "Failed to parse JSON: The Content-Type header must be application/json.",
		})
	}
	if len(r.body) > maxSizeRequest {
		return limitProblem("maxSizeRequest", "The request is larger than the server is willing to process.")
	}
	using, calls, ok := parseRequest(r.body)
	if s.rest != nil {
		known := s.rest.v.capabilities()
		ok = ok && !slices.ContainsFunc(using, func(urn string) bool { return !slices.Contains(known, urn) })
	}
	if !ok {
		return problem(http.StatusBadRequest, map[string]any{
			"type":   "urn:ietf:params:jmap:error:notRequest",
			"detail": string(r.body),
		})
	}
	if len(calls) > maxCallsInRequest {
		return limitProblem("maxCallsInRequest",
			"The request exceeds the maximum number of calls in a single request.")
	}
	defer s.releaseWrites(r.n)
	answers := []answer{}
	for i, c := range calls {
		r.fault.betweenCalls(c, i)
		answers = append(answers, s.dispatch(r, using, c, answers)...)
	}
	return jsonResponse(map[string]any{"methodResponses": answers, "sessionState": sessionState})
}

func mediaType(header string) string {
	kind, _, _ := strings.Cut(header, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

func limitProblem(limit, detail string) response {
	return problem(http.StatusBadRequest, map[string]any{
		"type": "urn:ietf:params:jmap:error:limit", "detail": detail,
		"limit": limit,
	})
}
