package archive

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
	"syncagent/internal/stalwarttest"
)

type world struct {
	sim        *stalwarttest.Server
	directory  *stalwarttest.MapDirectory
	generation string // "" for 0.16
	key        string // an API key other than the usual one
	url        string
	srv        Server
}

func newWorld(t *testing.T) world { return worldOf(t, "") }

// worldOf makes a server of a generation.
func worldOf(t *testing.T, generation string) world {
	t.Helper()
	directory := &stalwarttest.MapDirectory{LDAP: true}
	sim := stalwarttest.New(stalwarttest.Options{Generation: generation, Directory: directory})
	web := httptest.NewServer(sim)
	t.Cleanup(web.Close)
	w := world{sim: sim, directory: directory, generation: generation, url: web.URL}
	w.srv = w.connect(t)
	return w
}

func (w world) connect(t *testing.T) Server {
	t.Helper()
	o := stalwart.Options{URL: w.url, Rate: 100000, Timeout: 10 * time.Second}
	switch {
	case w.key != "":
		o.APIKey = func() (string, error) { return w.key, nil }
	case w.generation == "":
		o.APIKey = func() (string, error) { return w.sim.APIKey(), nil }
	default:
		o.Username, o.Password = "admin", func() (string, error) { return "admin", nil }
	}
	dialed, err := stalwart.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dialed.Close)
	srv, ok := dialed.(Server)
	if !ok {
		t.Fatalf("the client of %q does not implement archive.Server", w.generation)
	}
	return srv
}

func (w world) account(address string) reconcile.AccountID {
	if w.generation != "" {
		w.directory.Put(stalwarttest.Record{Name: address, Secret: "pw", Aliases: []string{address}})
		id := w.sim.AddPrincipal(stalwarttest.PrincipalSpec{Name: address, Emails: []string{address}})
		return reconcile.AccountID(stalwarttest.Decimal(id))
	}
	return reconcile.AccountID(w.sim.AddAccount(stalwarttest.AccountSpec{Address: address}))
}

// inSim gives an ID in the form of the simulator.
func (w world) inSim(id reconcile.AccountID) stalwarttest.AccountID {
	if w.generation == "" {
		return stalwarttest.AccountID(id)
	}
	n, err := strconv.ParseUint(string(id), 10, 64)
	if err != nil {
		panic(err)
	}
	return stalwarttest.AccountID(stalwarttest.FormatID(n))
}

// fill gives an account something of everything.
func (w world) fill(t *testing.T, id reconcile.AccountID, messages int) {
	t.Helper()
	sid := w.inSim(id)
	w.sim.AddMailbox(sid, "Projects", "")
	w.sim.AddMailbox(sid, "2026", "Projects")
	for _, name := range []string{"../x", "CON", "two\nlines", "a/b", "."} {
		w.sim.AddMailbox(sid, name, "2026")
	}
	boxes := []string{"Inbox", "Projects", "2026", "../x", "CON", "two\nlines", "a/b", ".", "Sent Items"}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range messages {
		m := stalwarttest.Message{
			Subject: fmt.Sprintf("mail %d", i), Body: strings.Repeat("line\r\n", i%7), Received: at.Add(time.Duration(i/2) * time.Minute),
			Mailboxes: []string{boxes[i%len(boxes)]}, Keywords: [][]string{nil, {"$seen"}, {"$flagged", "$seen", "work"}}[i%3],
		}
		if i%10 == 0 {
			m.Mailboxes = []string{"Inbox", "Projects"}
		}
		if i%100 == 50 { // two that are the same in every byte
			m.Subject, m.Body, m.Received, m.Mailboxes = "twice", "same\r\n", at, []string{"CON"}
			w.sim.AddMail(sid, m)
		}
		w.sim.AddMail(sid, m)
	}
	w.sim.AddSieve(sid, "filter", "keep;\r\n", true)
	w.sim.AddSieve(sid, "vacation", "# made by the server", false)
	w.sim.SetVacation(sid, true, "away", "I am away")
	w.sim.AddContact(sid, "Ann Example")
	w.sim.AddEvent(sid, "Meeting", "2026-12-01T10:00:00")
	w.sim.AddFile(sid, "notes.txt", []byte("file content"))
}

// mail gives the messages of an account as comparable texts, sorted.
func (w world) mail(id reconcile.AccountID) []string {
	var out []string
	for _, m := range w.sim.Messages(w.inSim(id)) {
		out = append(out, mailText(m.Mailboxes, m.Keywords, m.Received, m.Raw))
	}
	slices.Sort(out)
	return out
}

func mailText(boxes, keywords []string, received time.Time, raw string) string {
	slices.Sort(boxes)
	slices.Sort(keywords)
	return fmt.Sprintf("%q %q %s %q", boxes, keywords, received.UTC().Format(time.RFC3339), raw)
}

// objects gives what an account holds of a type, without IDs.
func (w world) objects(t *testing.T, id reconcile.AccountID, kind string) []string {
	t.Helper()
	ids, _, err := w.srv.List(t.Context(), id, kind)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	_, err = w.srv.Objects(t.Context(), id, kind, ids, nil, func(raw json.RawMessage) error {
		var o object
		if err := json.Unmarshal(raw, &o); err != nil {
			return err
		}
		text, err := json.Marshal(o.without("created", "modified", "accessed", "changed", "nodeType", "target",
			"executable", "isSubscribed", "role", "parentId", "totalEmails"))
		out = append(out, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func mustExport(t *testing.T, w world, dir string, id reconcile.AccountID) Result {
	t.Helper()
	result, err := Export(t.Context(), w.srv, ExportOptions{Dir: dir, Account: id, Server: "fingerprint"})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func mustRestore(t *testing.T, w world, path string, id reconcile.AccountID) Report {
	t.Helper()
	report, err := Restore(t.Context(), w.srv, RestoreOptions{Archive: path, Account: id})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// tree gives the paths of an account's mailboxes, sorted.
func (w world) tree(t *testing.T, id reconcile.AccountID) []string {
	t.Helper()
	ids, _, err := w.srv.List(t.Context(), id, "Mailbox")
	if err != nil {
		t.Fatal(err)
	}
	nodes := map[string]node{}
	_, err = w.srv.Objects(t.Context(), id, "Mailbox", ids, nil, func(raw json.RawMessage) error {
		var n node
		err := json.Unmarshal(raw, &n)
		nodes[n.ID] = n
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, n := range nodes {
		path := fmt.Sprintf("%q", n.Name)
		for up := n.ParentID; up != nil; up = nodes[*up].ParentID {
			path = fmt.Sprintf("%q > %s", nodes[*up].Name, path)
		}
		out = append(out, path)
	}
	slices.Sort(out)
	return out
}
