package ldapsrc

import (
	"bufio"
	"bytes"
	"errors"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
)

func TestIntegers(t *testing.T) {
	for _, want := range []int64{0, 1, -1, 127, 128, 255, 256, -128, -129, 1 << 31, 1<<63 - 1, -1 << 63} {
		rest := elements(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, want, "").Bytes())
		if got, err := rest.integer(tagInteger); err != nil || got != want {
			t.Errorf("%d: %d %v", want, got, err)
		}
	}
}

func TestBrokenMessages(t *testing.T) {
	for name, b := range map[string][]byte{
		"another tag":           {0x31, 0x00},
		"indefinite length":     {0x30, 0x80, 0x00, 0x00},
		"length of nine bytes":  {0x30, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"length of many bytes":  {0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"larger than the limit": {0x30, 0x84, 0x01, 0x00, 0x00, 0x01},
	} {
		if _, err := readMessage(bufio.NewReader(bytes.NewReader(b))); !errors.Is(err, errBER) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, b := range map[string][]byte{
		"empty":                        {},
		"no operation":                 {0x02, 0x01, 0x01},
		"ID without content":           {0x02, 0x00, 0x65, 0x00},
		"longer than the message":      {0x02, 0x01, 0x01, 0x65, 0x05, 0x00},
		"a tag of several bytes":       {0x02, 0x01, 0x01, 0x7f, 0x01, 0x00},
		"something after the controls": {0x02, 0x01, 0x01, 0x65, 0x00, 0xa0, 0x00, 0x04, 0x00},
	} {
		if _, err := parseMessage(b); !errors.Is(err, errBER) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzMessage feeds whole messages: whatever comes, there is no panic, and an
// entry that is taken is encoded the way it came.
func FuzzMessage(f *testing.F) {
	f.Add([]byte("\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04\x00"))
	f.Add([]byte("\x30\x1b\x02\x01\x01\x64\x16\x04\x04cn=a\x30\x0e\x30\x0c\x04\x02cn\x31\x06\x04\x01a\x04\x01b"))
	f.Add([]byte("\x30\x30\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04\x00\xa0\x22\x30\x20\x04\x161.2.840.113556.1.4.319\x04\x06\x30\x04\x02\x00\x04\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		content, err := readMessage(bufio.NewReader(bytes.NewReader(b)))
		if err != nil {
			return
		}
		m, err := parseMessage(content)
		if err != nil {
			return
		}
		_, _, _ = parseResult(m.content)
		if p, err := pagingControl(m.controls); err == nil && p != nil && !bytes.Contains(b, p.cookie) {
			t.Error("a cookie that was not in the message")
		}
		var d decoder
		e, err := d.entry(m.content)
		if err != nil {
			return
		}
		for _, a := range e.attributes {
			for _, v := range a.values {
				if !bytes.Contains(b, v) {
					t.Error("a value that was not in the message")
				}
			}
		}
	})
}
