package stalwart

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// mailKinds are what an export reads.
var mailKinds = []string{
	"Mailbox", "Email", "VacationResponse", "SieveScript", "Identity", "AddressBook", "ContactCard", "Calendar",
	"CalendarEvent", "FileNode", KindRaw,
}

// read gives how many objects each type has, and the types that cannot be read.
func (o oldServer) read(t *testing.T, id reconcile.AccountID) (counts map[string]int, hidden []string) {
	t.Helper()
	counts = map[string]int{}
	for _, kind := range mailKinds {
		ids, state, err := o.List(t.Context(), id, kind)
		if is[*NotReadableError](err) {
			hidden = append(hidden, kind)
			continue
		}
		if err != nil || state == "" {
			t.Fatalf("%s: state %q, %v", kind, state, err)
		}
		missing, err := o.Objects(t.Context(), id, kind, ids, nil, func(raw json.RawMessage) error {
			counts[kind]++
			var x struct{ BlobID string }
			if err := json.Unmarshal(raw, &x); err != nil || x.BlobID == "" {
				return err
			}
			var text bytes.Buffer
			found, err := o.Blob(t.Context(), id, x.BlobID, func() (io.Writer, error) { return &text, nil })
			if !found || text.Len() == 0 {
				t.Errorf("%s: found %v, content %q", kind, found, text.String())
			}
			return err
		})
		if err != nil || missing != 0 {
			t.Fatalf("%s: %d missing, %v", kind, missing, err)
		}
	}
	return counts, hidden
}

func (o oldServer) fill(t *testing.T, name string) reconcile.AccountID {
	t.Helper()
	id := o.user(t, name, name+"@example.org")
	n, err := number(id)
	if err != nil {
		t.Fatal(err)
	}
	sim := stalwarttest.AccountID(jmapID(n))
	o.sim.AddSieve(sim, "rules", "keep;", true)
	o.sim.AddContact(sim, "Sarah Connor")
	o.sim.AddEvent(sim, "Meeting", "2026-12-01T10:00:00")
	o.sim.AddFile(sim, "notes é.txt", []byte("hello file"))
	return id
}

// TestOldMailIsReadAfterTheUserLeft reads everything of somebody whom neither
// the directory nor the caches of the server know any more.
func TestOldMailIsReadAfterTheUserLeft(t *testing.T) {
	for generation, hidden := range map[string][]string{
		"0.6": append(slices.Clone(groupware), KindRaw), "0.9.4": append(slices.Clone(groupware), KindRaw),
		"0.11.8": append(slices.Clone(groupware), KindRaw), "0.13.4": groupware, "0.15.5": nil,
	} {
		o := simulateOld(t, generation)
		id := o.fill(t, "alice")
		o.directory.Remove("alice")
		o.sim.ForgetLogins()
		name, record, err := o.Record(t.Context(), id)
		if err != nil || name != "alice" || !strings.Contains(string(record), `"name":"alice"`) {
			t.Fatalf("%s: record %q %s, %v", generation, name, record, err)
		}
		if strings.Contains(string(record), "secret") || strings.Contains(string(record), "pw") {
			t.Errorf("%s: the record has a password: %s", generation, record)
		}
		counts, missing := o.read(t, id)
		if !slices.Equal(missing, hidden) {
			t.Errorf("%s: hidden %v, want %v", generation, missing, hidden)
		}
		want := map[string]int{"Mailbox": 5, "Email": 1, "SieveScript": 1, "VacationResponse": 1}
		switch {
		case strings.HasPrefix(generation, "0.13"):
			want[KindRaw] = 5 // two folders, an event, a card, a file
		case strings.HasPrefix(generation, "0.15"):
			want["ContactCard"], want["CalendarEvent"], want["FileNode"], want[KindRaw] = 1, 1, 1, 2
		}
		for kind, n := range want {
			if counts[kind] != n {
				t.Errorf("%s: %d of %s, want %d", generation, counts[kind], kind, n)
			}
		}
		if n := o.sim.DeadAccesses(); n != 0 {
			t.Errorf("%s: %d accesses to dead IDs", generation, n)
		}
	}
}

