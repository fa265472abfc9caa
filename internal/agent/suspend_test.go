package agent_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/agent"
	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// oddRights are permissions that nobody would invent when putting them back.
const oddRights = `{"@type":"Merge","disabledPermissions":{"emailSend":true},"enabledPermissions":{"jmapEmailGet":true}}`

// suspending is a settled world in which the access of leavers is cut at their
// second counted read, and where p00 has odd rights.
func suspending(t *testing.T, missing config.MissingMode) *world {
	t.Helper()
	w := settled(t, 40, deleting)
	w.file("syncagent.yaml", replaceIn(t, w, "missing: delete", fmt.Sprintf("missing: %s\n  suspend: { runs: 2, time: 24h }", missing)))
	w.reload()
	w.allow("u00@example.org", oddRights)
	return w
}

func (w *world) account(address string) stalwarttest.AccountView {
	w.t.Helper()
	view, ok := w.server.AccountOf(address)
	if !ok {
		w.t.Fatalf("no account %s", address)
	}
	return view
}

func (w *world) execute(calls string) string {
	w.t.Helper()
	answer, err := w.server.Execute(calls)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer
}

func (w *world) allow(address, rights string) {
	w.t.Helper()
	id := string(w.account(address).ID)
	answer := w.execute(`[["x:Account/set",{"update":{"` + id + `":{"permissions":` + rights + `}}},"0"]]`)
	if !strings.Contains(answer, `"updated":{"`+id) {
		w.t.Fatalf("permissions: %s", answer)
	}
}

// wantRights compares the permissions of an account with what they shall be.
func (w *world) wantRights(id stalwarttest.AccountID, want string) {
	w.t.Helper()
	var calls [][]json.RawMessage
	var get struct {
		List []struct{ Permissions any }
	}
	text := w.execute(`[["x:Account/get",{"ids":["` + string(id) + `"],"properties":["permissions"]},"0"]]`)
	if err := json.Unmarshal([]byte(text), &calls); err != nil {
		w.t.Fatal(err)
	}
	if err := json.Unmarshal(calls[0][1], &get); err != nil || len(get.List) != 1 {
		w.t.Fatalf("permissions of %s: %s, %v", id, text, err)
	}
	var wanted any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff(wanted, get.List[0].Permissions); diff != "" {
		w.t.Errorf("permissions of %s:\n%s", id, diff)
	}
}

