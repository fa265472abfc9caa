package crash

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/audit"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
	"syncagent/internal/state"
)

// reference is what came of the world without a disturbance.
type reference struct {
	requests int      // of the first run
	calls    []string // what each of them asked for
	lines    int      // of the audit log, before and after the first run
	linesAt  int
	took     time.Duration // of the first run
	runs     int           // until nothing was left to do
	accounts []string
	writes   map[string]int
	renames  map[stalwarttest.AccountID]int
	initial  map[stalwarttest.AccountID]bool
	// leaver are the accounts of those who left.
	leaver map[stalwarttest.AccountID]bool
	// grouped are accounts that one request renames together.
	grouped map[stalwarttest.AccountID]bool
}

// accountsOf tells each account in a line. The order of the aliases means
// nothing.
func accountsOf(s *stalwarttest.Server) []string {
	var out []string
	for _, a := range s.Accounts() {
		slices.Sort(a.Aliases)
		out = append(out, fmt.Sprintf("%s %s %v suspended=%v messages=%v", a.ID, a.Address, a.Aliases, a.Suspended, s.Subjects(a.ID)))
	}
	return out
}

// accountWrites counts the writes to accounts that were done, by what they
// were.
func accountWrites(s *stalwarttest.Server) map[string]int {
	out := map[string]int{}
	for _, w := range s.Writes() {
		if w.Object == "Account" && w.Error == "" {
			out[fmt.Sprintf("%s %s %s", w.Op, w.ID, w.Value)]++
		}
	}
	return out
}

// purgesAsked counts the purges that were queued.
func purgesAsked(s *stalwarttest.Server) int {
	n := 0
	for _, w := range s.Writes() {
		if w.Object == "Task" && w.Op == "create" && w.Error == "" && strings.Contains(string(w.Value), "purgeBlob") {
			n++
		}
	}
	return n
}

func renamesOf(s *stalwarttest.Server) map[stalwarttest.AccountID]int {
	out := map[stalwarttest.AccountID]int{}
	for _, w := range s.Writes() {
		id := stalwarttest.AccountID(w.ID)
		if n := s.Renames(id); w.Object == "Account" && n > 0 {
			out[id] = n
		}
	}
	return out
}

// atRest makes runs until nothing is left to do, and gives their number. Each
// must end with one of the codes.
func (l *life) atRest(ctx context.Context, most int, codes ...int) (runs int, err error) {
	for ; runs <= most; runs++ {
		check := l.run(ctx, "sync", "--check")
		if check.code == 0 {
			return runs, nil
		}
		if check.code != 2 {
			return runs, fmt.Errorf("sync --check after %d runs: %s", runs, check)
		}
		if runs == most {
			return runs, fmt.Errorf("not at rest after %d runs: %s", runs, check)
		}
		if r := l.run(ctx, "sync"); !slices.Contains(codes, r.code) {
			return runs, fmt.Errorf("run %d: %s", runs+1, r)
		}
	}
	return runs, nil
}

// judge looks at everything after the world came to rest.
func (l *life) judge(ctx context.Context, ref *reference, exact bool) error {
	var errs []error
	if diff := cmp.Diff(ref.accounts, accountsOf(l.server)); diff != "" {
		errs = append(errs, fmt.Errorf("accounts (- wanted, + are): %s", diff))
	}
	if exact {
		if diff := cmp.Diff(ref.writes, accountWrites(l.server)); diff != "" {
			errs = append(errs, fmt.Errorf("writes (- wanted, + were): %s", diff))
		}
	}
	errs = append(errs, l.onlyPlanned(ref), l.purged(), l.ledgerAndAudit(ctx), l.archived(ctx, ref), l.mail())
	return errors.Join(errs...)
}

// onlyPlanned holds whatever was written against the undisturbed run: the same
// accounts, each destroyed once and renamed as often. A group that was torn
// apart may need one more step aside.
func (l *life) onlyPlanned(ref *reference) error {
	var errs []error
	for id, n := range renamesOf(l.server) {
		most := ref.renames[id]
		if ref.grouped[id] {
			most++
		}
		if !ref.initial[id] {
			most = 1 // a twin that came between, moved aside
		}
		if n > most {
			errs = append(errs, fmt.Errorf("account %s was renamed %d times, planned are %d", id, n, most))
		}
	}
	destroyed := map[string]int{}
	for _, w := range l.server.Writes() {
		if w.Object == "Account" && w.Error == "" && w.Op == "destroy" {
			destroyed[w.ID]++
		}
	}
	for _, id := range slices.Sorted(maps.Keys(destroyed)) {
		if destroyed[id] != 1 || l.server.Destroys(stalwarttest.AccountID(id)) != 1 {
			errs = append(errs, fmt.Errorf("account %s was destroyed %d times", id, destroyed[id]))
		}
	}
	return errors.Join(errs...)
}

