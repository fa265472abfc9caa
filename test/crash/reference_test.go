package crash

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"syncagent/internal/stalwarttest"
)

// newReference makes the run without a disturbance and holds it against the
// situation.
func newReference(t *testing.T, b *bench) *reference {
	t.Helper()
	l, err := b.newLife()
	if err != nil {
		t.Fatal(err)
	}
	defer l.drop()
	ref := &reference{
		grouped: map[stalwarttest.AccountID]bool{}, initial: map[stalwarttest.AccountID]bool{}, leaver: map[stalwarttest.AccountID]bool{},
	}
	for _, id := range leavers {
		view, _ := l.server.AccountOf(before()[id].mail)
		ref.leaver[view.ID] = true
	}
	for _, a := range l.server.Accounts() {
		ref.initial[a.ID] = true
	}
	var mu sync.Mutex
	remove := l.server.Inject(stalwarttest.Fault{Times: -1, Before: func(s stalwarttest.Seen) {
		mu.Lock()
		defer mu.Unlock()
		ref.calls = append(ref.calls, describe(s))
	}})
	ref.lines = l.auditLines()
	r := l.run(t.Context(), "sync")
	if r.code != 0 {
		t.Fatalf("undisturbed run: %s", r)
	}
	ref.took = r.took
	remove()
	ref.requests, ref.linesAt = len(ref.calls), l.auditLines()
	more, err := l.atRest(t.Context(), 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	ref.runs = 1 + more
	ref.accounts, ref.writes, ref.renames = accountsOf(l.server), accountWrites(l.server), renamesOf(l.server)
	for _, id := range []string{"p06", "p07", "p08", "p09", "p10", "p11", "p12"} {
		view, _ := l.server.AccountOf(renames[id])
		ref.grouped[view.ID] = true
	}
	ref.asWanted(t, l)
	if err := l.judge(t.Context(), ref, true); err != nil {
		t.Fatalf("undisturbed: %v\n%s", err, strings.Join(ref.accounts, "\n"))
	}
	t.Logf("undisturbed: %d requests, %d audit records, %d runs", ref.requests, ref.linesAt-ref.lines, ref.runs)
	return ref
}

// asWanted holds the undisturbed run against what the situation is about.
func (ref *reference) asWanted(t *testing.T, l *life) {
	t.Helper()
	for _, id := range leavers {
		_, there := l.server.AccountOf(before()[id].mail)
		if there {
			t.Errorf("%s still answers", before()[id].mail)
		}
	}
	all := strings.Join(ref.accounts, "\n")
	if n := strings.Count(all, "syncagent-parked-"); n != 1 {
		t.Errorf("%d parked accounts, want the one of %s", n, parked)
	}
	if n := strings.Count(all, "syncagent-aside-"); n != 1 {
		t.Errorf("%d accounts aside, want the twin that has mail", n)
	}
	if n := strings.Count(all, "syncagent-tmp-"); n != 0 {
		t.Errorf("%d accounts under temporary names", n)
	}
	if n := strings.Count(all, "suspended=true"); n != len(disabled)+1 { // and the parked one
		t.Errorf("%d accounts suspended, want %d", n, len(disabled)+1)
	}
	destroyed := 0
	for write := range ref.writes {
		if strings.HasPrefix(write, "destroy") {
			destroyed++
		}
	}
	if want := len(leavers) - 1 + 1; destroyed != want { // the empty twin, but not the parked one
		t.Errorf("%d accounts destroyed, want %d", destroyed, want)
	}
	if t.Failed() {
		t.Fatalf("the undisturbed run is not as wanted:\n%s", all)
	}
}

func describe(s stalwarttest.Seen) string {
	if len(s.Calls) == 0 {
		return s.Method + " " + s.Path
	}
	var names []string
	for _, c := range s.Calls {
		if len(names) == 0 || names[len(names)-1] != c.Name {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, "+")
}

// writing tells whether a request of the undisturbed run changes something.
func (ref *reference) writing(n int) bool { return strings.Contains(ref.calls[n-1], "/set") }

// lastAction is the last request of the undisturbed run that changes an account.
func (ref *reference) lastAction() int {
	for n := ref.requests; n > 0; n-- {
		if strings.Contains(ref.calls[n-1], "x:Account/set") {
			return n
		}
	}
	return 0
}

// auditLines counts the records of the audit log.
func (l *life) auditLines() int {
	data, err := os.ReadFile(filepath.Join(l.dir, "audit", "audit.jsonl"))
	if err != nil {
		panic(fmt.Sprintf("read the audit log: %v", err))
	}
	return bytes.Count(data, []byte("\n"))
}
