//go:build realservers

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"

	"syncagent/internal/audit"
	"syncagent/internal/stalwarttest"
	"syncagent/internal/testserver"
)

var long = os.Getenv("SYNCAGENT_CRASH_LONG") != ""

// everything is a policy whose limits let the few people of these tests be
// renamed and deleted in one run.
const everything = deleting + `
  limits: { rename: { count: 100, percent: 100% }, delete: { count: 10, percent: 50% } }
`

// TestKilled kills the program with SIGKILL at every request of a run from its
// first write on: before the server does anything (the intent is in the
// journal), and after it did it (the outcome is not). One more run must finish
// the work, and nothing may be done twice. Of the two ways each request takes one
// in turn; SYNCAGENT_CRASH_LONG=1 takes both, and each record below.
func TestKilled(t *testing.T) {
	reference := newMoves(t)
	requests := reference.undisturbed()
	if requests < 5 {
		t.Fatalf("a run makes only %d requests from its first write on", requests)
	}
	t.Logf("%d requests from the first write on; each is a place to die in two ways", requests)
	for n := 1; n <= requests; n++ {
		for i, when := range []string{"before", "after"} {
			if !long && n%2 != i {
				continue
			}
			t.Run(fmt.Sprintf("request-%d-%s", n, when), func(t *testing.T) {
				w := newMoves(t)
				w.killAt(n, when)
				w.must(0, "sync")
				w.check(reference)
			})
		}
	}
}

// moves is a small world in which a run has something of everything to do:
// plain renames, a chain of 4, a swap, two leavers at the end of grace, a purge.
type moves struct {
	*small
}

func newMoves(t *testing.T) *moves {
	t.Helper()
	w := &moves{small: newSmall(t, 30, everything)}
	gone := []int{20, 21}
	for _, i := range gone {
		w.d.remove(t, i)
	}
	for range 2 {
		w.must(0, "sync")
	}
	w.marry(3)
	for i, address := range map[int]string{
		5: testserver.UserMail(6), 6: testserver.UserMail(7), 7: testserver.UserMail(8), 8: "end@example.test",
		10: testserver.UserMail(11), 11: testserver.UserMail(10),
	} {
		w.d.rename(t, i, address)
		w.address[w.ids[i]] = address
	}
	for _, i := range gone {
		delete(w.address, w.ids[i])
	}
	return w
}

// fromFirstWrite matches the requests from the first change of an account on.
func fromFirstWrite() func(stalwarttest.Seen) bool {
	var mu sync.Mutex
	writing := false
	return func(s stalwarttest.Seen) bool {
		mu.Lock()
		defer mu.Unlock()
		writing = writing || s.Has("x:Account/set")
		return writing
	}
}

// undisturbed makes the run, and counts its requests from the first write on.
func (w *moves) undisturbed() int {
	w.t.Helper()
	n, mu := 0, sync.Mutex{}
	remove := w.Inject(stalwarttest.Fault{Match: fromFirstWrite(), Times: -1, Before: func(stalwarttest.Seen) {
		mu.Lock()
		defer mu.Unlock()
		n++
	}})
	w.must(0, "sync")
	remove()
	w.check(w)
	return n
}

func (w *moves) killAt(n int, when string) {
	w.t.Helper()
	started := make(chan *process, 1)
	kill := func(stalwarttest.Seen) { (<-started).signal(syscall.SIGKILL) }
	fault := stalwarttest.Fault{Match: fromFirstWrite(), Nth: n}
	switch when {
	case "before":
		fault.Before, fault.Drop = kill, stalwarttest.DropFirst
	case "after":
		fault.After, fault.Drop = kill, stalwarttest.DropLast
	}
	remove := w.Inject(fault)
	p := w.start("sync")
	started <- p
	o := p.wait()
	remove()
	if o.code != -int(syscall.SIGKILL) {
		w.t.Fatalf("exit code %d\n%s", o.code, clip(o.stderr))
	}
}

