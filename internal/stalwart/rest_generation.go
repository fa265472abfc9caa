package stalwart

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// release is the version 0.minor.patch of a server before 0.16.
type release struct{ minor, patch int }

func (r release) String() string { return fmt.Sprintf("0.%d.%d", r.minor, r.patch) }

func (r release) compare(o release) int {
	return cmp.Or(cmp.Compare(r.minor, o.minor), cmp.Compare(r.patch, o.patch))
}

// lastPatch stands for "the last of this minor version".
const lastPatch = 99

// span is what is known about the version: from low to high, both included.
// What behaves differently within it is asked for by since and before, and the
// careful side is taken where neither is true.
type span struct{ low, high release }

func exactly(r release) span { return span{r, r} }

// since tells whether the server is surely of this version or later.
func (v span) since(minor, patch int) bool { return v.low.compare(release{minor, patch}) >= 0 }

// before tells whether the server is surely older than this version.
func (v span) before(minor, patch int) bool { return v.high.compare(release{minor, patch}) < 0 }

// has tells whether the server may be of this version.
func (v span) has(minor, patch int) bool {
	r := release{minor, patch}
	return v.low.compare(r) <= 0 && v.high.compare(r) >= 0
}

// label is the generation for reports: rest-0.15, or rest-0.8-0.9 where two
// minor versions cannot be told apart.
func (v span) label() string {
	if v.low.minor == v.high.minor {
		return fmt.Sprintf("rest-0.%d", v.low.minor)
	}
	return fmt.Sprintf("rest-0.%d-0.%d", v.low.minor, v.high.minor)
}

// String is the version for people.
func (v span) String() string {
	switch {
	case v.low == v.high:
		return v.low.String()
	case v.high.patch == lastPatch && v.low == (release{v.high.minor, 0}):
		return fmt.Sprintf("0.%d", v.low.minor)
	case v.high.patch == lastPatch:
		return fmt.Sprintf("%s to 0.%d", v.low, v.high.minor)
	}
	return v.low.String() + " to " + v.high.String()
}

// parseRelease reads "0.11.8", or "0.6" for any patch of it.
func parseRelease(text string) (span, error) {
	bad := &OptionsError{"server.generation", fmt.Sprintf("%q is not a version such as 0.11.8", text)}
	parts := strings.Split(text, ".")
	if len(parts) < 2 || len(parts) > 3 || parts[0] != "0" {
		return span{}, bad
	}
	numbers := [2]int{0, -1}
	for i, part := range parts[1:] {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || n >= lastPatch {
			return span{}, bad
		}
		numbers[i] = n
	}
	if numbers[1] < 0 {
		return span{release{numbers[0], 0}, release{numbers[0], lastPatch}}, nil
	}
	return exactly(release{numbers[0], numbers[1]}), nil
}

// misreported are versions that a later release still gave as its own
// (stalwart-rest, section 5): the number in the source was not raised.
var misreported = map[release]release{
	{4, 0}: {4, 1}, {11, 0}: {11, 1}, {11, 2}: {11, 3}, {11, 5}: {11, 6}, {12, 0}: {12, 1}, {13, 0}: {13, 1},
}

// reported gives what a version that the server told may mean.
func reported(text string) (span, bool) {
	v, err := parseRelease(text)
	if err != nil || v.low != v.high {
		return span{}, false
	}
	if later, ok := misreported[v.low]; ok {
		v.high = later
	}
	return v, true
}
