package demo

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"syncagent/internal/agent"
	"syncagent/internal/audit"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// graceDays are the runs that nothing happens in but counting, one a day.
const graceDays = 13

func (w *world) grace(ctx context.Context) error {
	t := w.tell
	t.title("Two weeks of grace: a run each day")
	t.say("Who is gone from the directory keeps the mailbox for 14 days (policy.grace) and at least three " +
		"complete reads. Whoever comes back in that time finds everything as it was.")
	for i := range graceDays {
		w.later(day)
		rep, err := w.sync(ctx, fmt.Sprintf("grace, day %d", i+1), agent.RunOptions{}, false)
		if err != nil {
			return err
		}
		if err := must(rep.code == agent.ExitOK && rep.done(reconcile.ActDelete) == 0 && len(rep.Result.Missing) == 4,
			"day %d of grace: exit code %d, %d deleted, %d missing", i+1, rep.code, rep.done(reconcile.ActDelete), len(rep.Result.Missing)); err != nil {
			return err
		}
		if i == 0 || i == graceDays/2 || i == graceDays-1 {
			t.fact(w.clock().Format("2006-01-02"), fmt.Sprintf("%d in grace, nothing deleted", len(rep.Result.Missing)))
		}
	}
	t.result("%d runs, nothing deleted.", graceDays)
	return nil
}

func (w *world) deletion(ctx context.Context) error {
	t, c := w.tell, w.cast
	w.later(day)
	t.title("Grace is over: export, delete, then purge")
	t.say("Before each deletion syncagent asks the directory once more for the personnel number, the name and every " +
		"address, and exports the mailbox into an archive. An archive that cannot be verified holds the deletion.")
	ids := map[*Person]stalwarttest.AccountID{}
	for _, p := range []*Person{c.paul, c.ines, c.admin} {
		view, _ := w.server.AccountOf(p.Login)
		ids[p] = view.ID
	}
	purges := w.server.Purges()
	rep, err := w.sync(ctx, "delete and purge", agent.RunOptions{}, true)
	if err != nil {
		return err
	}
	w.sum.Deleted, w.sum.Purges = rep.done(reconcile.ActDelete), w.server.Purges()-purges
	if w.requested(rep) {
		w.sum.Purges++
	}
	for _, p := range []*Person{c.paul, c.ines} {
		if err := must(!w.account(ids[p]) && w.server.Destroys(ids[p]) == 1, "the mailbox of %s is still there", p.Name); err != nil {
			return err
		}
		t.result("%s: mailbox deleted.", p.Name)
	}
	if err := w.archives(w.sum.Deleted); err != nil {
		return err
	}
	if err := must(!w.phoneWorks(c.paul), "the app password of a deleted mailbox still works"); err != nil {
		return err
	}
	if err := must(w.account(ids[c.admin]) && rep.held(reconcile.HoldProtected, c.admin), "the administrator was not protected"); err != nil {
		return err
	}
	w.sum.Protected = 1
	t.result("%s: an administrator, held as protected. A person has to decide.", c.admin.Name)
	if err := w.parkedStays(rep); err != nil {
		return err
	}
	if err := must(w.sum.Deleted == 2 && w.sum.Purges == 1 && rep.code == agent.ExitOK,
		"%d deleted, %d purges, exit code %d", w.sum.Deleted, w.sum.Purges, rep.code); err != nil {
		return err
	}
	if w.opts.Older {
		t.result("The server's blob purge was asked for once, after the deletions; it runs in the background there.")
	} else {
		t.result("The server's data purge ran once, after the deletions were complete.")
	}
	return w.prove(ctx)
}

// requested tells that a run asked for a purge that the server does in the
// background, without telling when it ends: before 0.16.
func (w *world) requested(rep made) bool {
	return w.opts.Older && rep.Result.Purge != nil && rep.Result.Purge.State == "requested"
}

// parkedStays checks that the parked mailbox, into which both Kims may have
// received mail, waits for a person.
func (w *world) parkedStays(rep made) error {
	parked := w.parked()
	if err := must(parked != "", "the parked mailbox is gone"); err != nil {
		return err
	}
	if err := must(rep.held(reconcile.HoldMixed, w.cast.alexK), "the parked mailbox is not held as mixed"); err != nil {
		return err
	}
	w.tell.result("%s: parked as %s. Since the address was given to somebody else, both may have mail in it; "+
		"it is never deleted without an approval.", w.cast.alexK.Name, short(parked))
	return nil
}

// parked is the address of the parked mailbox, "" if there is none.
func (w *world) parked() string {
	for _, a := range w.server.Accounts() {
		if reconcile.OwnName(a.Address) {
			return a.Address
		}
	}
	return ""
}

// broken shows what a directory in disorder leads to.
func (w *world) broken(ctx context.Context) error {
	t := w.tell
	w.later(day)
	t.title("When the directory is broken, nothing is deleted")
	accounts := len(w.server.Accounts())
	for _, b := range []struct {
		what, condition, told string
		code                  int
	}{
		{"directory empty", "0", "Somebody breaks the database view that shows the people: it is empty.", agent.ExitSource},
		{"half of the directory hidden", "CAST(substr(id, 2) AS INTEGER) % 2 = 0", "Now the view shows half of the people, without any error.", agent.ExitBlocked},
	} {
		if err := w.direct.show(ctx, b.condition); err != nil {
			return err
		}
		t.blank()
		t.say("%s", b.told)
		rep, err := w.sync(ctx, b.what, agent.RunOptions{}, true)
		if err != nil {
			return err
		}
		if err := must(rep.code == b.code && len(w.server.Accounts()) == accounts,
			"%s: exit code %d, %d of %d accounts left", b.what, rep.code, len(w.server.Accounts()), accounts); err != nil {
			return err
		}
		t.result("No mailbox was touched; the exit code %d tells whoever watches.", rep.code)
		w.later(2 * time.Hour)
	}
	w.later(20 * time.Hour)
	if err := w.direct.show(ctx, "1"); err != nil {
		return err
	}
	t.blank()
	t.say("The view is put right. Nobody has to clean up anything:")
	rep, err := w.sync(ctx, "directory mended", agent.RunOptions{}, true)
	if err != nil {
		return err
	}
	return must(rep.code == agent.ExitOK && !rep.Result.Verdict.Blocked, "the run after the repair ended with %d", rep.code)
}

// proof verifies the audit log and asks whether anything is left to do.
func (w *world) proof(ctx context.Context) error {
	t := w.tell
	t.title("The proof")
	if err := w.prove(ctx); err != nil {
		return err
	}
	verified, err := audit.Verify(ctx, audit.VerifyOptions{Files: []string{filepath.Join(w.dir, "audit.jsonl")}})
	if err != nil {
		return errors.Join(&WrongError{"the audit log does not verify"}, err)
	}
	w.sum.AuditRecords = verified.Last.Seq
	t.result("The audit log verifies: %d records, each chained to the one before.", verified.Last.Seq)
	rep, err := w.sync(ctx, "check", agent.RunOptions{DryRun: true}, false)
	if err != nil {
		return err
	}
	w.sum.Steps[len(w.sum.Steps)-1].Command = "syncagent sync --check"
	if err := must(!rep.Pending() && rep.code == agent.ExitOK, "something is left to do: %s", strings.Join(w.left(rep), ", ")); err != nil {
		return err
	}
	t.command("syncagent sync --check")
	t.block("exit code 0")
	t.result("Nothing is left to do.")
	return nil
}

func (w *world) left(m made) []string {
	var out []string
	for _, a := range m.Result.Actions {
		out = append(out, string(a.Kind)+" "+a.From)
	}
	return out
}
