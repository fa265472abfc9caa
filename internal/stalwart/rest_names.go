package stalwart

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestName is how long a name may be: 0.10 and later refuse values above
// that, measured in bytes.
const longestName = 512

// checkName refuses names that some version of the server, or a proxy before it,
// reads differently from what was meant. What is left is safe with segment.
func checkName(name string) error {
	unsafe := func(reason string) error { return &NameUnsafeError{Name: name, Reason: reason} }
	switch {
	case name == "":
		return unsafe("it is empty")
	case name == "." || name == "..":
		return unsafe("it means a directory in a path")
	case len(name) > longestName:
		return unsafe("it is longer than 512 bytes")
	case !utf8.ValidString(name) || strings.ContainsRune(name, unicode.ReplacementChar):
		return unsafe("it is not valid Unicode text")
	case strings.ContainsAny(name, `/\`):
		return unsafe("it has a slash, which proxies may take apart")
	case strings.TrimSpace(name) != name:
		return unsafe("it begins or ends with a blank")
	}
	for _, r := range name {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return unsafe("it has a control character or an invisible mark")
		}
	}
	return nil
}

// segment writes a name as one segment of a path.
//
// From 0.7.2 to 0.11.8 the server decodes a segment as a form (the key of the
// first pair, plus is a blank), from 0.12.0 on it decodes percent escapes only,
// before 0.7.2 nothing at all. So every byte that is not unreserved is escaped,
// blank as %20 and plus as %2B: url.PathEscape leaves "&" and "+" alone and
// url.QueryEscape makes a blank a plus, and both hit other people's accounts
// (measured on six versions). Where nothing is decoded, or where that is not
// known, only what needs no escape is sent.
func (v span) segment(name string) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	if v.since(7, 2) {
		return strings.ReplaceAll(url.QueryEscape(name), "+", "%20"), nil
	}
	for _, c := range []byte(name) {
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~@", c) >= 0
		if !plain {
			return "", &NameUnsafeError{Name: name, Reason: "Stalwart " + v.String() + " does not decode escapes in paths"}
		}
	}
	return name, nil
}

// readable is segment for a look only. Since 0.7.2 it takes also what is refused
// elsewhere because a proxy might take it apart: the answer to a look repeats the
// name, so that a wrong one is noticed.
func (v span) readable(name string) (string, error) {
	if v.since(7, 2) && utf8.ValidString(name) && strings.Trim(name, ".") != "" {
		return strings.ReplaceAll(url.QueryEscape(name), "+", "%20"), nil
	}
	return v.segment(name)
}

// checkTarget checks a name that an account shall get: it must be addressable
// afterwards, and the server must fold it as we do.
func (v span) checkTarget(name string) error {
	if strings.ContainsAny(name, "İΣ") {
		return &NameUnsafeError{Name: name, Reason: "it has a letter whose small form is not the same everywhere"}
	}
	if !v.since(8, 0) && strings.ToLower(name) != name {
		return &NameUnsafeError{Name: name, Reason: "Stalwart " + v.String() + " writes names in small letters, and does not find them in capital ones"}
	}
	_, err := v.segment(strings.ToLower(name))
	return err
}

// fold gives a name as the server stores and looks it up: exactly as it is
// before 0.8.0, in small letters since.
func (v span) fold(name string) string {
	if v.since(8, 0) {
		return strings.ToLower(name)
	}
	return name
}
