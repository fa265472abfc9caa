package stalwarttest

import (
	"database/sql"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite" // the driver of the shared table
)

// TestTwinCheck reads what a client looks at before it destroys an account that the server made by itself.
func TestTwinCheck(t *testing.T) {
	calls := `[["Mailbox/get",{"accountId":"c","ids":null,"properties":["totalEmails"]},"0"],` +
		`["Email/query",{"accountId":"c","limit":1,"calculateTotal":true},"1"],["ContactCard/query",{"accountId":"c","calculateTotal":true},"2"],` +
		`["CalendarEvent/query",{"accountId":"c","calculateTotal":true},"3"],["FileNode/query",{"accountId":"c","calculateTotal":true},"4"],` +
		`["SieveScript/get",{"accountId":"c","ids":null},"5"]]`
	counts := func(s *Server) []int {
		replies := newClient(t, s).call(calls)
		mails := 0
		for _, box := range replies[0].Body["list"].([]any) {
			mails += int(box.(map[string]any)["totalEmails"].(float64))
		}
		got := []int{mails}
		for _, r := range replies[1:5] {
			got = append(got, int(r.Body["total"].(float64)))
		}
		return append(got, len(replies[5].Body["list"].([]any)))
	}
	fill := map[string]func(s *Server, id AccountID){
		"mail":    func(s *Server, id AccountID) { s.AddMail(id, Message{Subject: "hi"}) },
		"contact": func(s *Server, id AccountID) { s.AddContact(id, "Ann") },
		"event":   func(s *Server, id AccountID) { s.AddEvent(id, "Party", "2026-12-01T10:00:00") },
		"file":    func(s *Server, id AccountID) { s.AddFile(id, "a.txt", []byte("x")) },
		"sieve":   func(s *Server, id AccountID) { s.AddSieve(id, "filter", "keep;", true) },
	}
	want := map[string][]int{
		"nothing": {0, 0, 0, 0, 0, 0}, "mail": {1, 1, 0, 0, 0, 0}, "contact": {0, 0, 1, 0, 0, 0},
		"event": {0, 0, 0, 1, 0, 0}, "file": {0, 0, 0, 0, 1, 0}, "sieve": {0, 0, 0, 0, 0, 1},
	}
	for name, expected := range want {
		s := New(Options{})
		id := s.AddAccount(AccountSpec{Address: "ann@example.org"})
		if fill[name] != nil {
			fill[name](s, id)
		}
		if diff := cmp.Diff(expected, counts(s)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if s.DeadAccesses() != 0 {
			t.Errorf("%s: %d accesses to dead ids", name, s.DeadAccesses())
		}
	}
}

func TestDeadAccessesAreCounted(t *testing.T) {
	s := New(Options{})
	newClient(t, s).call(`[["Mailbox/get",{"accountId":"zzz","ids":null},"0"],["Quota/get",{"accountId":"zzz"},"1"]]`)
	if got := s.DeadAccesses(); got != 2 {
		t.Errorf("%d, want 2", got)
	}
}

func TestRestoreOfScriptsAndIdentities(t *testing.T) {
	s := New(Options{})
	id := s.AddAccount(AccountSpec{Address: "ann@example.org"})
	c := newClient(t, s)
	upload := c.do("POST", "/jmap/upload/c/", "keep;")
	_ = upload.Body.Close()
	var blob string
	s.mu.Lock()
	for name := range s.blobs.ids {
		blob = name
	}
	s.mu.Unlock()
	replies := c.call(`[["SieveScript/set",{"accountId":"c","create":{"s":{"name":"x","blobId":"` + blob + `"}},"onSuccessActivateScript":"#s"},"0"],` +
		`["SieveScript/get",{"accountId":"c","ids":null},"1"],["Identity/get",{"accountId":"c","ids":null},"2"],` +
		`["Identity/set",{"accountId":"c","update":{"b":{"textSignature":"bye"}},"create":{"n":{"email":"bob@example.org"}}},"3"],` +
		`["ContactCard/set",{"accountId":"c","create":{"k":{"name":{"full":"Bob"}}}},"4"],["ContactCard/query",{"accountId":"c"},"5"]]`)
	script := replies[1].Body["list"].([]any)[0].(map[string]any)
	if script["isActive"] != true || script["name"] != "x" {
		t.Errorf("script %v", script)
	}
	if refused := replies[3].Body["notCreated"].(map[string]any)["n"]; refused == nil || replies[3].Body["updated"] == nil {
		t.Errorf("identities: %v; an address of nobody must be refused", replies[3].Body)
	}
	if ids := replies[5].Body["ids"].([]any); len(ids) != 1 {
		t.Errorf("contacts %v", ids)
	}
	if view, _ := s.Account(id); view.Messages != 0 {
		t.Errorf("messages %d", view.Messages)
	}
}

func TestRemovingCredentialsKeepsOAuthTokens(t *testing.T) {
	s := New(Options{})
	id := s.AddAccount(AccountSpec{Address: "ann@example.org"})
	key, token := s.AddAPIKey(id, APIKey{}), s.AddOAuthToken(id)
	app := s.AddAppPassword(id, "phone")
	if got := mustLogin(t, s, "ann@example.org", app); got != id {
		t.Fatalf("app password opens %s", got)
	}
	newClient(t, s).call(`[["x:Account/set",{"update":{"c":{"credentials":{}}}},"0"]]`)
	if _, err := s.Login("ann@example.org", app); err == nil {
		t.Error("app password still works")
	}
	for secret, want := range map[string]int{key: 401, token: 200} {
		if got := (client{t, s, "Bearer " + secret}).do("GET", "/api/account", "").StatusCode; got != want {
			t.Errorf("%s: status %d, want %d", secret[:4], got, want)
		}
	}
}

func TestSQLDirectory(t *testing.T) {
	db, err := sql.Open("sqlite", t.TempDir()+"/directory.db")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range []string{
		"CREATE TABLE accounts (id INTEGER PRIMARY KEY, login TEXT, secret TEXT, description TEXT)",
		"CREATE TABLE emails (account_id INTEGER, address TEXT)",
		"INSERT INTO accounts VALUES (1, 'ann@example.org', 'pw', 'Ann'), (2, 'bob@example.org', 'pw', NULL)",
		"INSERT INTO emails VALUES (1, 'ann@example.org'), (1, 'boss@example.org')",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	s := New(Options{Directory: NewSQLDirectory(db,
		`SELECT login, secret, description FROM accounts a WHERE login = $1
		 OR EXISTS (SELECT 1 FROM emails e WHERE e.account_id = a.id AND e.address = $1)`,
		`SELECT address FROM emails e JOIN accounts a ON e.account_id = a.id WHERE a.login = $1 ORDER BY address`)})
	ann := mustLogin(t, s, "Ann@example.org", "pw")
	mustDeliver(t, s, "boss@example.org", "to the alias")
	mustDeliver(t, s, "bob@example.org", "to bob")
	view, _ := s.Account(ann)
	want := AccountView{
		ID: "c", Address: "ann@example.org", Aliases: []string{"ann@example.org", "boss@example.org"}, Description: "Ann",
		Created: view.Created, Messages: 1,
	}
	if diff := cmp.Diff(want, view); diff != "" {
		t.Errorf("account (-want +got):\n%s", diff)
	}
	if _, err := s.Login("boss@example.org", "pw"); err == nil {
		t.Error("an alias could log in; SQL directories know the primary address only")
	}
	if err := s.Deliver("nobody@example.org", Message{}); err == nil {
		t.Error("mail to nobody was accepted")
	}
}
