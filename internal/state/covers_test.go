package state

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
)

func TestLaterDeletes(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	ids := make([]int64, 2)
	for i, by := range [][]string{{"Ada", "Bea"}, {"Eve"}} {
		var err error
		ids[i], err = l.Approve(ctx, reconcile.Approval{
			Plan: "sha256:1", By: by, Reason: "term", Created: noon, Expires: noon.Add(time.Hour),
			Items: []reconcile.ApprovedItem{{Kind: "miss", StableID: reconcile.StableID(by[0])}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var rows []reconcile.Principal
	for i, c := range []reconcile.Cover{
		{Approval: ids[0], From: noon.Add(2 * time.Hour), Until: noon.Add(50 * time.Hour)},
		{Approval: ids[0], From: noon.Add(time.Hour), Until: noon.Add(49 * time.Hour)},
		{Approval: ids[0], From: noon.Add(-9 * time.Hour), Until: noon}, // over
		{Approval: ids[1], From: noon.Add(time.Hour), Until: noon.Add(50 * time.Hour)},
		{},
	} {
		p := fullPrincipal()
		p.ID, p.State = reconcile.StableID("id"+string(rune('a'+i))), reconcile.StateMissing
		p.Miss.Cover = c
		rows = append(rows, p)
	}
	record(t, l, rows...)
	first := LaterDeletes{
		Approval: ids[0], Plan: "sha256:1", By: []string{"Ada", "Bea"}, Reason: "term", Accounts: 2,
		From: noon.Add(time.Hour), Until: noon.Add(50 * time.Hour),
	}
	second := LaterDeletes{
		Approval: ids[1], Plan: "sha256:1", By: []string{"Eve"}, Reason: "term", Accounts: 1,
		From: noon.Add(time.Hour), Until: noon.Add(50 * time.Hour),
	}
	check := func(given map[int64]bool, want ...LaterDeletes) {
		t.Helper()
		got, err := l.LaterDeletes(ctx, noon)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		ids, err := l.GivenApprovals(ctx)
		if diff := cmp.Diff(given, ids); diff != "" || err != nil {
			t.Errorf("given: %v (-want +got):\n%s", err, diff)
		}
	}
	check(map[int64]bool{ids[0]: true, ids[1]: true}, first, second)
	if err := l.Revoke(ctx, ids[0]); err != nil {
		t.Fatal(err)
	}
	check(map[int64]bool{ids[1]: true}, second)
}
