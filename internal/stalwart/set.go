package stalwart

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"syncagent/internal/reconcile"
)

// setAnswer is the answer to an x:…/set; empty members are left out by the
// server.
type setAnswer struct {
	Created      map[string]created         `json:"created"`
	Updated      map[string]json.RawMessage `json:"updated"`
	Destroyed    []string                   `json:"destroyed"`
	NotCreated   map[string]setError        `json:"notCreated"`
	NotUpdated   map[string]setError        `json:"notUpdated"`
	NotDestroyed map[string]setError        `json:"notDestroyed"`
}

type created struct {
	ID string `json:"id"`
}

// setError is the refusal of one object (RFC 8620, 5.3, and the registry's own).
type setError struct {
	Type          string      `json:"type"`
	Description   string      `json:"description"`
	Properties    []string    `json:"properties"`
	ObjectID      *objectRef  `json:"objectId"`
	LinkedObjects []objectRef `json:"linkedObjects"`
}

type objectRef struct {
	Object string `json:"object"`
	ID     string `json:"id"`
}

// typed gives the refusal of an account as a typed error.
func (s *jmapServer) typed(e setError, id reconcile.AccountID, name, permission string) error {
	detail := s.http.creds.redact(e.Description)
	switch e.Type {
	case "primaryKeyViolation":
		if e.ObjectID == nil {
			return &PrimaryKeyViolationError{Object: "an object that the server does not name"}
		}
		return &PrimaryKeyViolationError{Owner: reconcile.AccountID(e.ObjectID.ID), Object: s.http.creds.redact(e.ObjectID.Object)}
	case "invalidForeignKey":
		if e.ObjectID != nil && e.ObjectID.Object == "Domain" {
			return &InvalidDomainError{Domain: reconcile.Domain(name)}
		}
	case "notFound":
		return &NotFoundError{Account: id}
	case "objectIsLinked":
		linked := &LinkedError{Account: id}
		for _, o := range e.LinkedObjects {
			linked.By = append(linked.By, s.http.creds.redact(o.Object+" "+o.ID))
		}
		slices.Sort(linked.By)
		return linked
	case "forbidden":
		return &ForbiddenError{Permission: permission, Detail: detail}
	case "invalidPatch":
		if slices.Contains(e.Properties, "name") {
			return &InvalidNameError{Name: name, Reason: strings.ToLower(strings.TrimSuffix(detail, "."))}
		}
	case "":
		return &UncertainError{Cause: &MalformedError{Reason: "a refusal without a type"}}
	}
	return &RefusedError{Type: s.http.creds.redact(e.Type), Detail: detail}
}

// updateOutcome tells what became of the update of one account. errUnavailable
// means that it may or may not be done: read it again.
func (s *jmapServer) updateOutcome(a answer, id reconcile.AccountID, name string) error {
	var set setAnswer
	if err := s.decodeSet(a, "sysAccountUpdate", &set); err != nil {
		return err
	}
	_, done := set.Updated[string(id)]
	refusal, refused := set.NotUpdated[string(id)]
	switch {
	case done && !refused:
		return nil
	case refused && !done:
		return s.typed(refusal, id, name, "")
	}
	return &UncertainError{Cause: &MalformedError{Reason: fmt.Sprintf("the update of account %q is not answered", string(id))}}
}

// decodeSet reads the answer to a set. A method error other than a refusal of
// the whole call leaves open what was done before it.
func (s *jmapServer) decodeSet(a answer, permission string, set *setAnswer) error {
	err := a.decode(set)
	if err == nil || errors.Is(err, errUnavailable) {
		return err
	}
	if f, ok := errors.AsType[*ForbiddenError](err); ok {
		f.Permission = permission // nothing of the call was done
		return err
	}
	if _, ok := errors.AsType[*TooLargeError](err); ok {
		return err
	}
	if r, ok := errors.AsType[*RefusedError](err); ok && r.Type != "serverFail" && r.Type != "serverPartialFail" {
		return err
	}
	return &UncertainError{Cause: err}
}
