package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Record is one line of the log. For Append, Run, Event, Phase and Fields are
// given; the rest is filled in.
type Record struct {
	// Seq counts from 1 over all files of the log.
	Seq  int64
	Time time.Time
	// Run is the run's ID, empty outside of one.
	Run string
	// Event is what it is about: an action kind, or "run", "detected", "approved"…
	Event string
	// Phase is "intent", "done", "failed" and the like; it may be empty.
	Phase string
	// Fields hold a string, int, int64, bool or []string each. Names are
	// lower-case words joined by "_".
	Fields map[string]any
	// Prev is the hash of the record before, Hash that of this one: lower-case
	// hex of SHA-256.
	Prev string
	Hash string
	// Signature is the lower-case hex of HMAC-SHA-256 over Hash; empty without a
	// key.
	Signature string
}

// Anchor names a record by number and hash. The ledger remembers the last one,
// so that a log that was cut at its end is found out.
type Anchor struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// genesis is the Prev of the first record.
var genesis = strings.Repeat("0", sha256.Size*2)

// start is the anchor of an empty log.
func start() Anchor { return Anchor{Hash: genesis} }

// maxLine bounds a line; no honest record comes near it.
const maxLine = 1 << 20

var fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// reserved are the members that every record has.
var reserved = []string{"seq", "time", "run", "event", "phase", "prev", "hash", "sig"}

// checkFields refuses what a record cannot hold.
func checkFields(fields map[string]any) error {
	for name, value := range fields {
		if !fieldName.MatchString(name) || slices.Contains(reserved, name) {
			return fmt.Errorf("audit field %q: not a usable name", name)
		}
		if secretName.MatchString(name) {
			return fmt.Errorf("audit field %q: %w", name, ErrSecret)
		}
		switch value.(type) {
		case string, int, int64, bool, []string:
		default:
			return fmt.Errorf("audit field %q: a %T cannot be recorded", name, value)
		}
	}
	return nil
}

// body is the canonical JSON of a record without hash and signature and
// without the closing brace: fixed members first, fields by name, prev last.
func (r Record) body() []byte {
	var b bytes.Buffer
	b.WriteString(`{"seq":`)
	b.WriteString(strconv.FormatInt(r.Seq, 10))
	member(&b, "time", r.Time.UTC().Format(time.RFC3339Nano))
	member(&b, "run", r.Run)
	member(&b, "event", r.Event)
	member(&b, "phase", r.Phase)
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		member(&b, name, r.Fields[name])
	}
	member(&b, "prev", r.Prev)
	return b.Bytes()
}

// digest is the hash of a record's canonical JSON.
func (r Record) digest() string {
	sum := sha256.Sum256(append(r.body(), '}'))
	return hex.EncodeToString(sum[:])
}

// line is the whole record as it stands in the file, with its line feed.
func (r Record) line() []byte {
	b := bytes.NewBuffer(r.body())
	member(b, "hash", r.Hash)
	if r.Signature != "" {
		member(b, "sig", r.Signature)
	}
	b.WriteString("}\n")
	return b.Bytes()
}

func (r Record) anchor() Anchor { return Anchor{Seq: r.Seq, Hash: r.Hash} }

// member writes one member of an object after the first.
func member(b *bytes.Buffer, name string, value any) {
	b.WriteString(`,"` + name + `":`)
	switch v := value.(type) {
	case string:
		text(b, v)
	case int:
		b.WriteString(strconv.Itoa(v))
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case []string:
		b.WriteByte('[')
		for i, s := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			text(b, s)
		}
		b.WriteByte(']')
	}
}

// text writes a JSON string; bytes that are not UTF-8 become U+FFFD first, so
// that reading and writing again gives the same bytes.
func text(b *bytes.Buffer, s string) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(strings.ToValidUTF8(s, "\uFFFD")) // A string in memory cannot fail.
	b.Truncate(b.Len() - 1)                          // The encoder's line feed.
}
