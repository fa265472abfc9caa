package mapping

import (
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"20260102030405Z":                 at,
		" 20260102030405Z ":               at,
		"20260102030405.5Z":               at.Add(500 * time.Millisecond),
		"20260102030405,123456Z":          at.Add(123456 * time.Microsecond),
		"20260102050405+0200":             at,
		"20260102050405+02":               at,
		"202601020304Z":                   at.Truncate(time.Minute),
		"2026010203Z":                     at.Truncate(time.Hour),
		"2026010203.5Z":                   at.Truncate(time.Hour).Add(30 * time.Minute),
		"202601020304.25Z":                at.Truncate(time.Minute).Add(15 * time.Second),
		"2026-01-02T03:04:05Z":            at,
		"2026-01-02T03:04:05.25Z":         at.Add(250 * time.Millisecond),
		"2026-01-02T05:04:05+02:00":       at,
		"2026-01-02 03:04:05":             at,
		"2026-01-02 03:04:05.000001":      at.Add(time.Microsecond),
		"2026-01-02 05:04:05+02":          at,
		"2026-01-02 05:04:05+02:00":       at,
		"2026-01-02 03:04:05 +0000 UTC":   at,
		"2026-01-02":                      at.Truncate(24 * time.Hour),
		"134117966450000000":              at,
		"134117966451234567":              at.Add(123456700),
		"116444736000000000":              time.Unix(0, 0).UTC(),
		"20260102030405.1234567890123Z":   {},
		"9223372036854775807":             {},
		"0":                               {},
		"":                                {},
		"never":                           {},
		"20261302030405Z":                 {},
		"20260102030405":                  {},
		"0000-00-00 00:00:00":             {},
		"0001-01-01T00:00:00Z":            {},
		"2026-01-02 03:04:05; DROP TABLE": {},
	} {
		got, ok := ParseTime(text)
		if ok == want.IsZero() || !got.Equal(want) {
			t.Errorf("ParseTime(%q) = %v, %v, want %v", text, got, ok, want)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"20260102030405.5Z", "134117966450000000", "2026-01-02", "2026010203,9+01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := ParseTime(text)
		if ok == got.IsZero() {
			t.Fatalf("ParseTime(%q) = %v, %v", text, got, ok)
		}
	})
}
