package agent_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

const merging = deleting + "  twin: merge\n"

// married gives a world in which p00 was renamed in the directory, and the
// server made a twin under the new name: one mail is enough.
func married(t *testing.T, policy string, generation ...string) (w *world, twin stalwarttest.AccountID) {
	t.Helper()
	w = settled(t, 40, policy, generation...)
	w.now = w.now.Add(time.Minute)
	w.rename("p00", "bride@example.org")
	w.deliver("bride@example.org", "early")
	return w, w.box("bride@example.org")
}

// inReal gives the messages of the real account in short lines.
func (w *world) inReal(mail string) []string {
	w.t.Helper()
	out := []string{}
	for _, m := range w.server.Messages(w.box(mail)) {
		out = append(out, m.Subject+" in "+strings.Join(m.Mailboxes, "+")+" "+strings.Join(m.Keywords, "+"))
	}
	slices.Sort(out)
	return out
}

// box gives the account that a name opens.
func (w *world) box(mail string) stalwarttest.AccountID {
	w.t.Helper()
	a, ok := w.server.AccountOf(mail)
	if !ok {
		w.t.Fatalf("no account %s", mail)
	}
	return a.ID
}

func (w *world) exists(id stalwarttest.AccountID) bool {
	return slices.ContainsFunc(w.server.Accounts(), func(a stalwarttest.AccountView) bool { return a.ID == id })
}

func heldWith(rep *agent.Report, code string) (out []reconcile.Hold) {
	for _, h := range rep.Result.Holds {
		if h.Code == code {
			out = append(out, h)
		}
	}
	return out
}

func (w *world) wantAtRest() {
	w.t.Helper()
	if rep := w.sync(); rep.Pending() || rep.Failed > 0 {
		w.t.Errorf("not at rest: %v", told(rep))
	}
}

func TestTwinIsMerged(t *testing.T) {
	w, twin := married(t, merging)
	w.server.AddMailbox(twin, "Travel", "")
	w.server.AddMailbox(twin, "Rome", "Travel")
	sent := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	w.server.AddMail(twin,
		stalwarttest.Message{Subject: "ticket", Mailboxes: []string{"Rome"}, Keywords: []string{"$flagged", "$seen"}, Received: sent},
		stalwarttest.Message{Subject: "hotel", Mailboxes: []string{"Travel"}})
	want := []string{"early in Inbox ", "for p00 in Inbox ", "hotel in Travel ", "ticket in Rome $flagged+$seen"}
	for i := range 60 { // more than one request, and more than the letters that keys may have
		m := stalwarttest.Message{Subject: fmt.Sprintf("note %02d", i)}
		w.server.AddMail(twin, m)
		want = append(want, m.Subject+" in Inbox ")
	}
	slices.Sort(want)
	dry, err := w.try(agent.RunOptions{DryRun: true})
	if err != nil || !slices.ContainsFunc(dry.Result.Actions, func(a reconcile.Action) bool {
		return a.Kind == reconcile.ActDestroyTwin && a.To == "bride@example.org"
	}) {
		t.Errorf("the plan does not say that the twin is merged: %v %v", told(dry), err)
	}
	rep := w.sync()
	if rep.Failed > 0 || rep.Result.Counts.Twin != 1 {
		t.Fatalf("%v", told(rep))
	}
	if diff := cmp.Diff(want, w.inReal("bride@example.org")); diff != "" {
		t.Errorf("mail (-want +got):\n%s", diff)
	}
	for _, m := range w.server.Messages(w.box("bride@example.org")) {
		if m.Subject == "ticket" && !m.Received.Equal(sent) {
			t.Errorf("received %v", m.Received)
		}
	}
	if got := w.opens("bride@example.org", "p00"); len(got) != len(want) {
		t.Errorf("the person finds %d messages, want %d", len(got), len(want))
	}
	if n := len(w.server.Accounts()); n != 41 {
		t.Errorf("%d accounts, the twin should be gone", n)
	}
	w.wantAtRest()
}

// One mail to the old address makes a twin under the new name while the
// directory keeps the old address as an alias: the mail itself goes to the old
// account.
func TestMailToTheOldAddressMakesATwin(t *testing.T) {
	w := settled(t, 40, merging)
	w.now = w.now.Add(time.Minute)
	w.rename("p00", "bride@example.org")
	w.alias("p00", "u00@example.org")
	w.deliver("u00@example.org", "to the old address")
	if n := len(w.server.Messages(w.box("bride@example.org"))); n != 0 {
		t.Fatalf("a twin with %d messages", n)
	}
	w.deliver("bride@example.org", "to the new one")
	rep := w.sync()
	if rep.Failed > 0 || rep.Result.Counts.Twin != 1 {
		t.Fatalf("%v", told(rep))
	}
	w.wantMail("bride@example.org", "p00", "for p00", "to the new one", "to the old address")
	w.deliver("u00@example.org", "later") // still the person's, as an alias
	w.wantMail("bride@example.org", "p00", "for p00", "later", "to the new one", "to the old address")
	if n := len(w.server.Accounts()); n != 41 {
		t.Errorf("%d accounts, the twin should be gone", n)
	}
	w.wantAtRest()
}

