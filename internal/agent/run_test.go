package agent_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/agent"
)

// TestLife walks people through adoption, renames with a chain and a swap, a
// leaver's grace, deletion and purge.
func TestLife(t *testing.T) {
	w := newWorld(t, deleting)
	for i := range 70 {
		w.hire(fmt.Sprintf("p%02d", i), fmt.Sprintf("u%02d@example.org", i))
		w.deliver(fmt.Sprintf("u%02d@example.org", i), fmt.Sprintf("for p%02d", i))
	}
	first := w.sync()
	if diff := cmp.Diff([]string{}, told(first)); diff != "" || first.Result.Counts.Linked != 70 {
		t.Fatalf("first run: %s linked %d", diff, first.Result.Counts.Linked)
	}
	w.rename("p00", "new00@example.org")                      // plain
	w.exec(`UPDATE people SET mail = 'tmp' WHERE id = 'p01'`) // swap of 1 and 2
	w.rename("p02", "u01@example.org")
	w.rename("p01", "u02@example.org")
	w.rename("p05", "end@example.net") // chain 3→4→5→end
	w.rename("p04", "u05@example.org")
	w.rename("p03", "u04@example.org")
	w.leave("p11")
	rep := w.sync()
	if rep.Result.Counts.Rename != 6 || rep.Failed != 0 || rep.Result.Verdict.Blocked {
		t.Fatalf("renames: %v", told(rep))
	}
	for id, mail := range map[string]string{"p00": "new00@example.org", "p01": "u02@example.org", "p02": "u01@example.org", "p03": "u04@example.org", "p04": "u05@example.org", "p05": "end@example.net"} {
		messages, err := w.server.OpenMailbox(mail, "pw-"+id)
		if err != nil || len(messages) != 1 {
			t.Fatalf("%s opens %d messages, %v\n%v\n%+v", mail, len(messages), err, told(rep), w.server.Accounts())
		}
	}
	for range 2 {
		w.sync()
	}
	last := w.sync()
	if last.Result.Counts.Delete != 0 && last.Result.Purge == nil {
		t.Fatalf("delete without purge: %v", told(last))
	}
	if _, ok := w.server.AccountOf("u11@example.org"); ok {
		t.Fatalf("the leaver's account is still there: %v", told(last))
	}
	if w.server.Purges() != 1 {
		t.Fatalf("%d purges", w.server.Purges())
	}
	rest, err := w.try(agent.RunOptions{DryRun: true})
	if err != nil || rest.Pending() {
		t.Fatalf("not at rest: %v %v", told(rest), err)
	}
}
