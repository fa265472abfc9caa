package stalwart

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/stalwarttest"
)

// TestAbilitiesOfIsWhatDialFinds compares the table with what a login finds out.
func TestAbilitiesOfIsWhatDialFinds(t *testing.T) {
	for _, generation := range append(generations, "0.12.0") {
		found := simulateOld(t, generation).Info()
		can, warnings, err := AbilitiesOf(generation, false)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(can, found.Can); diff != "" {
			t.Errorf("%s (-table +found):\n%s", generation, diff)
		}
		if len(warnings) != len(found.Warnings) {
			t.Errorf("%s: warnings %v, found %v", generation, warnings, found.Warnings)
		}
		if ordered := parseMinor(t, generation) >= 12; found.AscendingIDs != ordered {
			t.Errorf("%s: ascending IDs: %v", generation, found.AscendingIDs)
		}
		// With an API key.
		can, _, err = AbilitiesOf(generation, true)
		if parseMinor(t, generation) < 13 {
			if !is[*OptionsError](err) {
				t.Errorf("%s with an API key: %v", generation, err)
			}
			continue
		}
		keyed := simulateOld(t, generation, func(o *Options, _ *stalwarttest.Options) { o.Username = "" }).Info()
		if diff := cmp.Diff(can, keyed.Can); diff != "" || err != nil {
			t.Errorf("%s with an API key, %v (-table +found):\n%s", generation, err, diff)
		}
	}
	for _, bad := range []string{"", "0.16.1", "1.2", "0.x", "0.3.1"} {
		if _, _, err := AbilitiesOf(bad, false); err == nil {
			t.Errorf("%q is taken for a version", bad)
		}
	}
}

func parseMinor(t *testing.T, version string) int {
	t.Helper()
	v, err := parseRelease(version)
	if err != nil {
		t.Fatal(err)
	}
	return v.low.minor
}
