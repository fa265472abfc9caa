package stalwarttest

import (
	"maps"
	"slices"
	"testing"
)

// TestSettings follows the references that a client follows to learn what an ordinary user may do, and which
// directory applies.
func TestSettings(t *testing.T) {
	replies := newClient(t, New(Options{})).call(`[["x:Authentication/get",{"ids":["singleton"]},"0"],` +
		`["x:Role/get",{"ids":["b"]},"1"],["x:Directory/query",{},"2"],["x:Role/get",{"ids":["zz"]},"3"]]`)
	one := func(i int) map[string]any { return replies[i].Body["list"].([]any)[0].(map[string]any) }
	authentication := one(0)
	if roles := slices.Collect(maps.Keys(authentication["defaultUserRoleIds"].(map[string]any))); !slices.Equal(roles, []string{"b"}) {
		t.Errorf("default user roles %v, want b", roles)
	}
	if got := len(one(1)["enabledPermissions"].(map[string]any)); got != 244 {
		t.Errorf("%d permissions of the user role, recorded 244", got)
	}
	if ids := replies[2].Body["ids"].([]any); len(ids) != 1 || ids[0] != authentication["directoryId"] {
		t.Errorf("directories %v, want the one of x:Authentication, %v", ids, authentication["directoryId"])
	}
	if missing := replies[3].Body["notFound"].([]any); len(missing) != 1 {
		t.Errorf("unknown role: not found %v", missing)
	}
}

func TestIDs(t *testing.T) {
	for text, want := range map[string]uint64{"a": 0, "b": 1, "z": 25, "7": 26, "3": 31, "ba": 32, "d333333": recoveryAdminID, "eaaaaab": 1<<32 | 1} {
		got, ok := ParseID(text)
		if !ok || got != want || FormatID(got) != text {
			t.Errorf("%s: %d, %v, back as %s; want %d", text, got, ok, FormatID(got), want)
		}
	}
	for _, text := range []string{"", "A", "4", "b!", "aaaaaaaaaaaaaa", "3333333333333"} {
		if got, ok := ParseID(text); ok {
			t.Errorf("%q was read as %d", text, got)
		}
	}
}