// check wants the same as in the world without a kill.
func (w *moves) check(reference *moves) {
	w.t.Helper()
	w.checkAddresses()
	for i, id := range w.ids {
		if got, want := w.Renames(id), reference.Renames(reference.ids[i]); got != want {
			w.t.Errorf("person %d was renamed %d times, without the kill %d times", i, got, want)
		}
	}
	for _, i := range []int{0, 1, 2, 5, 6, 7, 8, 10, 11} {
		w.checkMailbox(w.address[w.ids[i]], i)
	}
	for _, i := range []int{20, 21} {
		if n := w.Destroys(w.ids[i]); n != 1 {
			w.t.Errorf("leaver %d was destroyed %d times", i, n)
		}
	}
	if n := w.Purges(); n != 1 && n != 2 { // one more does no harm, none leaves data behind
		w.t.Errorf("%d purges", n)
	}
	w.must(0, "sync", "--check")
	if rest := w.sync(0); len(rest.Actions)+len(rest.Recovered)+len(rest.Holds) > 0 {
		w.t.Errorf("not at rest: %+v", rest.Counts)
	}
	w.checkAccounted()
}

// checkAccounted wants every change announced in the audit log before, and its
// end told: as done, or as recovered.
func (w *moves) checkAccounted() {
	w.t.Helper()
	for _, kind := range []string{"rename", "delete"} {
		intents := w.told(kind, "intent")
		ended := append(w.told(kind, "done"), w.told(kind, "recovered")...)
		for _, id := range intents {
			if !slices.Contains(ended, id) {
				w.t.Errorf("%s of account %s was announced, but its end is not in the audit log", kind, id)
			}
		}
		if kind == "rename" && len(intents) != 9 || kind == "delete" && len(intents) != 2 {
			w.t.Errorf("%d accounts with an announced %s", len(intents), kind)
		}
	}
}

// TestKilledAtEachRecord kills the program as soon as a record is in the audit
// log: between the announcement, the journal, and the outcome. Where exactly it
// dies differs from time to time.
func TestKilledAtEachRecord(t *testing.T) {
	reference := newMoves(t)
	before := reference.records()
	reference.undisturbed()
	records := reference.records() - before - 2 // of the run; check made two more
	if records < 20 {
		t.Fatalf("a run writes only %d records", records)
	}
	killed, made, step := 0, 0, 3
	if long {
		step = 1
	}
	for n := 1; n <= records; n += step {
		made++
		t.Run(fmt.Sprintf("record-%d", n), func(t *testing.T) {
			w := newMoves(t)
			if w.killAtRecord(w.records() + n) {
				killed++
			}
			w.must(0, "sync")
			w.check(reference)
		})
	}
	t.Logf("%d records, killed %d times", records, killed)
	if killed < made/2 {
		t.Errorf("only %d of %d runs were killed before they ended", killed, made)
	}
}

func (w *moves) records() int {
	w.t.Helper()
	data, err := os.ReadFile(w.auditFile())
	if err != nil {
		w.t.Fatal(err)
	}
	return bytes.Count(data, []byte("\n"))
}

// killAtRecord kills the program when the log has so many records, and tells
// whether it was still running.
func (w *moves) killAtRecord(n int) bool {
	w.t.Helper()
	p := w.start("sync")
	ended := make(chan outcome, 1)
	go func() { ended <- p.wait() }()
	for {
		select {
		case o := <-ended:
			if o.code != 0 {
				w.t.Fatalf("exit code %d\n%s", o.code, clip(o.stderr))
			}
			return false
		default:
		}
		if w.records() >= n {
			p.signal(syscall.SIGKILL)
			return (<-ended).code != 0
		}
	}
}

// TestCutAuditLine cuts the last record of a killed run short, as a machine
// that loses its power does. The log goes on, and tells that it was cut.
func TestCutAuditLine(t *testing.T) {
	w := newMoves(t)
	w.killAt(1, "after")
	data, err := os.ReadFile(w.auditFile())
	if err != nil {
		t.Fatal(err)
	}
	begun := append(data, []byte(`{"seq":999,"time":"2026-11-`)...)
	if err := os.WriteFile(w.auditFile(), begun, 0o600); err != nil {
		t.Fatal(err)
	}
	w.must(2, "sync", "--check")
	w.must(0, "sync")
	w.check(w)
	rep, err := audit.Verify(t.Context(), audit.VerifyOptions{Files: []string{w.auditFile()}})
	if err != nil || rep.Recovered != 1 {
		t.Errorf("%+v, %v; want one line that was cut", rep, err)
	}
}
