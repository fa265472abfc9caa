package audit

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func shown(t testing.TB, file string, f Filter) []int64 {
	t.Helper()
	var seqs []int64
	if err := Show(t.Context(), []string{file}, f, func(r Record) error {
		seqs = append(seqs, r.Seq)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return seqs
}

// variedLog has a record each hour.
func variedLog(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	now := noon
	l, err := Open(t.Context(), Options{File: file, Now: func() time.Time {
		now = now.Add(time.Hour)
		return now
	}})
	if err != nil {
		t.Fatal(err)
	}
	add(t, l, Record{Run: "20261123-a", Event: "run", Phase: "begin"})
	add(t, l, Record{Run: "20261123-a", Event: "rename", Phase: "done", Fields: map[string]any{"from": "Alice@x", "to": "b@x"}})
	add(t, l, Record{Run: "20261124-b", Event: "delete", Phase: "done", Fields: map[string]any{"from": "=cmd()", "addresses": []string{"alice@x", "c,\"d"}}})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestShowFilters(t *testing.T) {
	file := variedLog(t)
	for name, c := range map[string]struct {
		filter Filter
		seqs   []int64
	}{
		"all":    {Filter{}, []int64{1, 2, 3}},
		"since":  {Filter{Since: noon.Add(2 * time.Hour)}, []int64{2, 3}},
		"until":  {Filter{Until: noon.Add(2 * time.Hour)}, []int64{1}},
		"run":    {Filter{Run: "20261124"}, []int64{3}},
		"event":  {Filter{Event: "rename"}, []int64{2}},
		"name":   {Filter{Name: "ALICE@X"}, []int64{2, 3}},
		"nobody": {Filter{Name: "alice"}, nil},
	} {
		if diff := cmp.Diff(c.seqs, shown(t, file, c.filter)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestShowTellsOfWhatItCannotRead(t *testing.T) {
	file := variedLog(t)
	write(t, file, "hello\n"+read(t, file))
	n := 0
	err := Show(t.Context(), []string{file}, Filter{}, func(Record) error {
		n++
		return nil
	})
	wantFault(t, err, 1, FaultNotJSON)
	if n != 3 {
		t.Errorf("%d records shown", n)
	}
}

func TestExport(t *testing.T) {
	file := variedLog(t)
	var out bytes.Buffer
	if err := Export(t.Context(), &out, JSON, []string{file}, Filter{Event: "rename"}); err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	if err := json.Unmarshal(out.Bytes(), &list); err != nil || len(list) != 1 || list[0]["to"] != "b@x" {
		t.Errorf("%v, %v", list, err)
	}
	out.Reset()
	if err := Export(t.Context(), &out, JSON, []string{file}, Filter{Event: "none"}); err != nil || out.String() != "[]\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	out.Reset()
	if err := Export(t.Context(), &out, CSV, []string{file}, Filter{}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%v, %v", rows, err)
	}
	expected := []string{"3", "2026-11-23T15:00:00Z", "20261124-b", "delete", "done", "", "", "", "'=cmd()", "", "", "", `addresses=alice@x c,"d`}
	if diff := cmp.Diff(expected, rows[3][:13]); diff != "" {
		t.Error(diff)
	}
	if err := Export(t.Context(), &out, "xml", []string{file}, Filter{}); err == nil {
		t.Error("xml was accepted")
	}
}
