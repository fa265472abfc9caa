package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"syncagent/internal/reconcile"
)

// The first and the last instant that unix nanoseconds can hold.
var (
	firstTime = time.Unix(0, math.MinInt64)
	lastTime  = time.Unix(0, math.MaxInt64)
)

// nanos is a time as it is stored.
func nanos(t time.Time) int64 {
	switch {
	case t.IsZero():
		return 0
	case t.Before(firstTime):
		return math.MinInt64
	case t.After(lastTime):
		return math.MaxInt64
	}
	return t.UnixNano()
}

// instant is the inverse of nanos.
func instant(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// hashBytes stores one hash; the zero hash is no bytes.
func hashBytes(h reconcile.Hash) []byte {
	if h.IsZero() {
		return []byte{}
	}
	return h[:]
}

// parseHash is the inverse of hashBytes.
func parseHash(b []byte) (reconcile.Hash, error) {
	var h reconcile.Hash
	if len(b) != 0 && copy(h[:], b) != len(b) || len(b) != 0 && len(b) != len(h) {
		return h, fmt.Errorf("%w (a hash has %d bytes)", ErrCorrupt, len(b))
	}
	return h, nil
}

// hashList stores hashes one after the other, zero ones included.
func hashList(list []reconcile.Hash) []byte {
	b := make([]byte, 0, len(list)*len(reconcile.Hash{}))
	for _, h := range list {
		b = append(b, h[:]...)
	}
	return b
}

// parseHashList is the inverse of hashList; no bytes give nil.
func parseHashList(b []byte) ([]reconcile.Hash, error) {
	const size = len(reconcile.Hash{})
	if len(b)%size != 0 {
		return nil, fmt.Errorf("%w (a list of hashes has %d bytes)", ErrCorrupt, len(b))
	}
	if len(b) == 0 {
		return nil, nil
	}
	list := make([]reconcile.Hash, len(b)/size)
	for i := range list {
		copy(list[i][:], b[i*size:])
	}
	return list, nil
}

// encode stores a value as JSON; what is empty is no text.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	if bytes.Equal(b, []byte("null")) || bytes.Equal(b, []byte("[]")) || bytes.Equal(b, []byte("{}")) {
		return "", nil
	}
	return string(b), nil
}

// decode is the inverse of encode; no text leaves v as it is.
func decode(text string, v any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("%w (%w)", ErrCorrupt, err)
	}
	return nil
}
