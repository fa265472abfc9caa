package archive

import (
	"os"
	"path/filepath"
	"testing"
)

func TestStores(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	id := w.account("leaver@example.org")
	want := mustExport(t, w, dir, id)
	for _, other := range []string{partialMark + "x-d", "unrelated"} {
		if err := os.Mkdir(filepath.Join(dir, other), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Stores(dir)
	if err != nil || len(got) != 1 || got[0].Path != want.Path || got[0].Account != id || got[0].Server != "fingerprint" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := Stores(filepath.Join(dir, "missing")); err != nil || got != nil {
		t.Errorf("missing: %v, %v", got, err)
	}
}
