package mapping

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestUUIDByteOrders(t *testing.T) {
	b := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	if got, err := UUIDText(b); err != nil || got != "00010203-0405-0607-0809-0a0b0c0d0e0f" {
		t.Errorf("UUIDText = %q, %v", got, err)
	}
	if got, err := GUIDText(b); err != nil || got != "03020100-0504-0706-0809-0a0b0c0d0e0f" {
		t.Errorf("GUIDText = %q, %v", got, err)
	}
	for _, n := range []int{0, 15, 17} {
		if _, err := UUIDText(make([]byte, n)); !errors.Is(err, ErrIDForm) {
			t.Errorf("UUIDText of %d bytes: %v", n, err)
		}
		if _, err := GUIDText(make([]byte, n)); !errors.Is(err, ErrIDForm) {
			t.Errorf("GUIDText of %d bytes: %v", n, err)
		}
	}
}

func TestIDsGoThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes")
		uuid, err := UUIDText(b)
		if err != nil {
			t.Fatal(err)
		}
		if canonical, ok := CanonicalUUID(strings.ToUpper(uuid)); !ok || canonical != uuid {
			t.Fatalf("CanonicalUUID(%q) = %q, %v", uuid, canonical, ok)
		}
		if back, err := UUIDBytes(uuid); err != nil || !bytes.Equal(back, b) {
			t.Fatalf("UUIDBytes(%q) = %x, %v, want %x", uuid, back, err, b)
		}
		guid, err := GUIDText(b)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := GUIDBytes(guid); err != nil || !bytes.Equal(back, b) {
			t.Fatalf("GUIDBytes(%q) = %x, %v, want %x", guid, back, err, b)
		}
		if back, err := HexBytes(Hex(b)); err != nil || !bytes.Equal(back, b) {
			t.Fatalf("HexBytes(%q) = %x, %v, want %x", Hex(b), back, err, b)
		}
	})
}

func TestNSUniqueID(t *testing.T) {
	if got, err := NSUniqueID(" A1B2C3D4-00000001-89ABCDEF-FFFFFFFF "); err != nil || got != "a1b2c3d4-00000001-89abcdef-ffffffff" {
		t.Errorf("NSUniqueID = %q, %v", got, err)
	}
	for _, s := range []string{"", "a1b2c3d4", "a1b2c3d4-00000001-89abcdef", "a1b2c3d4-00000001-89abcdef-fffffffg", "550e8400-e29b-41d4-a716-446655440000"} {
		if _, err := NSUniqueID(s); !errors.Is(err, ErrIDForm) {
			t.Errorf("NSUniqueID(%q): %v", s, err)
		}
	}
}

func TestTextID(t *testing.T) {
	for text, want := range map[string]error{
		"alice": nil, " Alice ": nil, "é": nil, strings.Repeat("x", 255): nil,
		"": ErrIDEmpty, "  ": ErrIDEmpty, strings.Repeat("x", 256): ErrIDTooLong,
		"a\x00": ErrIDText, "a\n": ErrIDText, "\xff": ErrIDText,
	} {
		got, err := TextID(text)
		if !errors.Is(err, want) || (err == nil && string(got) != text) {
			t.Errorf("TextID(%q) = %q, %v, want error %v", text, got, err, want)
		}
	}
}

func FuzzCanonicalUUID(f *testing.F) {
	f.Add("550E8400-e29b-41d4-a716-446655440000")
	f.Add("{550e8400-e29b-41d4-a716-446655440000}")
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := CanonicalUUID(s)
		if !ok {
			if got != "" {
				t.Fatalf("CanonicalUUID(%q) = %q without ok", s, got)
			}
			return
		}
		b, err := UUIDBytes(s)
		if err != nil {
			t.Fatalf("UUIDBytes(%q): %v", s, err)
		}
		if back, err := UUIDText(b); err != nil || back != got || len(got) != 36 {
			t.Fatalf("CanonicalUUID(%q) = %q, back %q, %v", s, got, back, err)
		}
	})
}