// TestMergeIsRepeated breaks a merge off at every place where it matters: the
// next run goes on, and no message is there twice or lost.
func TestMergeIsRepeated(t *testing.T) {
	for name, fault := range map[string]stalwarttest.Fault{
		"the answer of the copy is lost":     {Match: stalwarttest.OnMethod("Email/copy"), Drop: stalwarttest.DropLast},
		"the copy does not reach the server": {Match: stalwarttest.OnMethod("Email/copy"), Drop: stalwarttest.DropFirst},
		"between copy and destroy":           {Match: stalwarttest.OnDestroy("x:Account/set"), FailMethod: "x:Account/set", FailType: "forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			w, twin := married(t, merging)
			w.server.AddMail(twin, stalwarttest.Message{Subject: "second"}, stalwarttest.Message{Subject: "third"})
			stop := w.server.Inject(fault)
			rep, _ := w.try(agent.RunOptions{Trigger: "test"})
			if rep.Failed == 0 && !w.exists(twin) {
				t.Fatalf("nothing went wrong: %v", told(rep))
			}
			stop()
			if rep := w.sync(); rep.Failed > 0 {
				t.Fatalf("%v", told(rep))
			}
			w.wantMail("bride@example.org", "p00", "early", "for p00", "second", "third")
			if n := len(w.server.Accounts()); n != 41 {
				t.Errorf("%d accounts, the twin should be gone", n)
			}
			w.wantAtRest()
		})
	}
}

// TestTwinWithOtherDataStaysAside: what cannot be merged is never destroyed, and
// told by every run until a person has cleared it away.
func TestTwinWithOtherDataStaysAside(t *testing.T) {
	for name, fill := range map[string]func(*stalwarttest.Server, stalwarttest.AccountID){
		"contact": func(s *stalwarttest.Server, id stalwarttest.AccountID) { s.AddContact(id, "Bob") },
		"event": func(s *stalwarttest.Server, id stalwarttest.AccountID) {
			s.AddEvent(id, "wedding", "2026-05-05T12:00:00")
		},
		"file":   func(s *stalwarttest.Server, id stalwarttest.AccountID) { s.AddFile(id, "plan.txt", []byte("x")) },
		"script": func(s *stalwarttest.Server, id stalwarttest.AccountID) { s.AddSieve(id, "filter", "keep;", true) },
	} {
		t.Run(name, func(t *testing.T) {
			w, twin := married(t, merging)
			fill(w.server, twin)
			if rep := w.sync(); rep.Failed > 0 || len(heldWith(rep, reconcile.HoldTwinNotEmpty)) != 1 {
				t.Fatalf("%v", told(rep))
			}
			w.wantMail("bride@example.org", "p00", "for p00")
			if got := w.server.Subjects(twin); !slices.Equal(got, []string{"early"}) {
				t.Errorf("the twin has %v", got)
			}
			if rep := w.sync(); rep.Pending() || len(heldWith(rep, reconcile.HoldTwinNotEmpty)) != 1 {
				t.Errorf("not told again: %v", told(rep))
			}
			w.server.Destroy(twin)
			if rep := w.sync(); len(heldWith(rep, reconcile.HoldTwinNotEmpty)) != 0 {
				t.Errorf("told although it is gone: %v", told(rep))
			}
		})
	}
}

// TestSameMailInBoth: a mail that went to both addresses has the same
// Message-ID, and is another one all the same.
func TestSameMailInBoth(t *testing.T) {
	w, twin := married(t, merging)
	old := w.box("u00@example.org")
	both := stalwarttest.Message{Subject: "to both", MessageID: "one@example.com", Body: "as it came to the old address"}
	w.server.AddMail(old, both)
	both.Body = "as it came to the new address"
	w.server.AddMail(twin, both)
	if rep := w.sync(); rep.Failed > 0 {
		t.Fatalf("%v", told(rep))
	}
	w.wantMail("bride@example.org", "p00", "early", "for p00", "to both", "to both")
	w.wantAtRest()
}

// TestMergeNeedsAServerThatCan: before 0.16 nothing is copied; the plan says so.
func TestMergeNeedsAServerThatCan(t *testing.T) {
	w, twin := married(t, merging, "0.15.5")
	rep := w.sync()
	if rep.Failed > 0 || len(heldWith(rep, reconcile.HoldTwinMergeUnsupported)) != 1 {
		t.Fatalf("%v", told(rep))
	}
	if len(w.server.Messages(twin)) != 1 || !w.exists(twin) {
		t.Errorf("the twin is gone: %v", told(rep))
	}
}

