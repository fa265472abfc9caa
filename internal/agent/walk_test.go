package agent_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/agent"
	"syncagent/internal/archive"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
	"syncagent/internal/stalwarttest"
)

// TestLeaverWalk takes one leaver with 1,000 messages and something of all else
// through the whole life: missing, suspended, exported, verified, deleted,
// purged, and restored into a new account, where everything is as it was.
func TestLeaverWalk(t *testing.T) {
	for _, version := range []string{"0.16", "0.15.5"} {
		t.Run(version, func(t *testing.T) { walk(t, strings.TrimPrefix(version, "0.16")) })
	}
}

func walk(t *testing.T, version string) {
	t.Helper()
	const policy = "  missing: delete\n  suspend: { runs: 2, time: 24h }\n  grace: { runs: 3, time: 48h, spacing: 1h }\n"
	w := settledOn(t, generation{version: version}, 40, policy)
	const address = "u00@example.org"
	old := w.account(address).ID
	w.fill(old, 1000)
	before := w.holdings(old)
	w.leave("p00")

	rep := w.sync() // missing
	wantActions(t, rep)
	if len(rep.Result.Missing) != 1 {
		t.Fatalf("nobody is missing: %v", told(rep))
	}
	wantActions(t, w.sync(), reconcile.ActSuspend)
	if !w.account(address).Suspended {
		t.Fatal("not suspended")
	}
	purges := w.server.Purges()
	rep = w.sync()
	wantActions(t, rep, reconcile.ActExport, reconcile.ActDelete)
	if _, there := w.server.AccountOf(address); there || rep.Result.Purge == nil {
		t.Fatalf("there: %v, purge: %+v", there, rep.Result.Purge)
	}
	if version == "" && (w.server.Purges() != purges+1 || rep.Result.Purge.State != "done") {
		t.Errorf("%d purges, %+v", w.server.Purges()-purges, rep.Result.Purge)
	}
	stored := w.archives()
	if len(stored) != 1 {
		t.Fatalf("%d archives", len(stored))
	}
	verified, err := archive.Verify(stored[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	if records := w.audited("export", "done"); len(records) != 1 || records[0]["manifest_sha256"] != verified.ManifestSHA256 {
		t.Errorf("audit: %v", records)
	}

	w.hire("q00", address) // somebody of the same name
	w.signIn(address, "q00")
	made := w.account(address).ID
	if made == old {
		t.Fatal("the account is the old one")
	}
	report := w.restoreInThree(stored[0].Path, address)
	if len(report.Problems) != 0 {
		t.Errorf("not restored: %+v", report.Problems)
	}
	if diff := cmp.Diff(before, w.holdings(made)); diff != "" {
		t.Errorf("restored (-before +after):\n%s", diff)
	}
	if err := w.sync(); err.ExitCode(nil) != agent.ExitOK {
		t.Errorf("the run after it: %v", told(err))
	}
}

// restoreInThree restores with an interruption in the middle, to the end, and
// once more, which makes nothing.
func (w *world) restoreInThree(path, to string) agent.RestoreReport {
	w.t.Helper()
	order := agent.RestoreOrder{Archive: path, To: to, Command: "syncagent restore"}
	a := agent.New(agent.Options{Config: w.cfg, Now: func() time.Time { return w.now }})
	ctx, cancel := context.WithCancel(w.t.Context())
	w.server.Inject(stalwarttest.Fault{Match: stalwarttest.OnMethod("Email/import"), Nth: 5, After: func(stalwarttest.Seen) { cancel() }})
	cut, err := a.RestoreArchive(ctx, order)
	if code := (&agent.Report{}).ExitCode(err); code != agent.ExitInterrupted {
		w.t.Fatalf("exit %d, %v", code, err)
	}
	report, err := a.RestoreArchive(w.t.Context(), order)
	if err != nil {
		w.t.Fatal(err)
	}
	if n := report.Restored["Email"]; n == 0 || n >= 1000 || cut.Restored["Email"] == 0 {
		w.t.Errorf("the second try restored %d messages, the first %d", n, cut.Restored["Email"])
	}
	again, err := a.RestoreArchive(w.t.Context(), order)
	if err != nil || again.Restored["Email"]+again.Restored["Mailbox"]+again.Restored["ContactCard"] != 0 {
		w.t.Errorf("the third try restored %v, %v", again.Restored, err)
	}
	return report
}

// fill gives an account something of everything.
func (w *world) fill(id stalwarttest.AccountID, messages int) {
	w.t.Helper()
	w.server.AddMailbox(id, "Projects", "")
	w.server.AddMailbox(id, "2026", "Projects")
	w.server.AddMailbox(id, "../odd name", "2026")
	boxes := []string{"Inbox", "Projects", "2026", "../odd name", "Sent Items"}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range messages {
		m := stalwarttest.Message{
			Subject: fmt.Sprintf("mail %d", i), Body: strings.Repeat("line\r\n", i%7), Received: at.Add(time.Duration(i) * time.Minute),
			Mailboxes: []string{boxes[i%len(boxes)]}, Keywords: [][]string{nil, {"$seen"}, {"$flagged", "$seen", "work"}}[i%3],
		}
		if i%10 == 0 {
			m.Mailboxes = []string{"Inbox", "Projects"}
		}
		w.server.AddMail(id, m)
	}
	w.server.AddSieve(id, "filter", "keep;\r\n", true)
	w.server.SetVacation(id, true, "away", "I am away")
	w.server.AddContact(id, "Ann Example")
	w.server.AddEvent(id, "Meeting", "2026-12-01T10:00:00")
	w.server.AddFile(id, "notes.txt", []byte("file content"))
}

// holdings is everything in an account in a form that can be compared.
func (w *world) holdings(id stalwarttest.AccountID) map[string][]string {
	w.t.Helper()
	out := map[string][]string{}
	for _, m := range w.server.Messages(id) {
		slices.Sort(m.Mailboxes)
		slices.Sort(m.Keywords)
		out["Email"] = append(out["Email"], fmt.Sprintf("%q %q %s %q", m.Mailboxes, m.Keywords, m.Received.Format(time.RFC3339), m.Raw))
	}
	server, account := w.client(), w.idOf(id)
	for _, kind := range []string{"Mailbox", "SieveScript", "VacationResponse", "AddressBook", "ContactCard", "Calendar", "CalendarEvent", "FileNode"} {
		ids, _, err := server.List(w.t.Context(), account, kind)
		if err != nil {
			w.t.Fatal(err)
		}
		_, err = server.Objects(w.t.Context(), account, kind, ids, nil, func(raw json.RawMessage) error {
			text, err := w.comparable(server, account, kind, raw)
			out[kind] = append(out[kind], text)
			return err
		})
		if err != nil {
			w.t.Fatal(err)
		}
		slices.Sort(out[kind])
	}
	slices.Sort(out["Email"])
	return out
}

// comparable is an object without what belongs to this account or moment, with
// its content.
func (w *world) comparable(server archive.Reader, account reconcile.AccountID, kind string, raw json.RawMessage) (string, error) {
	var o map[string]any
	if err := json.Unmarshal(raw, &o); err != nil {
		return "", err
	}
	if blob, ok := o["blobId"].(string); ok {
		var text bytes.Buffer
		if _, err := server.Blob(w.t.Context(), account, blob, func() (io.Writer, error) { return &text, nil }); err != nil {
			return "", err
		}
		if o["name"] != "vacation" {
			o["content"] = text.String()
		}
	}
	for _, key := range []string{
		"id", "blobId", "parentId", "addressBookIds", "calendarIds", "created", "modified", "accessed", "changed", "updated",
		"nodeType", "target", "executable", "myRights", "shareWith",
	} {
		delete(o, key)
	}
	if kind != "Mailbox" { // the server sets them
		for _, key := range []string{"isOrigin", "isSubscribed", "role"} {
			delete(o, key)
		}
	}
	text, err := json.Marshal(o)
	return kind + " " + string(text), err
}

func (w *world) client() archive.Reader {
	w.t.Helper()
	o := stalwart.Options{URL: w.cfg.Server.URL, Rate: 100000, Timeout: 10 * time.Second}
	if w.generation == "" {
		o.APIKey = w.cfg.Server.APIKey.Read
	} else {
		o.Username, o.Password = w.cfg.Server.Username, w.cfg.Server.Password.Read
	}
	server, err := stalwart.Dial(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(server.Close)
	source, ok := server.(archive.Reader)
	if !ok {
		w.t.Fatal("the client cannot export")
	}
	return source
}

// idOf gives the ID of an account in the form of the client.
func (w *world) idOf(id stalwarttest.AccountID) reconcile.AccountID {
	if w.generation == "" {
		return reconcile.AccountID(id)
	}
	n, ok := stalwarttest.ParseID(string(id))
	if !ok {
		w.t.Fatalf("account ID %q", id)
	}
	return reconcile.AccountID(strconv.FormatUint(n, 10))
}
