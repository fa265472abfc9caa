package audit

import (
	"path/filepath"
	"testing"
)

func BenchmarkAppend(b *testing.B) {
	l := openLog(b, filepath.Join(b.TempDir(), "audit.jsonl"), nil)
	for b.Loop() {
		add(b, l, rename(1))
	}
}

func BenchmarkVerify(b *testing.B) {
	file := filepath.Join(b.TempDir(), "audit.jsonl")
	l := openLog(b, file, nil)
	records := make([]Record, 10_000)
	for i := range records {
		records[i] = rename(i)
	}
	if err := l.Append(b.Context(), records...); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verify([]string{file}, nil); err != nil {
			b.Fatal(err)
		}
	}
}
