package stalwart

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
)

// accept answers every update with success.
func accept(c sent) any {
	if c.Method != "x:Account/set" {
		return nil
	}
	var update map[string]json.RawMessage
	_ = json.Unmarshal(c.Args["update"], &update)
	done := map[string]any{}
	for id := range update {
		done[id] = nil
	}
	return args{"accountId": "b", "updated": done}
}

func write(id, name string, addresses ...string) reconcile.IdentityWrite {
	return reconcile.IdentityWrite{Account: reconcile.AccountID(id), Name: name, Addresses: addresses}
}

func TestWritesKeepTheirOrderInTheBytes(t *testing.T) {
	f := newFake(t, (&world{more: accept}).answer)
	s := f.dial()
	s.limits.maxCallsInRequest = 2
	results, err := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{
		write("z", "tmp-z@example.test"), write("c", "a@example.test"), write("7", "b@example.net"),
		write("z", "c@example.test"),
		{Account: "d", Name: "D@example.test", KeepAddresses: true},
	})
	if err != nil || len(results) != 5 || errors.Join(results...) != nil {
		t.Fatalf("%v, %v", results, err)
	}
	var bodies []string
	for _, c := range f.writes() {
		bodies = append(bodies, string(c.Raw))
	}
	want := []string{
		`{"update":{"z":{"name":"tmp-z","domainId":"b","aliases":{}},"c":{"name":"a","domainId":"b","aliases":{}},"7":{"name":"b","domainId":"c","aliases":{}}}}`,
		`{"update":{"z":{"name":"c","domainId":"b","aliases":{}},"d":{"name":"d","domainId":"b"}}}`,
	}
	if diff := cmp.Diff(want, bodies); diff != "" {
		t.Error(diff)
	}
	if len(f.posts) != 1 {
		t.Errorf("%d requests instead of one", len(f.posts))
	}
}

func TestASwapSendsTheRecordedCalls(t *testing.T) {
	e := recording(t, "rename-swap").exchange("swap through a temporary name: three calls of one request")
	n := 0
	f := newFake(t, (&world{more: func(c sent) any {
		if c.Method != "x:Account/set" {
			return nil
		}
		n++
		return e.answers(t)[n-1].Raw
	}}).answer)
	results, err := f.dial().WriteIdentities(t.Context(), []reconcile.IdentityWrite{
		write("s", "tmp-s@example.test"), write("t", "swa@example.test"), write("s", "swb@example.test"),
	})
	if err != nil || errors.Join(results...) != nil {
		t.Fatalf("%v, %v", results, err)
	}
	got := f.writes()
	want := e.calls(t)
	if len(got) != len(want) {
		t.Fatalf("%d calls instead of %d", len(got), len(want))
	}
	for i := range want {
		assertContains(t, want[i].Raw, got[i].Raw)
	}
}

// assertContains insists that every recorded member was sent with the same
// value; the client adds domain and aliases.
func assertContains(t *testing.T, recorded, got json.RawMessage) {
	t.Helper()
	var r, g any
	if json.Unmarshal(recorded, &r) != nil || json.Unmarshal(got, &g) != nil || !contains(r, g) {
		t.Errorf("sent %s, recorded %s", got, recorded)
	}
}

func contains(part, whole any) bool {
	p, ok := part.(map[string]any)
	if !ok {
		return cmp.Equal(part, whole)
	}
	w, ok := whole.(map[string]any)
	for k, v := range p {
		if value, there := w[k]; !there || !contains(v, value) {
			return false
		}
	}
	return ok
}

func TestAliasesStayAsTheyAre(t *testing.T) {
	w := &world{more: accept, accounts: []map[string]any{person("d", "old", with("aliases", args{
		"0": args{"enabled": false, "name": "kept", "domainId": "c", "description": "by hand"},
		"1": args{"enabled": true, "name": "dropped", "domainId": "b", "description": nil},
	}))}}
	f := newFake(t, w.answer)
	results, err := f.dial().WriteIdentities(t.Context(),
		[]reconcile.IdentityWrite{write("d", "new@example.test", "fresh@alias.example.test", "Kept@example.net", "new@example.test", "kept@example.net")})
	if err != nil || results[0] != nil {
		t.Fatalf("%v, %v", results, err)
	}
	want := `{"update":{"d":{"name":"new","domainId":"b","aliases":{` +
		`"0":{"enabled":true,"name":"fresh","domainId":"b","description":null},` +
		`"1":{"enabled":false,"name":"kept","domainId":"c","description":"by hand"}}}}}`
	if diff := cmp.Diff(want, string(f.writes()[0].Raw)); diff != "" {
		t.Error(diff)
	}
}

