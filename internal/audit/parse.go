package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// errNotCanonical is a line that holds a record in another spelling than this
// package writes.
var errNotCanonical = errors.New("not written by syncagent: spelling differs")

// parse reads a line without its line feed. It accepts only the exact bytes
// that this package writes for the record; the hash is not compared.
func parse(line []byte) (Record, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &members); err != nil {
		return Record{}, fmt.Errorf("not JSON: %w", err)
	}
	r, err := fromMembers(members)
	if err != nil {
		return Record{}, err
	}
	if whole := r.line(); !bytes.Equal(whole[:len(whole)-1], line) {
		return r, errNotCanonical
	}
	return r, nil
}

func fromMembers(members map[string]json.RawMessage) (Record, error) {
	var r Record
	var at string
	for name, into := range map[string]any{
		"seq": &r.Seq, "time": &at, "run": &r.Run, "event": &r.Event, "phase": &r.Phase, "prev": &r.Prev,
		"hash": &r.Hash, "sig": &r.Signature,
	} {
		raw, found := members[name]
		if !found && name != "sig" {
			return r, fmt.Errorf("member %q is missing", name)
		}
		if found {
			if err := json.Unmarshal(raw, into); err != nil {
				return r, fmt.Errorf("member %q: %w", name, err)
			}
			delete(members, name)
		}
	}
	var err error
	if r.Time, err = time.Parse(time.RFC3339Nano, at); err != nil {
		return r, fmt.Errorf("member \"time\": %w", err)
	}
	for name, raw := range members {
		value, err := parseField(raw)
		if err != nil {
			return r, fmt.Errorf("member %q: %w", name, err)
		}
		if !fieldName.MatchString(name) {
			return r, fmt.Errorf("member %q: not a usable name", name)
		}
		if r.Fields == nil {
			r.Fields = map[string]any{}
		}
		r.Fields[name] = value
	}
	return r, nil
}

// parseField reads a field's value: a string, an int64, a bool or a list of
// strings.
func parseField(raw json.RawMessage) (any, error) {
	switch raw[0] {
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case 't', 'f':
		return string(raw) == "true", nil
	case '[':
		list := []string{}
		err := json.Unmarshal(raw, &list)
		return list, err
	}
	return strconv.ParseInt(string(raw), 10, 64)
}
