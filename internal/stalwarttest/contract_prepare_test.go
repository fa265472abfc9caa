package stalwarttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
)

// seen makes a header known to the credential cache.
func (r *replay) seen(name string) {
	r.t.Helper()
	response := (client{r.t, r.s, basic(name, password)}).do("GET", "/jmap/session", "")
	_ = response.Body.Close()
	if response.StatusCode != 200 {
		r.t.Fatalf("login of %s: status %d", name, response.StatusCode)
	}
}

func (r *replay) settle() { r.s.Settle() }

// prepareRemoved makes a user with all kinds of credentials whose ordinary header is in the cache.
func prepareRemoved(id, addr, label string) func(*replay) {
	return func(r *replay) {
		account := r.have(id, addr)
		r.secrets["Basic <"+label+", app password>"] = basic(addr, r.s.AddAppPassword(account, "phone"))
		r.secrets["Bearer <"+label+"'s API key>"] = "Bearer " + r.s.AddAPIKey(account, APIKey{})
		r.secrets["Bearer <"+label+"'s OAuth token>"] = "Bearer " + r.s.AddOAuthToken(account)
		mustDeliver(r.t, r.s, addr, "before")
		r.seen(addr)
	}
}

func prepareLimits(r *replay) {
	r.have("c", "li1@example.test")
	r.have("d", "li4@example.test")
	r.have("e", "li2@example.test")
	r.have("f", "li3@example.test")
	r.user = "li1@example.test"
	without := func(p string) bool { return p == "unlimitedRequests" }
	r.key("<apikey without unlimitedRequests>", slices.DeleteFunc(slices.Clone(AgentPermissions), without))
}

// many sends requests from one address.
func (r *replay) many(n int, ip, header string) {
	for range n {
		request := httptest.NewRequestWithContext(r.t.Context(), http.MethodGet, "/api/account", nil)
		request.Header.Set("X-Forwarded-For", ip)
		if header != "" {
			request.Header.Set("Authorization", header)
		}
		r.s.ServeHTTP(httptest.NewRecorder(), request)
	}
}

// busy makes every account look as if it had this many requests in progress.
func (r *replay) busy(n int) {
	for id := range r.s.accounts {
		r.s.limits.running[id] = n
	}
}

func prepareDestroy(r *replay) {
	r.have("bf", "de1@example.test")
	r.have("bg", "de2@example.test")
	r.have("bh", "de3@example.test")
	r.have("bi", "de4@example.test")
	r.group("bj", "degroup@example.test")
	for i, id := range []string{"bk", "bl"} {
		r.next(id)
		record := r.userRecord(fmt.Sprintf("member%d@example.test", i), nil)
		record.Groups = []string{"degroup@example.test"}
		r.directory.Put(record)
		mustLogin(r.t, r.s, record.Name, password)
	}
	r.next("bm")
	for i := range 501 {
		r.s.AddAccount(AccountSpec{Address: fmt.Sprintf("mass%d@example.test", i)})
	}
	r.have("rb", "de5@example.test", "de5alias@example.test")
	r.next("rc")
	admin := r.s.AddAccount(AccountSpec{Address: "admin2@example.test", Admin: true})
	header := "Bearer " + r.s.AddAPIKey(admin, APIKey{})
	r.secrets["Bearer <apikey of another admin>"] = header
	r.secrets["Bearer <apikey of the destroyed admin>"] = header
}

func prepareExport(r *replay) {
	r.s.AddAccount(AccountSpec{Address: "other@example.test"})
	r.s.store(r.s.accounts[2], Message{Raw: "Delivered-To: sh1.new@example.test\r\nFrom: <sender@remote.example>\r\n" +
		"To: <sh1.new@example.test>\r\nSubject: mail in the shadow\r\nMessage-ID: <mail.in.the.shadow@remote.example>\r\n" +
		"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nhello\r\n"})
	r.ids["cdkpylksjiv3hiaerw7rv0oeskld7r1fcz39d7sc20q0ur0kqxb7ehqaam"] = r.s.accounts[2].store.mails[0].blob
}

