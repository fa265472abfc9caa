package audit

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestVerifySound(t *testing.T) {
	file, head := written(t, 5)
	report, err := verify([]string{file}, &head)
	if err != nil {
		t.Fatal(err)
	}
	if report.Records != 5 || report.Last != head || report.First.Seq != 1 || report.Before != start() || !report.Anchored || report.Unsigned != 5 {
		t.Errorf("%+v", report)
	}
}

func TestVerifyNamesTheFirstBadLine(t *testing.T) {
	file, head := written(t, 5)
	lines := strings.SplitAfter(strings.TrimSuffix(read(t, file), "\n"), "\n")
	lines[4] += "\n"
	edit := func(fn func([]string) []string) string { return strings.Join(fn(slices.Clone(lines)), "") }
	for name, c := range map[string]struct {
		text  string
		line  int
		fault Fault
	}{
		"value changed": {strings.Replace(edit(slices.Clone), "id-2", "id-9", 1), 3, FaultChanged},
		"spelling changed": {
			strings.Replace(edit(slices.Clone), `"misses":2`, `"misses": 2`, 1), 3, FaultChanged,
		},
		"member added twice": {strings.Replace(edit(slices.Clone), `"misses":2`, `"misses":3,"misses":2`, 1), 3, FaultChanged},
		"deleted":            {edit(func(l []string) []string { return slices.Delete(l, 2, 3) }), 3, FaultLost},
		"beginning deleted":  {edit(func(l []string) []string { return l[1:] }), 1, FaultLost},
		"swapped": {edit(func(l []string) []string {
			l[1], l[2] = l[2], l[1]
			return l
		}), 2, FaultLost},
		"moved back":   {edit(func(l []string) []string { return append(l, l[1]) }), 6, FaultReordered},
		"duplicated":   {edit(func(l []string) []string { return slices.Insert(l, 3, l[2]) }), 4, FaultDuplicated},
		"truncated":    {edit(func(l []string) []string { return l[:3] }), 3, FaultTruncated},
		"emptied":      {"", 0, FaultTruncated},
		"torn":         {edit(func(l []string) []string { l[4] = l[4][:20]; return l }), 5, FaultTorn},
		"feed cut":     {strings.TrimSuffix(edit(slices.Clone), "\n"), 5, FaultTorn},
		"text between": {edit(func(l []string) []string { return slices.Insert(l, 2, "hello\n") }), 3, FaultNotJSON},
		"blank line":   {edit(func(l []string) []string { return slices.Insert(l, 2, "\n") }), 3, FaultNotJSON},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, file, c.text)
			_, err := verify([]string{file}, &head)
			wantFault(t, err, c.line, c.fault)
		})
	}
}

// A record that was replaced together with its hash is found by the next one,
// a log that was written anew as a whole by the anchor.
func TestVerifyFindsForgery(t *testing.T) {
	file, head := written(t, 4)
	lines := strings.SplitAfter(read(t, file), "\n")
	r, err := parse([]byte(strings.TrimSuffix(lines[1], "\n")))
	if err != nil {
		t.Fatal(err)
	}
	r.Fields["to"] = "mallory@x"
	r.Hash = r.digest()
	lines[1] = string(r.line())
	write(t, file, strings.Join(lines, ""))
	_, err = verify([]string{file}, &head)
	wantFault(t, err, 3, FaultChanged)

	other, _ := written(t, 6) // The same records, and two more.
	wrong := Anchor{Seq: 4, Hash: strings.Repeat("ab", 32)}
	_, err = verify([]string{other}, &wrong)
	wantFault(t, err, 4, FaultChanged)
}

func TestVerifySeveralFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "audit.jsonl")
	l := openLog(t, file, nil)
	old := []string{filepath.Join(dir, "audit.2"), filepath.Join(dir, "audit.1")}
	for _, name := range old {
		add(t, l, rename(1))
		if err := os.Rename(file, name); err != nil {
			t.Fatal(err)
		}
		if err := l.Reopen(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	add(t, l, rename(2))
	head := l.Head()
	report, err := verify(append(old, file), &head)
	if err != nil {
		t.Fatal(err)
	}
	if report.Records != 5 || report.Before.Seq != 0 || !report.Anchored {
		t.Errorf("%+v", report)
	}
	// Without the older ones, the report tells where it begins.
	if report, err = verify([]string{file}, &head); err != nil || report.Before.Seq != 3 || report.Records != 2 {
		t.Errorf("%+v, %v", report, err)
	}
	_, err = verify([]string{old[0], file}, &head)
	wantFault(t, err, 1, FaultLost)
	_, err = verify([]string{old[1], old[0], file}, &head)
	wantFault(t, err, 1, FaultReordered)

	packed := old[0] + ".gz"
	out, err := os.Create(packed)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(out)
	if _, err := z.Write([]byte(read(t, old[0]))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := verify([]string{packed, old[1], file}, &head); err != nil {
		t.Error(err)
	}
}

func TestVerifySignatures(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	key := []byte("0123456789abcdef")
	add(t, openLog(t, file, nil), rename(0))
	l, err := Open(t.Context(), Options{File: file, Now: clock, SignKey: func() ([]byte, error) { return key, nil }})
	if err != nil {
		t.Fatal(err)
	}
	add(t, l, rename(1))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	opts := VerifyOptions{Files: []string{file}, Key: key}
	report, err := Verify(t.Context(), opts)
	if err != nil || report.Unsigned != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	opts.Key = []byte("another key, as long")
	_, err = Verify(t.Context(), opts)
	wantFault(t, err, 2, FaultSignature)
	add(t, openLog(t, file, nil), rename(2))
	opts.Key = key
	_, err = Verify(t.Context(), opts)
	wantFault(t, err, 3, FaultSignature)
	if _, err := Open(t.Context(), Options{File: file, SignKey: func() ([]byte, error) { return []byte("short"), nil }}); err == nil {
		t.Error("a short key was accepted")
	}
}

// Whatever one does to a log, Verify with the anchor finds it.
func TestAnyChangeIsFound(t *testing.T) {
	file, head := written(t, 8)
	whole := read(t, file)
	lines := strings.SplitAfter(whole, "\n")
	lines = lines[:len(lines)-1]
	rapid.Check(t, func(t *rapid.T) {
		changed := spoil(t, whole, lines)
		if changed == whole {
			t.Skip("no change")
		}
		if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		if report, err := verify([]string{file}, &head); err == nil {
			t.Fatalf("not found: %+v", report)
		}
	})
}

func spoil(t *rapid.T, whole string, lines []string) string {
	at := rapid.IntRange(0, len(whole)-1).Draw(t, "at")
	i := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
	j := rapid.IntRange(0, len(lines)-1).Draw(t, "other line")
	lines = slices.Clone(lines)
	switch rapid.SampledFrom([]string{"byte", "insert", "drop", "cut", "delete", "duplicate", "swap", "move"}).Draw(t, "how") {
	case "byte":
		return whole[:at] + string([]byte{rapid.Byte().Draw(t, "byte")}) + whole[at+1:]
	case "insert":
		return whole[:at] + string([]byte{rapid.Byte().Draw(t, "byte")}) + whole[at:]
	case "drop":
		return whole[:at] + whole[at+1:]
	case "cut":
		return whole[:at]
	case "delete":
		return strings.Join(slices.Delete(lines, min(i, j), max(i, j)+1), "")
	case "duplicate":
		return strings.Join(slices.Insert(lines, i, lines[j]), "")
	case "swap":
		lines[i], lines[j] = lines[j], lines[i]
		return strings.Join(lines, "")
	}
	moved := lines[i]
	return strings.Join(slices.Insert(slices.Delete(lines, i, i+1), min(j, len(lines)-1), moved), "")
}

func TestAppendOnlyCanonical(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	l := openLog(t, file, nil)
	add(t, l, Record{Run: "r\xff", Event: "e", Fields: map[string]any{
		"odd": "\xff\u2028<&>\x00\"\\", "list": []string{}, "nil_list": []string(nil), "big": int64(-1 << 62), "yes": true,
	}})
	var got []Record
	if err := Show(t.Context(), []string{file}, Filter{}, func(r Record) error {
		got = append(got, r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	expected := map[string]any{
		"odd": "\uFFFD\u2028<&>\x00\"\\", "list": []string{}, "nil_list": []string{}, "big": int64(-1 << 62), "yes": true,
	}
	if diff := cmp.Diff(expected, got[0].Fields); diff != "" {
		t.Error(diff)
	}
	if _, err := verify([]string{file}, nil); err != nil {
		t.Error(err)
	}
}
