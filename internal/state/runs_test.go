package state

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
)

func TestRuns(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	for i, id := range []string{"20261123-aa", "20261123-ab", "20261124-aa"} {
		r := Run{ID: id, Started: noon.Add(time.Duration(i) * time.Hour), Trigger: "schedule", Command: "syncagent run", ConfigHash: "h"}
		if err := l.BeginRun(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.BeginRun(ctx, Run{ID: "20261123-aa"}); err == nil {
		t.Error("a run began twice")
	}
	result := reconcile.RunResult{Run: "20261123-ab", Plan: reconcile.Plan{Hash: "sha256:1"}}
	if err := l.FinishRun(ctx, "20261123-ab", result, 0, ""); err != nil {
		t.Fatal(err)
	}
	if err := l.FinishRun(ctx, "20261123-aa", nil, 6, "server down"); err != nil {
		t.Fatal(err)
	}
	want(t, l.FinishRun(ctx, "none", nil, 0, ""), ErrNotFound)

	runs, err := l.Runs(ctx, 2)
	if err != nil || len(runs) != 2 || runs[0].ID != "20261124-aa" || runs[1].ID != "20261123-ab" || runs[1].Result != nil {
		t.Errorf("%+v, %v", runs, err)
	}
	if runs[0].ExitCode != -1 || !runs[0].Finished.IsZero() {
		t.Errorf("a running run: %+v", runs[0])
	}
	r, err := l.Run(ctx, "20261123-ab")
	if err != nil {
		t.Fatal(err)
	}
	var got reconcile.RunResult
	if err := json.Unmarshal(r.Result, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(result, got); diff != "" {
		t.Error(diff)
	}
	if r, err = l.Run(ctx, "20261124"); err != nil || r.ID != "20261124-aa" {
		t.Errorf("%+v, %v", r, err)
	}
	_, err = l.Run(ctx, "20261123")
	want(t, err, ErrAmbiguous)
	_, err = l.Run(ctx, "%")
	want(t, err, ErrNotFound)
	_, err = l.Run(ctx, "")
	want(t, err, ErrNotFound)
	if r, found, err := l.LastSuccess(ctx); err != nil || !found || r.ID != "20261123-ab" {
		t.Errorf("%+v, %v, %v", r, found, err)
	}
}

func TestPlans(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	save := func(hash string, expires time.Time) {
		if err := l.SavePlan(ctx, hash, map[string]string{"hash": hash}, noon, expires); err != nil {
			t.Fatal(err)
		}
	}
	save("sha256:aaaaaa00", noon.Add(-time.Second))
	save("sha256:abcdef01", noon.Add(time.Hour))
	save("sha256:abcdef02", noon.Add(time.Hour))
	save("sha256:abcdef02", noon.Add(2*time.Hour))
	for _, hash := range []string{"sha256:abcdef02", "ABCDEF02", " sha256:abcdef02\n"} {
		p, err := l.Plan(ctx, hash)
		if err != nil || p.Hash != "sha256:abcdef02" || !p.Expires.Equal(noon.Add(2*time.Hour)) || string(p.Result) != `{"hash":"sha256:abcdef02"}` {
			t.Errorf("%q: %+v, %v", hash, p, err)
		}
	}
	for hash, target := range map[string]error{
		"abcdef": ErrAmbiguous, "abc": ErrAmbiguous, "": ErrAmbiguous, "abcdef03": ErrNotFound, "aaaaaa00": ErrNotFound, "______": ErrNotFound,
	} {
		_, err := l.Plan(ctx, hash)
		want(t, err, target)
	}
}

func TestApprovals(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	items := []reconcile.ApprovedItem{{Kind: "delete", Source: "staff", StableID: "1", Account: "c", From: "a@x"}}
	approve := func(a reconcile.Approval) int64 {
		t.Helper()
		id, err := l.Approve(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	a := reconcile.Approval{Plan: "sha256:1", By: []string{"zoe"}, Reason: "first", Created: noon, Expires: noon.Add(2 * time.Hour), Items: items}
	b := a
	b.By, b.Reason, b.Created, b.Expires = []string{"adam"}, "second", noon.Add(time.Hour), noon.Add(25*time.Hour)
	other := a
	other.Plan, other.Items = "sha256:2", nil
	domain := reconcile.Approval{By: []string{"zoe"}, Created: noon, Expires: noon.Add(time.Hour), RenameFrom: "old", RenameTo: "new", Max: 5}
	id := approve(a)
	if again := approve(b); again != id {
		t.Errorf("two persons gave approvals %d and %d of one plan", id, again)
	}
	other.ID, domain.ID = approve(other), approve(domain)

	both := a
	both.ID, both.By, both.Reason = id, []string{"adam", "zoe"}, "second"
	got, err := l.Approvals(ctx, noon)
	if diff := cmp.Diff([]reconcile.Approval{both, other, domain}, got); err != nil || diff != "" {
		t.Error(diff, err)
	}
	// Zoe's part expires first.
	onlyAdam := b
	onlyAdam.ID = id
	got, err = l.Approvals(ctx, noon.Add(2*time.Hour))
	if diff := cmp.Diff([]reconcile.Approval{onlyAdam}, got); err != nil || diff != "" {
		t.Error(diff, err)
	}
	// She renews it.
	a.Created, a.Expires = noon.Add(3*time.Hour), noon.Add(30*time.Hour)
	approve(a)
	if got, err = l.Approvals(ctx, noon.Add(4*time.Hour)); err != nil || len(got) != 1 || len(got[0].By) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if err := l.Revoke(ctx, id); err != nil {
		t.Fatal(err)
	}
	want(t, l.Revoke(ctx, id), ErrNotFound)
	if got, err = l.Approvals(ctx, noon.Add(4*time.Hour)); err != nil || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, by := range [][]string{nil, {""}} {
		if _, err := l.Approve(ctx, reconcile.Approval{Plan: "p", By: by}); err == nil {
			t.Errorf("nobody (%q) approved", by)
		}
	}
}

func TestProtections(t *testing.T) {
	ctx := context.Background()
	l := openLedger(t, t.TempDir())
	a := reconcile.Protection{Pattern: "svc-*", By: "zoe", Reason: "machines", Since: noon}
	b := reconcile.Protection{Pattern: "a@x", By: "adam", Since: noon}
	for _, p := range []reconcile.Protection{{Pattern: "svc-*"}, a, b} {
		if err := l.Protect(ctx, p); err != nil {
			t.Fatal(err)
		}
	}
	got, err := l.Protections(ctx)
	if diff := cmp.Diff([]reconcile.Protection{b, a}, got); err != nil || diff != "" {
		t.Error(diff, err)
	}
	if err := l.Unprotect(ctx, "a@x"); err != nil {
		t.Fatal(err)
	}
	want(t, l.Unprotect(ctx, "a@x"), ErrNotFound)
	if err := l.Protect(ctx, reconcile.Protection{}); err == nil {
		t.Error("an empty pattern was protected")
	}
}
