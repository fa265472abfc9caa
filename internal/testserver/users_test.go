package testserver

import (
	"bytes"
	"strings"
	"testing"
)

func TestLDIFIsDeterministicAndUnique(t *testing.T) {
	var a, b bytes.Buffer
	for _, w := range []*bytes.Buffer{&a, &b} {
		if err := WriteLDIF(w, 500, func(i int) string { return ldifLine("title", "n"+UserName(i)) }); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two calls wrote different LDIF")
	}
	seen := map[string]bool{}
	for line := range strings.Lines(a.String()) {
		if strings.HasPrefix(line, "entryUUID: ") {
			seen[line] = true
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r > 0x7f }) {
			t.Errorf("line is not ASCII: %q", line)
		}
	}
	if len(seen) != 500 {
		t.Errorf("got %d different entryUUIDs, want 500", len(seen))
	}
}

func TestUserRowsCoverEveryUser(t *testing.T) {
	rows := UserRows(2500)
	if len(rows) != 3 {
		t.Fatalf("got %d statements, want 3", len(rows))
	}
	if n := strings.Count(strings.Join(rows, ""), "@example.test"); n != 2500 {
		t.Errorf("got %d users, want 2500", n)
	}
}
