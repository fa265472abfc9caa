package ldapsrc

import (
	"errors"
	"fmt"
	"io"
)

// This file reads the part of BER that LDAP uses (RFC 4511 §5.1: definite
// lengths, primitive strings), strictly: what does not fit is an error and
// never skipped. go-ldap's reader skips a message whose frame it does not
// understand, and costs about five times the CPU of this one.

// The tags that occur (class, form and number in one byte).
const (
	tagBoolean    = 0x01
	tagInteger    = 0x02
	tagOctets     = 0x04
	tagEnumerated = 0x0a
	tagSequence   = 0x30
	tagSet        = 0x31
	tagControls   = 0xa0 // [0] of an LDAPMessage
	tagReferrals  = 0xa3 // [3] of an LDAPResult

	tagBindResponse     = 0x61 // [APPLICATION 1]
	tagSearchEntry      = 0x64 // [APPLICATION 4]
	tagSearchDone       = 0x65 // [APPLICATION 5]
	tagSearchReference  = 0x73 // [APPLICATION 19]
	tagExtendedResponse = 0x78 // [APPLICATION 24]
)

// maxMessage bounds one LDAP message, so that a broken server cannot make us
// reserve gigabytes.
const maxMessage = 16 << 20

// errBER marks everything that is not the BER of LDAP.
var errBER = errors.New("the server sent something that is not LDAP")

func badBER(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errBER, fmt.Sprintf(format, args...))
}

// byteReader is what a message is read from.
type byteReader interface {
	io.Reader
	io.ByteReader
}

// readMessage reads the content of one LDAPMessage into memory of its own.
func readMessage(in byteReader) ([]byte, error) {
	tag, err := in.ReadByte()
	if err != nil {
		return nil, err
	}
	if tag != tagSequence {
		return nil, badBER("a message starts with %#02x", tag)
	}
	length, err := readLength(in)
	if err != nil {
		return nil, err
	}
	content := make([]byte, length)
	if _, err := io.ReadFull(in, content); err != nil {
		return nil, cut(err)
	}
	return content, nil
}

// cut makes an end in the middle of a message look like one.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func readLength(in byteReader) (int, error) {
	first, err := in.ReadByte()
	if err != nil {
		return 0, cut(err)
	}
	if first < 0x80 {
		return int(first), nil
	}
	size := int(first & 0x7f)
	if size == 0 || size > 8 {
		return 0, badBER("a length of %d bytes", size)
	}
	length := 0
	for range size {
		b, err := in.ReadByte()
		if err != nil {
			return 0, cut(err)
		}
		if length = length<<8 | int(b); length > maxMessage {
			return 0, badBER("a message of more than %d bytes", maxMessage)
		}
	}
	return length, nil
}

// elements walks over the elements of a constructed value.
type elements []byte

// next takes the next element off.
func (e *elements) next() (tag byte, content []byte, err error) {
	b := []byte(*e)
	if len(b) < 2 {
		return 0, nil, badBER("an element of %d bytes", len(b))
	}
	tag = b[0]
	if tag&0x1f == 0x1f {
		return 0, nil, badBER("the tag %#02x", tag)
	}
	length, rest := int(b[1]), b[2:]
	if length >= 0x80 {
		size := length & 0x7f
		if size == 0 || size > 4 || size > len(rest) {
			return 0, nil, badBER("a length of %d bytes inside a message", size)
		}
		length = 0
		for _, c := range rest[:size] {
			length = length<<8 | int(c)
		}
		rest = rest[size:]
	}
	if length < 0 || length > len(rest) {
		return 0, nil, badBER("an element of %d bytes where %d are left", length, len(rest))
	}
	*e = rest[length:]
	return tag, rest[:length:length], nil
}

// want takes the next element off and demands its tag.
func (e *elements) want(wanted byte) ([]byte, error) {
	tag, content, err := e.next()
	if err != nil {
		return nil, err
	}
	if tag != wanted {
		return nil, badBER("the tag %#02x instead of %#02x", tag, wanted)
	}
	return content, nil
}

// integer takes an integer (or with its tag, an enumeration) off.
func (e *elements) integer(tag byte) (int64, error) {
	content, err := e.want(tag)
	if err != nil {
		return 0, err
	}
	if len(content) == 0 || len(content) > 8 {
		return 0, badBER("an integer of %d bytes", len(content))
	}
	value := int64(0)
	if content[0] >= 0x80 {
		value = -1
	}
	for _, b := range content {
		value = value<<8 | int64(b)
	}
	return value, nil
}
