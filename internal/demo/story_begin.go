package demo

import (
	"cmp"
	"context"
	"fmt"

	"syncagent/internal/agent"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

func (w *world) beginning(ctx context.Context) error {
	t := w.tell
	t.line(t.paint(bold, fmt.Sprintf("A demonstration of syncagent with %d people", w.opts.Users)))
	t.say("A directory in SQLite, a simulated Stalwart mail server %s on this machine, and real runs of syncagent. "+
		"Nothing outside of this folder is touched: %s", cmp.Or(w.version(), "0.16"), w.dir)
	t.say("Weeks pass in seconds: the clock is moved by the demonstration. It begins %s and ends today.", w.clock().Format("2006-01-02"))
	t.title("A directory and a mail server")
	t.say("%d people stand in the directory. On their first day each logs in, which makes the mailbox, and gets a "+
		"letter that nobody else should read. Stalwart knows people only by their login name.", w.opts.Users)
	if err := w.direct.add(ctx, w.people...); err != nil {
		return err
	}
	if err := firstError(w.firstDay(ctx), w.phones(w.cast.paul, w.cast.alexK)); err != nil {
		return err
	}
	return w.prove(ctx)
}

func (w *world) adoption(ctx context.Context) error {
	t := w.tell
	w.later(day)
	t.title("The first run: learn who is who, change nothing")
	t.say("syncagent reads the personnel number of everybody and notes which mailbox is whose. " +
		"A first run never changes anything on the mail server.")
	writes := len(w.server.Writes())
	rep, err := w.sync(ctx, "adopt", agent.RunOptions{}, true)
	if err != nil {
		return err
	}
	if err := must(rep.code == agent.ExitOK && len(rep.Result.Actions) == 0 && rep.Result.Counts.Linked == w.opts.Users,
		"the first run linked %d of %d people, planned %d actions and ended with %d",
		rep.Result.Counts.Linked, w.opts.Users, len(rep.Result.Actions), rep.code); err != nil {
		return err
	}
	if err := must(len(w.server.Writes()) == writes, "the first run wrote to the mail server"); err != nil {
		return err
	}
	t.result("%d mailboxes are linked to their people; the mail server got no write.", rep.Result.Counts.Linked)
	return nil
}

// changes lets the directory change as directories do.
func (w *world) changes(ctx context.Context) error {
	w.later(day)
	w.tell.title("A day in the personnel office")
	c := w.cast
	for _, step := range []func() error{
		func() error { return w.moves(ctx) },
		func() error { return w.direct.remove(ctx, c.paul, c.ines, c.admin, c.alexK) },
		func() error { return w.direct.add(ctx, c.alexander) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	t := w.tell
	t.fact("leave:", "Paul Dubois, Ines Costa, Alex Kim, and")
	t.fact("", "Lena Fischer, an administrator")
	t.fact("begins, gets a leaver's name:", "Alexander Kim, "+c.alexander.Login)
	return w.danger()
}

// moves renames people.
func (w *world) moves(ctx context.Context) error {
	c := w.cast
	for _, r := range []struct {
		p           *Person
		name, local string
		why         string
	}{
		{c.tom, "Tom Becker", "tom.becker", "a new name:"},
		{c.john, "John Miller", "j.miller", "a new name, and three move up:"},
		{c.jane, c.jane.Name, "j.smith", ""},
		{c.jack, c.jack.Name, "j.smith2", ""},
		{c.joan, c.joan.Name, "j.smith3", ""},
		{c.maria, c.maria.Name, "maria.lopez", "were mixed up, are swapped:"},
		{c.mario, c.mario.Name, "mario.lopez", ""},
		{c.sofia, "Sofia Bianchi", "sofia.bianchi", "a new name, logs in at once:"},
	} {
		before := r.p.Login
		if err := w.direct.rename(ctx, r.p, r.name, r.local); err != nil {
			return err
		}
		w.tell.fact(r.why, short(before)+" → "+short(r.p.Login))
	}
	return nil
}

// short is the part of an address before the @.
func short(address string) string { return address[:len(address)-len(domain)-1] }

// danger shows what happens on a Stalwart server if nobody cares. These are
// real logins; whoever has no mailbox under the new name yet and logs in makes
// one, which is left to Sofia.
func (w *world) danger() error {
	t, c := w.tell, w.cast
	t.blank()
	t.say("Without syncagent, this is what a login under the new name opens today:")
	strangers := 0
	for _, p := range []*Person{c.jane, c.jack, c.joan, c.maria, c.mario, c.alexander, c.sofia} {
		owners, _, err := w.opens(p)
		if err != nil {
			return fmt.Errorf("%s logs in: %w", p.Login, err)
		}
		switch {
		case len(owners) == 0:
			t.bad(p.Name, "an empty mailbox, and not the mail")
		case owners[0] != p:
			strangers++
			t.bad(p.Name, "the mail of "+owners[0].Name)
		default:
			t.fact(p.Name, "the own mail")
		}
	}
	if !w.opts.Older {
		if err := must(w.phoneWorks(c.paul) && w.phoneWorks(c.alexK), "a leaver's app password does not work: the simulated server is not like a real one"); err != nil {
			return err
		}
		t.bad("Paul Dubois, who left", "still his mail, with his phone's app password")
	}
	return must(strangers > 0, "nobody would open anybody else's mail: the simulated server is not like a real one")
}

func (w *world) dryRun(ctx context.Context) error {
	t := w.tell
	t.title("A dry run: what would be done")
	before := len(w.server.Writes())
	rep, err := w.sync(ctx, "dry run", agent.RunOptions{DryRun: true}, true)
	if err != nil {
		return err
	}
	if err := must(len(w.server.Writes()) == before, "the dry run wrote to the mail server"); err != nil {
		return err
	}
	if err := must(rep.Result.Counts.Delete == 0, "the dry run would delete somebody on the first day"); err != nil {
		return err
	}
	t.result("Nothing was changed by that.")
	return nil
}

func (w *world) renames(ctx context.Context) error {
	t := w.tell
	t.title("The run: every mailbox follows its person")
	rep, err := w.sync(ctx, "rename", agent.RunOptions{}, true)
	if err != nil {
		return err
	}
	w.sum.Renamed, w.sum.TwinsRemoved, w.sum.Parked = movedPeople(rep), rep.done(reconcile.ActDestroyTwin), rep.done(reconcile.ActPark)
	if err := must(rep.code == agent.ExitOK && rep.Failed == 0, "the run ended with %d and %d failures", rep.code, rep.Failed); err != nil {
		return err
	}
	if err := must(w.sum.Renamed == 8 && w.sum.TwinsRemoved == 1 && w.sum.Parked == 1,
		"%d renamed, %d twins removed, %d parked", w.sum.Renamed, w.sum.TwinsRemoved, w.sum.Parked); err != nil {
		return err
	}
	t.blank()
	requests, phone := ", in one request each", ", nor his phone"
	if w.opts.Older {
		requests, phone = "", ""
	}
	t.say("The chain moved from its free end, the swap went through a temporary name%s. "+
		"The empty mailbox that Sofia's early login had made was taken away. Alex Kim's mailbox was parked: nobody "+
		"can log in to it any more%s, and the newcomer gets a mailbox of his own. Who left is kept for the time of grace.", requests, phone)
	if err := w.prove(ctx); err != nil {
		return err
	}
	if err := must(!w.phoneWorks(w.cast.alexK, w.parked()), "the app password of a parked mailbox still works"); err != nil {
		return err
	}
	if err := w.letter(w.cast.tom, w.cast.tom.alias); err != nil {
		return err
	}
	if err := w.letter(w.cast.alexander, w.cast.alexander.Login); err != nil {
		return err
	}
	_, letters, err := w.opens(w.cast.tom)
	if err := firstError(err, must(letters == 2, "Tom's alias does not reach him any more")); err != nil {
		return err
	}
	t.result("A letter to Tom's old alias %s reached him.", w.cast.tom.alias)
	return nil
}

// movedPeople counts renames of people; a twin that is moved aside is one for
// the server only.
func movedPeople(m made) int {
	n := 0
	for _, a := range m.Result.Actions {
		if a.Kind == reconcile.ActRename && !reconcile.OwnName(a.To) {
			n++
		}
	}
	return min(n, m.done(reconcile.ActRename))
}

// account is the living account of an ID on the mail server.
func (w *world) account(id stalwarttest.AccountID) bool {
	_, ok := w.server.Account(id)
	return ok
}
