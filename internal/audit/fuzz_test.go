package audit

import (
	"bytes"
	"testing"
)

// Whatever parses is exactly what would be written for it.
func FuzzParse(f *testing.F) {
	r := rename(1)
	r.Time, r.Prev, r.Hash = noon, genesis, genesis
	for _, seed := range [][]byte{r.line(), []byte("{}"), []byte("null"), []byte(`{"seq":1}`), []byte(`{"seq":1,"list":[null]}`)} {
		f.Add(bytes.TrimSuffix(seed, []byte("\n")))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parse(line)
		if err != nil {
			return
		}
		if !bytes.Equal(bytes.TrimSuffix(r.line(), []byte("\n")), line) {
			t.Errorf("%q is written as %q", line, r.line())
		}
		if err := checkFields(r.Fields); err != nil && !bytes.Contains([]byte(err.Error()), []byte("secret")) {
			t.Error(err)
		}
	})
}