func TestEveryRecordedRefusalHasItsType(t *testing.T) {
	rename, destroy := recording(t, "rename"), recording(t, "destroy")
	for _, tc := range []struct {
		exchange string
		check    func(error) bool
	}{
		{"to a name of another account", func(err error) bool {
			p, ok := errors.AsType[*PrimaryKeyViolationError](err)
			return ok && p.Owner == "o" && p.Object == "Account"
		}},
		{"to the alias of a mailing list", func(err error) bool {
			p, ok := errors.AsType[*PrimaryKeyViolationError](err)
			return ok && p.Owner == "c" && p.Object == "MailingList"
		}},
		{"unknown domain id", func(err error) bool {
			d, ok := errors.AsType[*InvalidDomainError](err)
			return ok && d.Domain == "example.test"
		}},
		{"name 'a,b'", is[*InvalidNameError]},
		{"repeat the same rename (same name)", func(err error) bool { return err == nil }},
		{"unparsable id: dropped silently", is[*UncertainError]},
	} {
		t.Run(tc.exchange, func(t *testing.T) {
			raw := rename.exchange(tc.exchange).answers(t)[0].Raw
			f := newFake(t, (&world{more: func(c sent) any {
				if c.Method == "x:Account/set" {
					return raw
				}
				return nil
			}}).answer)
			results, err := f.dial().WriteIdentities(t.Context(), []reconcile.IdentityWrite{write("n", "x@example.test")})
			if err != nil || !tc.check(results[0]) {
				t.Errorf("%v, %v", results[0], err)
			}
		})
	}
	answer := func(exchange string, id reconcile.AccountID) error {
		raw := destroy.exchange(exchange).answers(t)[0].Raw
		f := newFake(t, (&world{more: func(c sent) any {
			if c.Method == "x:Account/set" {
				return raw
			}
			return nil
		}}).answer)
		results, err := f.dial().Destroy(t.Context(), []reconcile.AccountID{id})
		if err != nil {
			t.Fatal(err)
		}
		return results[0]
	}
	if err := answer("destroy again: notFound", "bf"); !is[*NotFoundError](err) {
		t.Errorf("destroyed twice: %v", err)
	}
	if linked, ok := errors.AsType[*LinkedError](answer("destroy a group with members", "bj")); !ok ||
		!cmp.Equal(linked.By, []string{"Account bk", "Account bl"}) {
		t.Errorf("linked: %v", linked)
	}
	if err := answer("group without members", "bj"); err != nil {
		t.Errorf("destroyed: %v", err)
	}
	if err := answer("destroy an unparsable id: dropped silently", "bj"); !is[*UncertainError](err) {
		t.Errorf("not answered: %v", err)
	}
}

func TestAMissingPermissionIsNamed(t *testing.T) {
	forbidden := recording(t, "forbidden").exchange("key without sysAccountDestroy").answers(t)[0]
	f := newFake(t, (&world{more: func(c sent) any {
		if c.Method == "x:Account/set" {
			var e methodError
			_ = json.Unmarshal(forbidden.Raw, &e)
			return e
		}
		return nil
	}}).answer)
	s := f.dial()
	results, err := s.Destroy(t.Context(), []reconcile.AccountID{"d", "e"})
	if f, ok := errors.AsType[*ForbiddenError](results[1]); !ok || f.Permission != "sysAccountDestroy" || err == nil {
		t.Errorf("%v, %v", results, err)
	}
	s.info.Can.Rename = false
	results, err = s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{write("d", "x@example.test")})
	if !is[*ForbiddenError](err) || !is[*NotSentError](results[0]) {
		t.Errorf("%v, %v", results, err)
	}
}

func TestBadWritesAreRefusedBeforeAnythingIsSent(t *testing.T) {
	f := newFake(t, (&world{more: accept}).answer)
	s := f.dial()
	for _, bad := range []reconcile.IdentityWrite{
		write("A!", "x@example.test"), write("d", "x"), write("d", "x@nowhere.example"), write("d", "x@example.test", "a b@example.test"),
	} {
		results, err := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{write("c", "fine@example.test"), bad})
		if err == nil || !is[*NotSentError](results[0]) || !is[*NotSentError](results[1]) {
			t.Errorf("%v: %v, %v", bad, results, err)
		}
	}
	if w := f.writes(); len(w) != 0 {
		t.Errorf("sent %d calls", len(w))
	}
}

func TestAConcurrentChangeIsReadAgainAndRetried(t *testing.T) {
	w := &world{accounts: []map[string]any{person("c", "a"), person("d", "b"), person("e", "e")}}
	round := 0
	w.more = func(c sent) any {
		if c.Method != "x:Account/set" {
			return nil
		}
		round++
		if round == 1 {
			// "c" was done before the conflict, "d" and "e" were not.
			w.accounts[0] = person("c", "a2")
			return methodError{Type: "serverUnavailable"}
		}
		return accept(c)
	}
	f := newFake(t, w.answer)
	s := f.dial()
	s.limits.maxCallsInRequest = 2
	results, err := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{
		write("c", "a2@example.test"), write("d", "b2@example.test"), write("e", "e2@example.test"),
	})
	if err != nil || errors.Join(results...) != nil {
		t.Fatalf("%v, %v", results, err)
	}
	var again []string
	for _, c := range f.writes()[1:] {
		again = append(again, string(c.Args["update"]))
	}
	want := []string{`{"d":{"name":"b2","domainId":"b","aliases":{}}}`, `{"e":{"name":"e2","domainId":"b","aliases":{}}}`}
	if diff := cmp.Diff(want, again); diff != "" {
		t.Errorf("sent again (-want +got):\n%s", diff)
	}
}

