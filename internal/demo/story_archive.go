package demo

import (
	"context"
	"fmt"

	"syncagent/internal/agent"
	"syncagent/internal/archive"
	"syncagent/internal/stalwarttest"
)

// handover is a mailbox that somebody made by hand for what leavers left.
const handover = "handover@" + domain

// archives checks that there is a verified archive of each deleted mailbox.
func (w *world) archives(deleted int) error {
	stored, err := archive.Stores(w.cfg.Policy.Export.Dir)
	if err != nil {
		return err
	}
	if err := must(len(stored) == deleted, "%d archives of %d deleted mailboxes", len(stored), deleted); err != nil {
		return err
	}
	for _, s := range stored {
		if _, err := archive.Verify(s.Path); err != nil {
			return err
		}
	}
	w.sum.Exported = len(stored)
	w.tell.result("Before that each was exported into state/archive, read back and compared with the server.")
	return nil
}

// restoration puts the archive of a leaver into another mailbox.
func (w *world) restoration(ctx context.Context) error {
	if w.opts.Older {
		return nil // a mailbox that the directory does not know takes no mail there
	}
	t, c := w.tell, w.cast
	t.title("What was deleted can be restored")
	t.say("%s is gone, but a customer asks about the mail. The archive goes into a mailbox that an administrator made for "+
		"that, %s. restore only adds, and a second call makes nothing twice.", c.paul.Name, handover)
	stored, err := archive.Stores(w.cfg.Policy.Export.Dir)
	if err != nil {
		return err
	}
	for _, s := range stored {
		if s.Name != c.paul.Login {
			continue
		}
		w.handover()
		restore := func() (agent.RestoreReport, error) {
			return agent.New(agent.Options{Config: w.cfg, Log: w.opts.Log, Now: w.clock}).RestoreArchive(ctx, agent.RestoreOrder{
				Archive: s.Path, To: handover, Command: "syncagent demo",
			})
		}
		first, err := restore()
		if err != nil {
			return err
		}
		second, err := restore()
		if err != nil {
			return err
		}
		view, _ := w.server.AccountOf(handover)
		n := s.Counts["Email"]
		if err := must(n > 0 && first.Restored["Email"] == n && second.Restored["Email"] == 0 && view.Messages == n,
			"%d of %d messages restored, then %d, %d in the mailbox", first.Restored["Email"], n, second.Restored["Email"], view.Messages); err != nil {
			return err
		}
		w.sum.Restored = n
		t.command("syncagent restore state/archive/" + short(c.paul.Login) + "@* --to " + handover)
		t.block(fmt.Sprintf("messages restored: %d", n))
		t.result("The mail of %s is in %s, message for message.", c.paul.Name, handover)
		return nil
	}
	return must(false, "there is no archive of %s", c.paul.Name)
}

// handover makes the mailbox.
func (w *world) handover() {
	w.server.AddAccount(stalwarttest.AccountSpec{Address: handover})
}
