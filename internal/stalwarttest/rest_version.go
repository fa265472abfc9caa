package stalwarttest

import (
	"fmt"
	"strings"
)

// restVersion is the version 0.minor.patch of a server before 0.16.
type restVersion struct{ minor, patch int }

// parseRESTVersion reads Options.Generation. It panics on anything but 0.5 to 0.15: that is a mistake in the test.
func parseRESTVersion(text string) restVersion {
	var v restVersion
	format := "0.%d"
	args := []any{&v.minor}
	if strings.Count(text, ".") == 2 {
		format, args = "0.%d.%d", append(args, &v.patch)
	}
	if _, err := fmt.Sscanf(text, format, args...); err != nil || v.minor < 5 || v.minor > 15 {
		panic("stalwarttest: no such generation: " + text)
	}
	return v
}

func (v restVersion) since(minor, patch int) bool {
	return v.minor > minor || v.minor == minor && v.patch >= patch
}

// own is the version as the server gives it: in some releases the number was not raised.
func (v restVersion) own() string {
	switch v {
	case restVersion{11, 1}, restVersion{11, 3}, restVersion{11, 6}, restVersion{12, 1}, restVersion{13, 1}:
		v.patch--
	}
	return fmt.Sprintf("0.%d.%d", v.minor, v.patch)
}

// implementation is what the Sieve capability of the session says.
func (v restVersion) implementation() string {
	switch {
	case v.since(12, 0):
		return "Stalwart v1.0.0"
	case v.since(10, 3) || !v.since(7, 0):
		return "Stalwart JMAP v" + v.own()
	}
	return "Stalwart JMAP v0.1.0"
}

// base is where principals and stores are.
func (v restVersion) base() string {
	if v.since(7, 0) {
		return "/api/"
	}
	return "/admin/"
}