func TestARetryNeverUndoesALaterWrite(t *testing.T) {
	// c to a temporary name conflicts, but its last write was done.
	w := &world{accounts: []map[string]any{person("c", "free"), person("d", "a")}}
	n := 0
	w.more = func(c sent) any {
		if c.Method != "x:Account/set" {
			return nil
		}
		n++
		if n == 1 {
			return methodError{Type: "serverUnavailable"}
		}
		return accept(c)
	}
	f := newFake(t, w.answer)
	results, err := f.dial().WriteIdentities(t.Context(), []reconcile.IdentityWrite{
		write("c", "tmp-c@example.test"), write("c", "free@example.test"),
	})
	if err != nil || errors.Join(results...) != nil || n != 2 {
		t.Errorf("%v, %v after %d calls", results, err, n)
	}
}

func TestTheCycleIsRetriedAsAWhole(t *testing.T) {
	w := &world{accounts: []map[string]any{person("c", "a"), person("d", "b")}}
	n := 0
	taken := func(id, owner string) any {
		return args{"accountId": "b", "notUpdated": args{id: args{"type": "primaryKeyViolation", "objectId": args{"object": "Account", "id": owner}}}}
	}
	w.more = func(c sent) any {
		if c.Method != "x:Account/set" {
			return nil
		}
		n++
		switch n {
		case 1:
			return methodError{Type: "serverUnavailable"}
		case 2:
			return taken("d", "c")
		case 3:
			return taken("c", "d")
		}
		return accept(c)
	}
	results, err := newFake(t, w.answer).dial().WriteIdentities(t.Context(), []reconcile.IdentityWrite{
		write("c", "tmp-c@example.test"), write("d", "a@example.test"), write("c", "b@example.test"),
	})
	if err != nil || errors.Join(results...) != nil || n != 6 {
		t.Errorf("%v, %v after %d calls", results, err, n)
	}
}

func TestConflictsEnd(t *testing.T) {
	w := &world{accounts: []map[string]any{person("c", "a")}}
	n := 0
	w.more = func(c sent) any {
		if c.Method != "x:Account/set" {
			return nil
		}
		n++
		return methodError{Type: "serverUnavailable"}
	}
	s := newFake(t, w.answer).dial()
	results, err := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{write("c", "x@example.test")})
	if !is[*ConflictError](results[0]) || err != nil || n != 4 {
		t.Errorf("%v, %v after %d calls", results, err, n)
	}
	destroyed, err := s.Destroy(t.Context(), []reconcile.AccountID{"c", "e"})
	if !is[*ConflictError](destroyed[0]) || destroyed[1] != nil || err != nil {
		t.Errorf("destroy: %v, %v", destroyed, err)
	}
}

func TestBatchesStayWithinTheLimits(t *testing.T) {
	f := newFake(t, (&world{more: accept}).answer)
	s := f.dial()
	s.limits.maxCallsInRequest = 2
	var writes []reconcile.IdentityWrite
	for i := range 60 {
		writes = append(writes, write(fmt.Sprintf("b%c", idAlphabet[i%32]), "x@example.test"))
	}
	for range 5 { // each opens a call of its own
		writes = append(writes, write("c", "x@example.test"))
	}
	results, err := s.WriteIdentities(t.Context(), writes)
	if err != nil || errors.Join(results...) != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range f.posts {
		if len(p) > 2 {
			t.Errorf("%d calls in a request", len(p))
		}
		size := 0
		for _, c := range p {
			var update map[string]any
			_ = json.Unmarshal(c.Args["update"], &update)
			size += len(update)
		}
		if size > writeBatch {
			t.Errorf("%d objects in a request", size)
		}
		n += size
	}
	if n != len(writes) {
		t.Errorf("%d writes were sent instead of %d", n, len(writes))
	}
}

func TestAfterACutConnectionNothingMoreIsSent(t *testing.T) {
	f := newFake(t, (&world{more: accept}).answer)
	s := f.dial()
	s.limits.maxObjectsInSet = 1
	var sets atomic.Int32
	f.intercept(func(http.ResponseWriter, *http.Request) bool {
		if sets.Add(1) == 2 {
			panic(http.ErrAbortHandler)
		}
		return false
	})
	results, err := s.WriteIdentities(t.Context(), []reconcile.IdentityWrite{
		write("c", "x@example.test"), write("d", "y@example.test"), write("e", "z@example.test"),
	})
	if results[0] != nil || !is[*UncertainError](results[1]) || !is[*NotSentError](results[2]) || !is[*UncertainError](err) || sets.Load() != 2 {
		t.Errorf("%v, %v after %d requests", results, err, sets.Load())
	}
}
