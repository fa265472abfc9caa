package stalwart

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
)

func TestRulesFromTheRecordedDomains(t *testing.T) {
	answers := recording(t, "domains").exchange("query and get all domains").answers(t)
	f := newFake(t, func(c sent) any {
		switch c.Method {
		case "x:Domain/query": // recorded without sort: the server's own order is descending
			return queryReply([]string{"b", "c"}, c)
		case "x:Domain/get":
			return answers[1].Raw
		}
		return (&world{}).answer(c)
	})
	rules, err := f.dial().Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := reconcile.NameRules{WholeAddress: true, Domains: map[string]string{
		"example.test": "example.test", "alias.example.test": "example.test", "example.net": "example.net",
	}}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Error(diff)
	}
}

func TestGetReadsTheRecordedAccounts(t *testing.T) {
	file := recording(t, "account-get-query")
	f := newFake(t, func(c sent) any {
		if c.Method == "x:Account/get" {
			return file.exchange("get by ids: user, unknown id, unparsable id, numeric looking id").answers(t)[0].Raw
		}
		return (&world{}).answer(c)
	})
	found, gone, err := f.dial().Get(t.Context(), []reconcile.AccountID{"f", "zzzz"})
	if err != nil {
		t.Fatal(err)
	}
	want := []reconcile.Account{{
		ID: "f", Name: "gail@example.test", Kind: reconcile.KindIndividual,
		Created:   time.Date(2026, 11, 23, 17, 45, 42, 0, time.UTC),
		Addresses: []string{"gail.alias@example.test", "gg@example.net"}, Access: `{"@type": "Inherit"}`,
	}}
	for i := range found {
		found[i].Access = compact(t, found[i].Access)
	}
	want[0].Access = compact(t, want[0].Access)
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]reconcile.AccountID{"zzzz"}, gone); diff != "" {
		t.Errorf("gone (-want +got):\n%s", diff)
	}
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	b, _ := json.Marshal(v)
	return string(b)
}

func TestKindAndAccess(t *testing.T) {
	merge := func(enabled, disabled string) json.RawMessage {
		return json.RawMessage(`{"@type":"Merge","enabledPermissions":{` + enabled + `},"disabledPermissions":{` + disabled + `}}`)
	}
	for _, tc := range []struct {
		name      string
		change    func(map[string]any)
		kind      reconcile.Kind
		suspended bool
	}{
		{"user", with("x", 0), reconcile.KindIndividual, false},
		{"group", with("@type", "Group"), reconcile.KindGroup, false},
		{"admin", with("roles", args{"@type": "Admin"}), reconcile.KindAdmin, false},
		{"custom role", with("roles", args{"@type": "Custom", "roleIds": args{"b": true}}), reconcile.KindUnknown, false},
		{"no roles", with("roles", nil), reconcile.KindUnknown, false},
		{"new type", with("@type", "Robot"), reconcile.KindUnknown, false},
		{"given rights", with("permissions", merge(`"sysAccountUpdate":true`, ``)), reconcile.KindAdmin, false},
		{"impersonates", with("permissions", merge(`"impersonate":true`, ``)), reconcile.KindAdmin, false},
		{"own keys only", with("permissions", merge(`"sysApiKeyGet":true`, ``)), reconcile.KindIndividual, false},
		{"suspended", with("permissions", merge(``, `"authenticate":true`)), reconcile.KindIndividual, true},
		{"no mail", with("permissions", merge(``, `"emailReceive":true`)), reconcile.KindIndividual, false},
		{
			"nothing left", with("permissions", json.RawMessage(`{"@type":"Replace","enabledPermissions":{},"disabledPermissions":{}}`)),
			reconcile.KindIndividual, true,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := &world{accounts: []map[string]any{person("d", "x", tc.change)}}
			found, _, err := newFake(t, w.answer).dial().Get(t.Context(), []reconcile.AccountID{"d"})
			if err != nil {
				t.Fatal(err)
			}
			if found[0].Kind != tc.kind || found[0].Suspended != tc.suspended {
				t.Errorf("kind %d, suspended %v", found[0].Kind, found[0].Suspended)
			}
		})
	}
}