func fillExport(r *replay) {
	id := r.have("rn", "ex1@example.test", "ex1.alias@example.test")
	mustDeliver(r.t, r.s, "ex1@example.test", "delivered")
	r.s.AddMailbox(id, "Projects", "")
	r.s.AddMailbox(id, "2026", "Projects")
	received, _ := parseStamp("2026-01-05T10:00:00Z")
	r.s.AddMail(id, Message{
		Mailboxes: []string{"Projects"}, Keywords: []string{"$seen", "$flagged"}, Received: received,
		Raw: "From: a@example.test\r\nTo: b@example.test\r\nSubject: imported by the user\r\nMessage-ID: <imp1@example.test>\r\n" +
			"Date: Mon, 05 Jan 2026 10:00:00 +0000\r\n\r\nbody\r\n",
	})
	// The first script of the recording has the id "b" here too; a script named vacation is the vacation response.
	r.s.AddSieve(id, "filter", "require [\"fileinto\"];\r\nif header :contains \"subject\" \"zzz\" { fileinto \"Projects\"; }\r\n", true)
	r.s.AddSieve(id, "vacation", "vacation", false)
	r.s.SetVacation(id, false, "away", "I am away")
	r.s.SetSignature(id, "ex1@example.test", "-- \nMy signature")
	r.s.AddContact(id, "Test Contact")
	r.s.AddEvent(id, "Meeting", "2026-12-01T10:00:00")
	r.s.accounts[r.s.nextID].store.items["CalendarEvent"][0].value["uid"] = "ev1@example.test"
	r.s.AddFile(id, "notes.txt", []byte("file content"))
}

func prepareForbidden(r *replay) {
	for _, e := range load(r.t, "forbidden").Exchanges {
		label := e.Request.Headers["Authorization"]
		list, found := strings.CutPrefix(label, "Bearer <apikey without ")
		if !found || r.secrets[label] != "" {
			continue
		}
		without := strings.Fields(strings.TrimSuffix(list, ">"))
		r.key(strings.TrimPrefix(label, "Bearer "), slices.DeleteFunc(slices.Clone(AgentPermissions), func(name string) bool {
			return slices.Contains(without, name)
		}))
	}
	r.have("ri", "fo1@example.test")
	mustDeliver(r.t, r.s, "fo1@example.test", "mail")
	rj := r.have("rj", "fo2@example.test")
	for range maxCredentials {
		r.s.AddAPIKey(rj, APIKey{})
	}
	r.s.AddMailingList("first@example.test", nil, nil)
	r.s.AddMailingList("second@example.test", nil, nil)
	r.s.AddMailingList("folist@example.test", nil, nil)
	r.user = "fo1@example.test"
}

func prepareRenameEffects(r *replay) {
	for _, name := range []string{"l1", "l2", "l3"} {
		r.s.AddMailingList(name+"@example.test", nil, nil)
	}
	r.s.AddMailingList("eflist@example.test", nil, []string{"ef1@example.test", "ef2@example.test"})
	r.group("rq", "efgroup@example.test")
	r.next("rr")
	for _, name := range []string{"ef1", "ef2"} {
		record := r.userRecord(name+"@example.test", nil)
		if name == "ef1" {
			record.Groups = []string{"efgroup@example.test"}
		}
		r.directory.Put(record)
		mustLogin(r.t, r.s, record.Name, password)
	}
	r.s.ShareInbox("rr", "rs", "mayReadItems", "mayAddItems", "mayRemoveItems", "maySetSeen", "maySetKeywords")
	r.s.ShareInbox("rs", "rr", "mayReadItems")
	r.s.SetSignature("rr", "ef1@example.test", "-- signature")
	r.secrets["Basic <ef2>"] = basic("ef2@example.test", password)
}

func prepareRestore(r *replay) {
	r.have("r0", "rs1@example.test")
	r.have("r1", "rs2@example.test")
	for i := range 3 {
		mustDeliver(r.t, r.s, "rs1@example.test", fmt.Sprintf("mail %d", i))
	}
	r.ids["ca0ycoctycx0f9vzxjcwnhvs9x9kour9mfitha0ikjpa9rpevbg1npieaaaq"] = r.s.accounts[r.s.nextID-1].store.mails[0].blob
	// Uploads that the recording made without showing them: two mails with one Message-ID, six without any.
	upload := func(id, raw string) {
		r.ids[id] = r.s.blobs.reserve([]byte(raw), r.s.nextID-1, r.s.opt.Now().Add(r.s.opt.UploadTTL))
	}
	exchanges := load(r.t, "restore").Exchanges
	for number, i := range []int{11, 13} {
		var body struct {
			MethodCalls [][]json.RawMessage
		}
		if err := json.Unmarshal(exchanges[i].Request.Body, &body); err != nil {
			r.t.Fatal(err)
		}
		var args struct {
			Emails map[string]struct{ BlobID string }
		}
		if err := json.Unmarshal(body.MethodCalls[0][1], &args); err != nil {
			r.t.Fatal(err)
		}
		for _, key := range sortedNames(args.Emails) {
			raw := "Subject: extra " + key + "\r\nFrom: x@remote.example\r\n\r\nbody\r\n"
			if number == 0 {
				raw = "Subject: twin " + key + "\r\nMessage-ID: <twin@remote.example>\r\n\r\nbody\r\n"
			}
			upload(args.Emails[key].BlobID, raw)
		}
	}
}