func TestTwinLimitBlocksAMerge(t *testing.T) {
	w, twin := married(t, merging+"  limits: { twin: 0 }\n")
	rep := w.sync()
	if !rep.Result.Verdict.Blocked || len(w.server.Messages(twin)) != 1 {
		t.Fatalf("%v", told(rep))
	}
	if n := len(w.server.Messages(w.box("u00@example.org"))); n != 1 {
		t.Errorf("copied although blocked")
	}
}

// policyNow writes another policy into the configuration.
func (w *world) policyNow(policy string) {
	w.t.Helper()
	head, rest, _ := strings.Cut(replaceIn(w.t, w, "policy:\n", "policy:\n"), "policy:\n")
	_, tail, ok := strings.Cut(rest, "state:")
	if !ok {
		w.t.Fatal("the configuration is not as expected")
	}
	w.file("syncagent.yaml", head+"policy:\n"+policy+"\nstate:"+tail)
	w.reload()
}

// TestKeptTwinIsMergedOnceItMay: a twin that stayed aside is looked into again
// when the policy changed, and not before.
func TestKeptTwinIsMergedOnceItMay(t *testing.T) {
	w, twin := married(t, deleting)
	if rep := w.sync(); rep.Failed > 0 || len(heldWith(rep, reconcile.HoldTwinNotEmpty)) != 1 {
		t.Fatalf("%v", told(rep))
	}
	for range 2 {
		if rep := w.sync(); rep.Pending() || len(heldWith(rep, reconcile.HoldTwinNotEmpty)) != 1 {
			t.Fatalf("nothing changed: %v", told(rep))
		}
	}
	w.policyNow(merging)
	dry, err := w.try(agent.RunOptions{DryRun: true})
	if err != nil || !dry.Pending() || len(w.server.Messages(twin)) != 1 {
		t.Fatalf("dry run: %v, %v", told(dry), err)
	}
	rep := w.sync()
	if rep.Failed > 0 || rep.Result.Counts.Twin != 1 || len(rep.Result.Holds) != 0 {
		t.Fatalf("%v", told(rep))
	}
	w.wantMail("bride@example.org", "p00", "early", "for p00")
	if w.exists(twin) {
		t.Error("the twin is still there")
	}
	if rep := w.sync(); rep.Pending() || len(rep.Result.Holds) != 0 {
		t.Errorf("not at rest: %v", told(rep))
	}
}

// TestKeptTwinIsDestroyedOnceItIsEmpty: somebody cleared it away by hand.
func TestKeptTwinIsDestroyedOnceItIsEmpty(t *testing.T) {
	w, twin := married(t, deleting)
	w.sync()
	w.server.ClearMail(twin)
	rep := w.sync()
	if rep.Failed > 0 || rep.Result.Counts.Twin != 1 || w.exists(twin) {
		t.Fatalf("%v", told(rep))
	}
	w.wantMail("bride@example.org", "p00", "for p00")
	w.wantAtRest()
}

// TestRefusedMergeIsTriedAgain: the quota of the real account is used up, which
// the agent does not see. The twin stays aside and is told; a day later the merge
// is tried again, and nothing is there twice.
func TestRefusedMergeIsTriedAgain(t *testing.T) {
	w, twin := married(t, merging)
	w.server.AddMail(twin, stalwarttest.Message{Subject: "second"})
	w.server.SetQuota(w.box("u00@example.org"), 1)
	rep := w.sync()
	if rep.Failed > 0 || len(heldWith(rep, reconcile.HoldTwinMergeRefused)) != 1 || !w.exists(twin) {
		t.Fatalf("%v", told(rep))
	}
	w.now = w.now.Add(-20 * time.Hour) // the next run is 26 hours later than this
	if rep = w.sync(); rep.Pending() || len(heldWith(rep, reconcile.HoldTwinMergeRefused)) != 1 {
		t.Fatalf("tried again after six hours: %v", told(rep))
	}
	if rep = w.sync(); len(rep.Result.Actions) != 1 || len(heldWith(rep, reconcile.HoldTwinMergeRefused)) != 1 || !w.exists(twin) {
		t.Fatalf("not tried again after a day: %v", told(rep))
	}
	w.server.SetQuota(w.box("bride@example.org"), 0)
	if rep = w.sync(); rep.Failed > 0 || w.exists(twin) || len(rep.Result.Holds) != 0 {
		t.Fatalf("%v", told(rep))
	}
	w.wantMail("bride@example.org", "p00", "early", "for p00", "second")
	w.wantAtRest()
}

// TestMergeIsTriedAgainUnderTheGuards: the second try is limited like the first.
func TestMergeIsTriedAgainUnderTheGuards(t *testing.T) {
	w, twin := married(t, deleting)
	w.sync()
	w.policyNow(merging + "  limits: { twin: 0 }\n")
	rep := w.sync()
	if !rep.Result.Verdict.Blocked || !w.exists(twin) || len(heldWith(rep, reconcile.HoldTwinNotEmpty)) != 1 {
		t.Fatalf("%v", told(rep))
	}
}