// purged wants one purge after the deletes, and no more than one for each run
// that had to make up for it; and that cached logins ended after the renames.
func (l *life) purged() error {
	l.server.Settle()
	l.server.Settle()
	var errs []error
	if n := l.server.Purges(); n < 1 {
		errs = append(errs, errors.New("no purge after the deletes"))
	}
	// One for the deletes of the first run, one for those of the second, one for
	// what was cut short.
	if n := purgesAsked(l.server); n > 3 {
		errs = append(errs, fmt.Errorf("%d purges", n))
	}
	if n := l.server.Tasks("DestroyAccount"); n != 0 {
		errs = append(errs, fmt.Errorf("%d deletions unfinished", n))
	}
	return errors.Join(errs...)
}

// ledgerAndAudit verifies both, and that each action was announced before it
// and recorded once.
func (l *life) ledgerAndAudit(ctx context.Context) error {
	log := filepath.Join(l.dir, "audit", "audit.jsonl")
	if _, err := audit.Verify(ctx, audit.VerifyOptions{Files: []string{log}}); err != nil {
		return err
	}
	intents, ends := map[string]int{}, map[string]int{}
	var errs []error
	err := audit.Show(ctx, []string{log}, audit.Filter{}, func(rec audit.Record) error {
		seq, isAction := rec.Fields["account"]
		if !isAction || rec.Event == "detected" {
			return nil
		}
		key := fmt.Sprintf("%s %v %v>%v", rec.Event, seq, rec.Fields["from"], rec.Fields["to"])
		found, _ := rec.Fields["found"].(string)
		switch {
		case rec.Phase == "intent":
			intents[key]++
		case rec.Event == "export": // changes nothing, so a run that goes on makes it again
		case rec.Phase == "done", rec.Phase == "recovered" && found == "it had been done":
			ends[key]++
			if intents[key] == 0 {
				errs = append(errs, fmt.Errorf("audit record %d: %s was done without an intent", rec.Seq, key))
			}
		}
		return nil
	})
	for _, key := range slices.Sorted(maps.Keys(ends)) {
		if ends[key] != 1 {
			errs = append(errs, fmt.Errorf("the audit log tells %d times that this was done: %s", ends[key], key))
		}
	}
	ledger, openErr := state.Open(ctx, state.Options{Dir: filepath.Join(l.dir, "state"), Mode: state.ReadOnly})
	if openErr != nil {
		return errors.Join(append(errs, err, openErr)...)
	}
	defer func() { _ = ledger.Close() }()
	steps, stepErr := ledger.OpenSteps(ctx)
	if len(steps) != 0 {
		errs = append(errs, fmt.Errorf("%d steps are open", len(steps)))
	}
	errs = append(errs, l.links(ctx, ledger))
	return errors.Join(append(errs, err, stepErr)...)
}

// links compares the ledger's names with the server's.
func (l *life) links(ctx context.Context, ledger *state.Ledger) error {
	return ledger.EachPrincipal(ctx, "staff", func(p reconcile.Principal) error {
		if p.State == reconcile.StateGone || !p.Bound() {
			return nil
		}
		view, ok := l.server.Account(stalwarttest.AccountID(p.Link.Account))
		if !ok || view.Address != p.Link.Name {
			return fmt.Errorf("the ledger knows account %s of %s as %s, the server as %q", p.Link.Account, p.ID, p.Link.Name, view.Address)
		}
		return nil
	})
}

// mail lets everybody log in: who is whose is what all this is about. It
// changes the server, so it comes last.
func (l *life) mail() error {
	var errs []error
	people := after()
	for _, id := range slices.Sorted(maps.Keys(people)) {
		p := people[id]
		if p.disabled {
			if _, err := l.server.OpenMailbox(p.mail, secret(id)); err == nil {
				errs = append(errs, fmt.Errorf("%s is disabled, but opens %s", id, p.mail))
			}
			continue
		}
		var want []string
		if _, adopted := before()[id]; adopted {
			want = []string{mailOf(id)}
		}
		messages, err := l.server.OpenMailbox(p.mail, secret(id))
		var got []string
		for _, m := range messages {
			got = append(got, m.Subject)
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			errs = append(errs, fmt.Errorf("%s logs in as %s: %v: %s", id, p.mail, err, diff)) //nolint:errorlint // may be nil
		}
		for _, address := range append([]string{p.mail}, p.aliases...) {
			view, _ := l.server.AccountOf(address)
			if id, err := l.server.Login(p.mail, secret(p.id)); err != nil || view.ID != id {
				errs = append(errs, fmt.Errorf("%s of %s leads to account %q, the login to %q: %w", address, p.id, view.ID, id, err))
			}
		}
	}
	return errors.Join(errs...)
}