func TestAnAccountThatLacksSomethingIsNotBelieved(t *testing.T) {
	for _, key := range []string{"name", "domainId", "aliases", "createdAt", "permissions"} {
		w := &world{accounts: []map[string]any{person("d", "x", func(a map[string]any) { delete(a, key) })}}
		_, _, err := newFake(t, w.answer).dial().Get(t.Context(), []reconcile.AccountID{"d"})
		if !is[*MalformedError](err) {
			t.Errorf("without %s: %v", key, err)
		}
	}
	strange := &world{accounts: []map[string]any{person("d", "x", with("domainId", "q"))}}
	if _, _, err := newFake(t, strange.answer).dial().Get(t.Context(), []reconcile.AccountID{"d"}); !is[*MalformedError](err) {
		t.Errorf("unknown domain: %v", err)
	}
}

func TestGetWantsAnAnswerForEveryID(t *testing.T) {
	asked := 0
	w := &world{accounts: []map[string]any{person("d", "x")}}
	w.more = func(c sent) any {
		if c.Method != "x:Account/get" {
			return nil
		}
		asked++
		return args{"accountId": "b", "list": []any{}, "notFound": []string{}}
	}
	_, gone, err := newFake(t, w.answer).dial().Get(t.Context(), []reconcile.AccountID{"d"})
	if !is[*MalformedError](err) || gone != nil || asked != 2 {
		t.Errorf("gone %v, err %v, asked %d times", gone, err, asked)
	}
	for _, bad := range [][]reconcile.AccountID{{"A!"}, {""}, {"d", "d"}, {"aab"}} {
		if _, _, err := newFake(t, w.answer).dial().Get(t.Context(), bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

// pages answers queries for accounts with fixed pages, by anchor.
func pages(t *testing.T, total int, byAnchor map[string][]string) func(sent) any {
	t.Helper()
	var last []string
	return func(c sent) any {
		switch c.Method {
		case "x:Account/query":
			if _, counting := c.Args["calculateTotal"]; counting {
				return args{"accountId": "b", "ids": []string{"b"}, "total": total}
			}
			var anchor string
			_ = json.Unmarshal(c.Args["anchor"], &anchor)
			page, ok := byAnchor[anchor]
			if !ok {
				t.Errorf("unexpected anchor %q", anchor)
			}
			last = page
			return args{"accountId": "b", "ids": page}
		case "x:Account/get":
			list := []any{}
			for _, id := range last {
				list = append(list, person(id, "n"+id))
			}
			return args{"accountId": "b", "list": list, "notFound": []string{}}
		}
		return (&world{}).answer(c)
	}
}

func listIDs(t *testing.T, s *jmapServer, after reconcile.AccountID) (ids []string, err error) {
	t.Helper()
	err = s.Accounts(t.Context(), after, func(a reconcile.Account) error {
		ids = append(ids, string(a.ID))
		return nil
	})
	return ids, err
}

func TestAccountsListsTheRecordedPages(t *testing.T) {
	file := recording(t, "paging")
	byAnchor := map[string][]string{}
	for _, name := range []string{
		"sort id ascending, limit 500", "sort id ascending, limit 500, anchor = last id of the page before (exclusive)",
		"third page", "page after the end",
	} {
		e := file.exchange(name)
		var anchor string
		_ = json.Unmarshal(e.calls(t)[0].Args["anchor"], &anchor)
		var ids []string
		if err := json.Unmarshal(e.answers(t)[0].Args["ids"], &ids); err != nil {
			t.Fatal(err)
		}
		byAnchor[anchor] = ids
	}
	f := newFake(t, pages(t, 1235, byAnchor))
	ids, err := listIDs(t, f.dial(), "")
	if err != nil || len(ids) != 1235 || ids[0] != "b" || ids[1234] != "bgt" {
		t.Fatalf("%d accounts, %v", len(ids), err)
	}
	if !slices.IsSortedFunc(ids, compareIDs) || len(slices.Compact(slices.Clone(ids))) != 1235 {
		t.Error("the IDs are not ascending and distinct")
	}
}

func TestAccountsStopsAtEveryDoubt(t *testing.T) {
	for name, tc := range map[string]struct {
		total    int
		byAnchor map[string][]string
		want     []string // nil: an error
	}{
		"two pages":               {4, map[string][]string{"": {"b", "c"}, "c": {"d", "z"}, "z": {}}, []string{"b", "c", "d", "z"}},
		"inclusive anchor":        {3, map[string][]string{"": {"b", "c"}, "c": {"c", "d"}, "d": {"d"}}, []string{"b", "c", "d"}},
		"the list starts again":   {3, map[string][]string{"": {"b", "c"}, "c": {"b", "c", "d"}}, nil},
		"the page repeats":        {3, map[string][]string{"": {"b", "c"}, "c": {"b", "c"}}, nil},
		"goes back":               {3, map[string][]string{"": {"c", "b"}}, nil},
		"an ID twice":             {3, map[string][]string{"": {"b", "b"}}, nil},
		"not an ID":               {3, map[string][]string{"": {"b", "B!"}}, nil},
		"fewer than it counts":    {5, map[string][]string{"": {"b", "c"}, "c": {}}, nil},
		"one destroyed meanwhile": {1, map[string][]string{"": {"b", "c"}, "c": {}}, []string{"b", "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := listIDs(t, newFake(t, pages(t, tc.total, tc.byAnchor)).dial(), "")
			if tc.want == nil {
				if !is[*MalformedError](err) {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestAccountsAfterAnIDIsNotCounted(t *testing.T) {
	f := newFake(t, pages(t, 99, map[string][]string{"c": {"d"}, "d": {}}))
	got, err := listIDs(t, f.dial(), "c")
	if diff := cmp.Diff([]string{"d"}, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	// An anchor that is no ID would start the list again.
	if _, err := listIDs(t, f.dial(), "A!"); err == nil {
		t.Error("the anchor A! was accepted")
	}
}

func TestAccountsEndsWithTheErrorOfTheCaller(t *testing.T) {
	f := newFake(t, (&world{accounts: []map[string]any{person("b", "x")}}).answer)
	mine := errors.New("enough")
	err := f.dial().Accounts(t.Context(), "", func(reconcile.Account) error { return mine })
	if !errors.Is(err, mine) {
		t.Errorf("got %v", err)
	}
}

func TestAccountsNeverAsksForAllIDs(t *testing.T) {
	w := &world{accounts: []map[string]any{person("b", "x")}}
	w.more = func(c sent) any {
		if string(c.Args["ids"]) == "null" {
			t.Errorf("%s with ids null", c.Method)
		}
		if _, ok := c.Args["position"]; ok {
			t.Errorf("%s with a position", c.Method)
		}
		return nil
	}
	if _, err := listIDs(t, newFake(t, w.answer).dial(), ""); err != nil {
		t.Fatal(err)
	}
}

func TestFind(t *testing.T) {
	w := &world{accounts: []map[string]any{
		person("d", "gail", with("aliases", args{"0": args{"enabled": true, "name": "gg", "domainId": "c"}})),
		person("e", "gg"),
	}}
	var filters []string
	w.more = func(c sent) any {
		if c.Method == "x:Account/query" {
			filters = append(filters, string(c.Args["filter"]))
		}
		return nil
	}
	s := newFake(t, w.answer).dial()
	name, err := s.FindByName(t.Context(), "Gail@Alias.Example.Test")
	if err != nil || len(name) != 1 || name[0].ID != "d" {
		t.Errorf("by name: %v, %v", name, err)
	}
	address, err := s.FindByAddress(t.Context(), "gg@example.net")
	if err != nil || len(address) != 1 || address[0].ID != "d" {
		t.Errorf("by address: %v, %v", address, err)
	}
	if diff := cmp.Diff([]string{`{"domainId":"b","name":"gail"}`, `{"text":"gg"}`}, filters); diff != "" {
		t.Error(diff)
	}
	if _, err := s.FindByName(t.Context(), "x@nowhere.example"); !is[*InvalidDomainError](err) {
		t.Errorf("unknown domain: %v", err)
	}
	for _, bad := range []string{"gail", "@example.test", "a b@example.test", "a@b@example.test", "a..b@example.test", "gail@", ""} {
		if _, err := s.FindByName(t.Context(), bad); !is[*InvalidNameError](err) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestIDs(t *testing.T) {
	for id, want := range map[string]uint64{"a": 0, "b": 1, "3": 31, "ba": 32, "bgt": 1235, "d333333": 1<<32 - 1} {
		if n, err := idNumber(reconcile.AccountID(id)); err != nil || n != want {
			t.Errorf("%s is %d, %v", id, n, err)
		}
	}
	for _, bad := range []string{"", "A", "4", "ab", "b!", "33333333333333", "3333333333333", "b\n"} {
		if _, err := idNumber(reconcile.AccountID(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