// TestOldDeadIDIsNeverTouched: JMAP answers for it with 200, and writes.
func TestOldDeadIDIsNeverTouched(t *testing.T) {
	for _, generation := range generations {
		o := simulateOld(t, generation)
		id := o.user(t, "alice")
		o.read(t, id)
		if failed, err := o.Destroy(t.Context(), []reconcile.AccountID{id}); err != nil || failed[0] != nil {
			t.Fatal(generation, failed, err)
		}
		if _, record, err := o.Record(t.Context(), id); record != nil || err != nil {
			t.Errorf("%s: a record of a dead account: %s, %v", generation, record, err)
		}
		for _, dead := range []reconcile.AccountID{id, "4711"} {
			none := func() (io.ReadCloser, error) { return nil, errors.New("opened") }
			_, _, listed := o.List(t.Context(), dead, "Mailbox")
			_, read := o.Objects(t.Context(), dead, "Email", []string{"a"}, nil, func(json.RawMessage) error { return nil })
			_, loaded := o.Blob(t.Context(), dead, "b", func() (io.Writer, error) { return io.Discard, nil })
			_, sent := o.Upload(t.Context(), dead, "message/rfc822", 1, none)
			_, _, imported := o.Import(t.Context(), dead, []json.RawMessage{[]byte("{}")})
			_, _, made := o.Create(t.Context(), dead, "Mailbox", []json.RawMessage{[]byte("{}")})
			changed := o.Change(t.Context(), dead, "Mailbox", "a", []byte("{}"))
			active := o.ActivateScript(t.Context(), dead, "a")
			for i, err := range []error{listed, read, loaded, sent, imported, made, changed, active} {
				if !is[*NotFoundError](err) {
					t.Errorf("%s: call %d on %s: %v", generation, i, dead, err)
				}
			}
		}
		if n := o.sim.DeadAccesses(); n != 0 {
			t.Errorf("%s: %d accesses to dead IDs", generation, n)
		}
	}
}

// TestOldDownloadIsNotAnError: a failed login is HTTP 200 with an error as JSON.
func TestOldDownloadIsNotAnError(t *testing.T) {
	o := simulateOld(t, "0.15.5")
	id := o.user(t, "alice")
	failed := `{"error":"fieldAlreadyExists","field":"emails","value":"a@x"}`
	fake := func(path string) func() {
		return o.sim.Inject(stalwarttest.Fault{Match: stalwarttest.OnPath(path), Times: -1, SkipWork: true, Status: 200, Body: failed})
	}
	remove := fake("/jmap/download/")
	var text bytes.Buffer
	if found, err := o.Blob(t.Context(), id, "b", func() (io.Writer, error) { return &text, nil }); found || !is[*RefusedError](err) || text.Len() > 0 {
		t.Errorf("found %v, %q, %v", found, text.String(), err)
	}
	remove()
	defer fake("/jmap")()
	if _, _, err := o.List(t.Context(), id, "Mailbox"); !is[*RefusedError](err) || !strings.Contains(err.Error(), "fieldAlreadyExists") {
		t.Errorf("a failed login: %v", err)
	}
}

func TestOldImportForAStranger(t *testing.T) {
	o := simulateOld(t, "0.15.5")
	id := o.user(t, "alice")
	o.directory.Remove("alice")
	o.sim.ForgetLogins()
	_, _, err := o.Import(t.Context(), id, []json.RawMessage{[]byte(`{"blobId":"b","mailboxIds":{"a":true}}`)})
	if !is[*StrangerError](err) || !strings.Contains(HintOf(err), "directory") {
		t.Errorf("import for somebody who left: %v (%s)", err, HintOf(err))
	}
	if err := o.CanRestore(); err != nil {
		t.Error(err)
	}
}

// TestOldWebDAVThatLies refuses links that lead elsewhere, and calls a refusal
// what it is.
func TestOldWebDAVThatLies(t *testing.T) {
	const begin, end = `<D:multistatus xmlns:D="DAV:">`, `</D:multistatus>`
	link := func(href string) string {
		return "<D:response><D:href>" + href + "</D:href><D:propstat><D:prop><D:getetag>&quot;1&quot;</D:getetag>" +
			"<D:getcontentlength>1</D:getcontentlength></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
	}
	home := link("/dav/cal/alice/")
	for name, body := range map[string]string{
		"another account": begin + home + link("/dav/cal/bob/x") + end, "another host": begin + home + link("http://other.example/dav/cal/alice/x") + end,
		"upwards": begin + home + link("/dav/cal/alice/../bob/x") + end, "hidden upwards": begin + home + link("/dav/cal/alice/%2e%2e/x") + end,
		"nothing": begin + end, "no XML": "hello", "not what was asked for": begin + link("/dav/cal/alice/x") + end,
	} {
		for _, generation := range []string{"0.13.4", "0.15.5"} {
			o := simulateOld(t, generation)
			id := o.fill(t, "alice")
			o.sim.Inject(stalwarttest.Fault{Match: stalwarttest.OnPath("/dav/"), Times: -1, SkipWork: true, Status: 207, Body: body})
			_, _, err := o.List(t.Context(), id, KindRaw)
			hidden, ok := errors.AsType[*NotReadableError](err)
			if generation == "0.13.4" && !is[*MalformedError](err) || generation == "0.15.5" && (!ok || hidden.Lost) {
				t.Errorf("%s on %s: %v", name, generation, err)
			}
		}
	}
	for generation, lost := range map[string]bool{"0.13.4": true, "0.15.5": false} {
		o := simulateOld(t, generation)
		id := o.fill(t, "alice")
		o.sim.Inject(stalwarttest.Fault{Match: stalwarttest.OnPath("/dav/"), Times: -1, SkipWork: true, Status: 404, Body: "{}"})
		_, _, err := o.List(t.Context(), id, KindRaw)
		if n, ok := errors.AsType[*NotReadableError](err); !ok || n.Lost != lost {
			t.Errorf("%s: %v", generation, err)
		}
	}
}