// wantActions compares the kinds of the actions that were done.
func wantActions(t *testing.T, rep *agent.Report, want ...reconcile.ActionKind) {
	t.Helper()
	var got []reconcile.ActionKind
	for i, a := range rep.Result.Actions {
		got = append(got, a.Kind)
		if rep.Result.Results[i].Outcome != reconcile.OutcomeDone {
			t.Errorf("not done: %v", told(rep))
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("actions %v, want %v: %v", got, want, told(rep))
	}
}

func wantHold(t *testing.T, rep *agent.Report, code string) {
	t.Helper()
	if !slices.ContainsFunc(rep.Result.Holds, func(h reconcile.Hold) bool { return h.Code == code }) {
		t.Errorf("no hold %s: %v", code, told(rep))
	}
}

// reaches gives the HTTP status that a token gets.
func (w *world) reaches(token string) int {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.cfg.Server.URL+"/jmap/session", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

func TestSuspendedLeaverOpensNothing(t *testing.T) {
	w := suspending(t, config.MissingSuspend)
	id := w.account("u00@example.org").ID
	app, key, token := w.server.AddAppPassword(id, "phone"), w.server.AddAPIKey(id, stalwarttest.APIKey{}), w.server.AddOAuthToken(id)
	w.leave("p00")
	wantActions(t, w.sync())
	for _, secret := range []string{key, token} {
		if got := w.reaches(secret); got != http.StatusOK {
			t.Fatalf("before: HTTP %d", got)
		}
	}
	if _, err := w.server.OpenMailbox("u00@example.org", app); err != nil {
		t.Fatalf("before: %v", err)
	}
	caches := w.server.Invalidations()
	dry, err := w.try(agent.RunOptions{DryRun: true})
	if err != nil || dry.Result.Counts.Suspend != 1 || w.account("u00@example.org").Suspended {
		t.Fatalf("dry run: %v %v", err, told(dry))
	}
	rep := w.sync()
	wantActions(t, rep, reconcile.ActSuspend)
	if !strings.Contains(rep.Result.Results[0].Hint, "sessions-not-cut") {
		t.Errorf("nobody is told about open sessions: %+v", rep.Result.Results)
	}
	if w.server.Invalidations() != caches+1 {
		t.Error("cached logins were not ended")
	}
	for _, secret := range []string{key, token} {
		if got := w.reaches(secret); got != http.StatusForbidden {
			t.Errorf("a token still gets HTTP %d", got)
		}
	}
	if _, err := w.server.OpenMailbox("u00@example.org", app); err == nil {
		t.Error("the app password still opens the mailbox")
	}
	for range 6 {
		wantActions(t, w.sync())
	}
	if w.server.Destroys(id) != 0 || w.account("u00@example.org").Messages != 1 {
		t.Error("missing: suspend must delete nothing")
	}
	w.hire("p00", "u00@example.org")
	if w.sync(); w.sync().Pending() {
		t.Error("not at rest")
	}
	w.wantRights(id, oddRights)
	w.wantMail("u00@example.org", "p00", "for p00")
}

func TestSuspendedLeaverIsDeletedAfterTheGrace(t *testing.T) {
	w := suspending(t, config.MissingDelete)
	id := w.account("u00@example.org").ID
	w.leave("p00")
	var kinds []reconcile.ActionKind
	for range 6 {
		for _, a := range w.sync().Result.Actions {
			kinds = append(kinds, a.Kind)
		}
	}
	if want := []reconcile.ActionKind{reconcile.ActSuspend, reconcile.ActDelete}; !slices.Equal(kinds, want) || w.server.Destroys(id) != 1 {
		t.Errorf("%v, want %v", kinds, want)
	}
}

func TestSuspendedAndRenamedMeanwhile(t *testing.T) {
	w := suspending(t, config.MissingSuspend)
	id := w.account("u00@example.org").ID
	w.leave("p00")
	w.sync()
	wantActions(t, w.sync(), reconcile.ActSuspend)
	w.hire("p00", "bride@example.org")
	wantActions(t, w.sync(), reconcile.ActResume)
	wantActions(t, w.sync(), reconcile.ActRename)
	wantActions(t, w.sync())
	w.wantRights(id, oddRights)
	w.wantMail("bride@example.org", "p00", "for p00")
}

func TestSuspendedIsParkedForANewcomerAndComesBack(t *testing.T) {
	w := suspending(t, config.MissingSuspend)
	id := w.account("u00@example.org").ID
	w.leave("p00")
	w.sync()
	wantActions(t, w.sync(), reconcile.ActSuspend)
	w.hire("new", "u00@example.org")
	wantActions(t, w.sync(), reconcile.ActPark)
	w.wantMail("u00@example.org", "new")
	w.sync()
	w.hire("p00", "back@example.org")
	w.sync()
	w.sync()
	if rep := w.sync(); rep.Pending() {
		t.Errorf("not at rest: %v", told(rep))
	}
	w.wantRights(id, oddRights)
	w.wantMail("back@example.org", "p00", "for p00")
	w.wantMail("u00@example.org", "new")
}

func TestSuspendedAddressHandedOver(t *testing.T) {
	w := suspending(t, config.MissingSuspend)
	w.alias("p00", "info@example.org")
	w.deliver("info@example.org", "to info")
	w.sync()
	w.leave("p00")
	w.exec(`DELETE FROM aliases`)
	w.sync()
	wantActions(t, w.sync(), reconcile.ActSuspend)
	w.hire("p00", "u00@example.org")
	w.alias("p01", "info@example.org")
	for range 4 {
		if rep := w.sync(); rep.Failed > 0 {
			t.Fatalf("%v", told(rep))
		}
	}
	w.deliver("info@example.org", "later")
	w.wantMail("u01@example.org", "p01", "for p01", "later")
	w.wantMail("u00@example.org", "p00", "for p00", "to info")
}

// self is the account of the administrator that syncagent logs in with.
func (w *world) self() stalwarttest.AccountID {
	w.t.Helper()
	for _, view := range w.server.Accounts() {
		if view.Admin {
			return view.ID
		}
	}
	w.t.Fatal("no administrator")
	return ""
}

func TestSuspendNotReversible(t *testing.T) {
	for name, shorten := range map[string]func(w *world){
		"short key": func(w *world) {
			w.file("api-key", w.server.AddAPIKey(w.self(), stalwarttest.APIKey{Permissions: []string{
				"authenticate", "sysAccountGet", "sysAccountQuery", "sysDomainGet", "sysDomainQuery", "sysAccountUpdate",
				"sysAccountDestroy", "sysTaskGet", "sysTaskQuery", "sysAuthenticationGet", "sysRoleGet",
			}}))
		},
		"rights that we lack": func(w *world) {
			answer := w.execute(`[["x:Account/set",{"update":{"` + string(w.self()) + `":{"permissions":{"@type":"Merge","enabledPermissions":{},"disabledPermissions":{"unlimitedUploads":true}}}}},"0"]]`)
			if !strings.Contains(answer, `"updated":{"`) {
				w.t.Fatal(answer)
			}
			w.allow("u00@example.org", `{"@type":"Merge","enabledPermissions":{"unlimitedUploads":true},"disabledPermissions":{}}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := suspending(t, config.MissingSuspend)
			shorten(w)
			w.leave("p00")
			w.sync()
			writes := len(w.server.Writes())
			rep := w.sync()
			wantHold(t, rep, reconcile.HoldSuspendNotReversible)
			if len(rep.Result.Actions) != 0 || len(w.server.Writes()) != writes || w.account("u00@example.org").Suspended {
				t.Errorf("something was written: %v", told(rep))
			}
		})
	}
}

func TestSuspendLimit(t *testing.T) {
	w := suspending(t, config.MissingSuspend)
	w.cfg.Sources[0].Policy.Limits.Suspend = config.Limit{Count: 2, Percent: 1}
	for _, id := range []string{"p00", "p01", "p02", "p03"} {
		w.leave(id)
	}
	w.sync()
	rep := w.sync()
	if !rep.Result.Verdict.Blocked || rep.ExitCode(nil) != agent.ExitBlocked {
		t.Errorf("not blocked: %v", told(rep))
	}
	for _, view := range w.server.Accounts() {
		if view.Suspended {
			t.Errorf("%s was suspended beyond the limit", view.Address)
		}
	}
}

func TestNeverSuspended(t *testing.T) {
	for name, prepare := range map[string]func(w *world){
		"administrator": func(w *world) {
			id := string(w.account("u00@example.org").ID)
			w.execute(`[["x:Account/set",{"update":{"` + id + `":{"roles":{"@type":"Admin"}}}},"0"]]`)
			if !w.account("u00@example.org").Admin {
				w.t.Fatal("no administrator")
			}
		},
		"protected": func(w *world) { w.cfg.Sources[0].Policy.Protect = []string{"u00@*"} },
	} {
		t.Run(name, func(t *testing.T) {
			w := suspending(t, config.MissingSuspend)
			prepare(w)
			w.leave("p00")
			w.sync()
			w.sync()
			wantHold(t, w.sync(), reconcile.HoldProtected)
			if w.account("u00@example.org").Suspended {
				t.Error("suspended")
			}
		})
	}
}

func TestDisabledEntry(t *testing.T) {
	w := newWorld(t, deleting)
	text := replaceIn(t, w, "missing: delete", "missing: delete\n  disabled: suspend")
	text = replaceOnce(t, text, "mail, type, employee FROM people\n", "mail, type, employee, description FROM people\n")
	text = replaceOnce(t, text, "type, employee FROM people WHERE", "type, employee, description FROM people WHERE")
	w.file("syncagent.yaml", replaceOnce(t, text, "kind: {", "enabled: { attribute: description, not: [ disabled ] }, kind: {"))
	w.reload()
	for _, id := range []string{"p00", "p01", "p02", "p03"} {
		w.hire(id, id+"@example.org")
		w.deliver(id+"@example.org", "for "+id)
	}
	w.sync()
	w.allow("p00@example.org", oddRights)
	id := w.account("p00@example.org").ID
	w.exec(`UPDATE people SET description = 'disabled' WHERE id = 'p00'`)
	wantActions(t, w.sync(), reconcile.ActSuspend)
	for range 5 {
		wantActions(t, w.sync())
	}
	w.rename("p00", "bride@example.org")
	wantActions(t, w.sync(), reconcile.ActRename)
	if !w.account("bride@example.org").Suspended {
		t.Error("a rename gave the access back")
	}
	w.exec(`UPDATE people SET description = 'p00' WHERE id = 'p00'`)
	wantActions(t, w.sync(), reconcile.ActResume)
	wantActions(t, w.sync())
	w.wantRights(id, oddRights)
	w.wantMail("bride@example.org", "p00", "for p00")
}

// TestSuspendAnswerLost loses the first write of each action, or its answer:
// the next run finds out what became of it.
func TestSuspendAnswerLost(t *testing.T) {
	for name, drop := range map[string]stalwarttest.Drop{"before the work": stalwarttest.DropFirst, "after the work": stalwarttest.DropLast} {
		t.Run(name, func(t *testing.T) {
			w := suspending(t, config.MissingSuspend)
			id := w.account("u00@example.org").ID
			lose := func() {
				w.t.Helper()
				var unlook func()
				remove := w.server.Inject(stalwarttest.Fault{
					Match: stalwarttest.OnMethod("x:Account/set"), Drop: drop,
					// Nothing can be found out in this run, either.
					Before: func(stalwarttest.Seen) {
						unlook = w.server.Inject(stalwarttest.Fault{
							Match: stalwarttest.OnMethod("x:Account/get"), Times: -1, Status: http.StatusServiceUnavailable, SkipWork: true,
						})
					},
				})
				_, _ = w.try(agent.RunOptions{})
				if remove(); unlook == nil {
					t.Fatal("nothing was written")
				}
				unlook()
			}
			settle := func() {
				t.Helper()
				for range 4 {
					if rep := w.sync(); rep.Failed > 0 {
						t.Fatalf("%v", told(rep))
					}
				}
			}
			w.leave("p00")
			w.sync()
			lose() // the suspension
			caches := w.server.Invalidations()
			settle()
			if !w.account("u00@example.org").Suspended || w.server.Invalidations() == caches {
				t.Error("not suspended, or cached logins go on")
			}
			w.hire("new", "u00@example.org")
			lose() // the park
			settle()
			w.wantMail("u00@example.org", "new")
			w.hire("p00", "back@example.org")
			lose() // the resume, whose first write is the name
			settle()
			w.wantRights(id, oddRights)
			w.wantMail("back@example.org", "p00", "for p00")
		})
	}
}

// TestResumeCutInTheMiddle loses the second write of a resume: the name is
// back, the access is not.
func TestResumeCutInTheMiddle(t *testing.T) {
	w := suspending(t, config.MissingSuspend)
	id := w.account("u00@example.org").ID
	w.leave("p00")
	w.hire("new", "u00@example.org")
	wantActions(t, w.sync(), reconcile.ActPark)
	w.hire("p00", "back@example.org")
	remove := w.server.Inject(stalwarttest.Fault{
		Match: stalwarttest.OnMethod("x:Account/set"), Nth: 2, Times: -1, Drop: stalwarttest.DropFirst,
	})
	_, _ = w.try(agent.RunOptions{})
	remove()
	if !w.account("back@example.org").Suspended {
		t.Fatal("the fault did not hit between the two writes")
	}
	for range 3 {
		if rep := w.sync(); rep.Failed > 0 {
			t.Fatalf("%v", told(rep))
		}
	}
	w.wantRights(id, oddRights)
	w.wantMail("back@example.org", "p00", "for p00")
}

// TestResumedByHandBeforeTheName: somebody gave the access back while the
// account stands parked.
func TestResumedByHandBeforeTheName(t *testing.T) {
	w := suspending(t, config.MissingSuspend)
	id := w.account("u00@example.org").ID
	w.leave("p00")
	w.hire("new", "u00@example.org")
	wantActions(t, w.sync(), reconcile.ActPark)
	view, _ := w.server.Account(id)
	w.allow(view.Address, oddRights)
	w.hire("p00", "back@example.org")
	w.sync()
	w.sync()
	w.wantRights(id, oddRights)
	w.wantMail("back@example.org", "p00", "for p00")
}
