package stalwart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"syncagent/internal/reconcile"
)

// Import makes messages out of uploads: each item is an EmailImport object (RFC
// 8621, 4.8). The server does not look for duplicates. For each item there is
// an ID or a refusal. With an error (UncertainError) nobody knows what was
// done: list the account before trying again.
func (s *jmapServer) Import(ctx context.Context, id reconcile.AccountID, items []json.RawMessage) (ids []string, refusals []error, err error) {
	return s.mailWrite(ctx, id, "Email/import", "emails", "jmapEmailImport", items)
}

// Create makes objects of a type; for each item there is an ID or a refusal.
// Errors as for Import.
func (s *jmapServer) Create(ctx context.Context, id reconcile.AccountID, kind string, items []json.RawMessage) (
	ids []string, refusals []error, err error,
) {
	return s.mailWrite(ctx, id, kind+"/set", "create", "jmap"+kind+"Create", items)
}

// Change updates one object; refused by RefusedError.
func (s *jmapServer) Change(ctx context.Context, id reconcile.AccountID, kind, object string, patch json.RawMessage) error {
	set, err := s.mailSet(ctx, id, kind+"/set", "jmap"+kind+"Update", args{"update": map[string]json.RawMessage{object: patch}})
	if err != nil {
		return err
	}
	if refusal, refused := set.NotUpdated[object]; refused {
		return s.mailRefusal(refusal)
	}
	if _, done := set.Updated[object]; !done {
		return &UncertainError{Cause: &MalformedError{Reason: "the update is not answered"}}
	}
	return nil
}

// ActivateScript makes a Sieve script the active one.
func (s *jmapServer) ActivateScript(ctx context.Context, id reconcile.AccountID, script string) error {
	_, err := s.mailSet(ctx, id, "SieveScript/set", "jmapSieveScriptUpdate", args{"onSuccessActivateScript": script})
	return err
}

func (s *jmapServer) mailSet(ctx context.Context, id reconcile.AccountID, method, permission string, a args) (setAnswer, error) {
	var set setAnswer
	if _, err := idNumber(id); err != nil {
		return set, err
	}
	a["accountId"] = string(id)
	answers, err := s.do(ctx, true, call{method, a})
	if err != nil {
		return set, err
	}
	if err := s.decodeSet(answers[0], permission, &set); err != nil {
		if errors.Is(err, errUnavailable) {
			err = &UncertainError{Cause: err}
		}
		return set, fmt.Errorf("%s: %w", method, err)
	}
	return set, nil
}

func (s *jmapServer) mailWrite(ctx context.Context, id reconcile.AccountID, method, member, permission string,
	items []json.RawMessage,
) (ids []string, refusals []error, err error) {
	return s.mailWriteWith(ctx, id, method, member, permission, args{}, items)
}

// mailWriteWith is mailWrite with further arguments of the method.
func (s *jmapServer) mailWriteWith(ctx context.Context, id reconcile.AccountID, method, member, permission string, a args,
	items []json.RawMessage,
) (ids []string, refusals []error, err error) {
	objects := map[string]json.RawMessage{}
	// Keys of the ID alphabet only: some methods drop others in silence.
	key := func(i int) string { return "k" + string(jmapID(uint64(i))) } //nolint:gosec // an index is not negative
	for i, item := range items {
		objects[key(i)] = item
	}
	a[member] = objects
	set, err := s.mailSet(ctx, id, method, permission, a)
	if err != nil {
		return nil, nil, err
	}
	ids, refusals = make([]string, len(items)), make([]error, len(items))
	for i := range items {
		if made, ok := set.Created[key(i)]; ok && made.ID != "" {
			ids[i] = made.ID
		} else if refusal, ok := set.NotCreated[key(i)]; ok {
			refusals[i] = s.mailRefusal(refusal)
		} else {
			return nil, nil, &UncertainError{Cause: &MalformedError{Reason: method + " does not answer for every object"}}
		}
	}
	return ids, refusals, nil
}

func (s *jmapServer) mailRefusal(e setError) error {
	return &RefusedError{Type: s.http.creds.redact(e.Type), Detail: s.http.creds.redact(e.Description)}
}
