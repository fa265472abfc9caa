package stalwart

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// TestSegmentIsReadAsMeantByEveryVersion is the table of the recorded names.
func TestSegmentIsReadAsMeantByEveryVersion(t *testing.T) {
	for name, want := range map[string]string{
		"a&b": "a%26b", "a+b": "a%2Bb", "a=b": "a%3Db", "a b": "a%20b", "a%b": "a%25b", "a%20b": "a%2520b", "a#b": "a%23b", "a?b": "a%3Fb",
		"ü": "%C3%BC", `a"b`: "a%22b", "a;b": "a%3Bb", "a:b": "a%3Ab", "a@b": "a%40b", "a,b": "a%2Cb", "a'b": "a%27b", "a~b": "a~b", "a..b": "a..b",
	} {
		for _, r := range []release{{7, 2}, {11, 8}, {12, 0}, {15, 5}} {
			if got, err := exactly(r).segment(name); err != nil || got != want {
				t.Errorf("%s: %q is written %q, %v; want %q", r, name, got, err, want)
			}
		}
		if _, err := exactly(release{6, 0}).segment(name); (err == nil) != (name == "a@b" || name == "a~b" || name == "a..b") {
			t.Errorf("0.6.0: %q: %v", name, err)
		}
	}
	for _, name := range []string{
		"", ".", "..", "a/b", `a\b`, "a\x00b", "a\nb", "a\u202eb", "a\u200bb", " a", "a ", "a\xffb", "a\ufffdb", strings.Repeat("x", 513),
	} {
		if _, err := exactly(release{15, 5}).segment(name); !is[*NameUnsafeError](err) {
			t.Errorf("%q is not refused: %v", name, err)
		}
	}
}

// hostile makes names of what servers, proxies and URL libraries trip over.
func hostile(rnd *rand.Rand) string {
	parts := []string{
		"a", "b", "alice", "&", "=", "+", " ", "%", "%2F", "%2e%2e", "%00", "..", ".", "/", "\\", "?", "#", ";", ":", "@", "x@y.z", "ü", "u\u0308",
		"İ", "ß", "Σ", "ς", "\u202e", "\u200b", "\ufeff", "\t", "\x7f", "'", "\"", "<", "{", "|", "`", "^", "~", "*", "%zz", "%", "%C3%BC", "%FC", "A", "Z",
		"\xff", "\ufffd", "日本", "😀", "-", "_", ",", "principal", "api", "type=individual&confirm=true", strings.Repeat("n", 300),
	}
	var b strings.Builder
	for range rnd.IntN(5) {
		b.WriteString(parts[rnd.IntN(len(parts))])
	}
	return b.String()
}

// TestNoNameReachesAnotherAccount puts the accounts that a wrong reading of a name would hit beside the one that is
// meant, and renames and deletes the latter: either exactly that is done, or nothing at all.
func TestNoNameReachesAnotherAccount(t *testing.T) {
	each := 10000/len(generations) + 1
	for i, generation := range generations {
		t.Run(generation, func(t *testing.T) {
			t.Parallel()
			s := simulateOld(t, generation)
			rnd := rand.New(rand.NewPCG(4, uint64(i)))
			done, refused := 0, 0
			for range each {
				if s.try(t, hostile(rnd)) {
					done++
				} else {
					refused++
				}
				if t.Failed() {
					return
				}
			}
			if done < each/20 || refused < each/20 {
				t.Errorf("%d done, %d refused: the names prove little", done, refused)
			}
			if s.sim.BulkDeletes() != 0 || s.sim.AccountPurges() != 0 {
				t.Error("a bulk delete or a purge of accounts was asked for")
			}
		})
	}
}

// misreadings are the names that one of the known ways to read or write a path makes of a name.
func misreadings(name string) []string {
	before := func(cut string) string { head, _, _ := strings.Cut(name, cut); return head }
	return []string{
		before("&"), before("="), before("/"), before("?"), before("#"), strings.ReplaceAll(name, "+", " "), strings.ReplaceAll(name, " ", "+"),
		strings.ReplaceAll(name, "%2F", "/"), strings.ReplaceAll(name, "%", "%25"), strings.ReplaceAll(name, " ", "%20"), strings.TrimSpace(name),
		strings.ToLower(name), strings.ToValidUTF8(name, "\ufffd"), "alice", "a", "", "no-such-account",
	}
}

// try gives true if the account was renamed (where that is possible) and deleted, and fails the test if any other one
// was touched.
func (o oldServer) try(t *testing.T, name string) bool {
	t.Helper()
	v := o.version
	if v.since(10, 0) && !utf8.ValidString(name) {
		name = strings.ToValidUTF8(name, "�") // a JSON listing cannot show it otherwise
	}
	others := map[stalwarttest.AccountID]string{}
	var mine stalwarttest.AccountID
	for _, n := range append([]string{name}, misreadings(name)...) {
		if known(others, n) || mine != "" && n == name {
			continue
		}
		id := o.sim.AddPrincipal(stalwarttest.PrincipalSpec{Name: n})
		if mine == "" {
			mine = id
		} else {
			others[id] = n
		}
	}
	id := reconcile.AccountID(stalwarttest.Decimal(mine))
	o.remember(id, name) // as after a listing
	ctx := t.Context()
	target := o.renamed(ctx, id, name)
	results, _ := o.Destroy(ctx, []reconcile.AccountID{id})
	ok := results[0] == nil
	left := o.sim.PrincipalNames("individual")
	if _, there := left[mine]; there == ok {
		t.Errorf("%s: %q: destroy said %v, and the account is there: %v", v, name, results[0], there)
	}
	for other, n := range others {
		if left[other] != n {
			t.Errorf("%s: %q reached the account %q, which is %q now", v, name, n, left[other])
		}
	}
	if now, there := left[mine]; there && now != name && now != target {
		t.Errorf("%s: %q is called %q now", v, name, now)
	}
	for other := range left {
		o.sim.RemovePrincipal(other)
	}
	return ok
}

// renamed tries a rename and gives the new name.
func (o oldServer) renamed(ctx context.Context, id reconcile.AccountID, name string) string {
	target := fmt.Sprintf("to&%s+x", strings.ToLower(strings.ToValidUTF8(name, "")))
	_, _ = o.WriteIdentities(ctx, []reconcile.IdentityWrite{{Account: id, Name: target}}) // what came of it is looked at
	return target
}

func known(have map[stalwarttest.AccountID]string, name string) bool {
	for _, n := range have {
		if n == name {
			return true
		}
	}
	return false
}
