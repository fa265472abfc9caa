package stalwarttest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func newTestServer(t *testing.T) (*Server, *MapDirectory) {
	t.Helper()
	directory := &MapDirectory{}
	return New(Options{Directory: directory}), directory
}

func mustLogin(t *testing.T, s *Server, name, secret string) AccountID {
	t.Helper()
	id, err := s.Login(name, secret)
	if err != nil {
		t.Fatalf("login of %s: %v", name, err)
	}
	return id
}

func mustDeliver(t *testing.T, s *Server, to, subject string) {
	t.Helper()
	if err := s.Deliver(to, Message{Subject: subject}); err != nil {
		t.Fatalf("deliver to %s: %v", to, err)
	}
}

func TestStrangerWithLeaversAddressOpensLeaversMail(t *testing.T) {
	s, directory := newTestServer(t)
	directory.Put(Record{Name: "ann@example.org", Secret: "pw-ann", Aliases: []string{"boss@example.org"}})
	ann := mustLogin(t, s, "ann@example.org", "pw-ann")
	mustDeliver(t, s, "ann@example.org", "confidential")
	token := s.AddOAuthToken(ann)

	directory.Remove("ann@example.org")
	if _, err := s.Login("ann@example.org", "pw-ann"); !errors.Is(err, ErrUnauthorized) {
		t.Fatalf("login after removal: %v, want ErrUnauthorized", err)
	}
	if err := s.Deliver("ann@example.org", Message{Subject: "late"}); !errors.Is(err, ErrNoMailbox) {
		t.Fatalf("delivery after removal: %v, want ErrNoMailbox", err)
	}
	if got := (client{t, s, "Bearer " + token}).do("GET", "/jmap/session", "").StatusCode; got != 200 {
		t.Fatalf("OAuth token after removal: status %d, want 200: it outlives the directory entry", got)
	}

	for name, address := range map[string]string{"name": "ann@example.org", "alias": "boss@example.org"} {
		directory.Put(Record{Name: address, Secret: "pw-new"})
		messages, err := s.OpenMailbox(address, "pw-new")
		if err != nil || len(messages) != 1 || messages[0].Subject != "confidential" {
			t.Errorf("by %s: stranger sees %v (%v), want the leaver's mail", name, messages, err)
		}
		directory.Remove(address)
	}
}

func TestDirectoryRenameMakesEmptyShadow(t *testing.T) {
	s, directory := newTestServer(t)
	directory.Put(Record{Name: "ann@example.org", Secret: "pw"})
	before := mustLogin(t, s, "ann@example.org", "pw")
	mustDeliver(t, s, "ann@example.org", "old mail")
	directory.Update("ann@example.org", func(r *Record) { r.Name = "ann.new@example.org" })

	shadow := mustLogin(t, s, "ann.new@example.org", "pw")
	if shadow == before {
		t.Fatalf("login under the new name reached the old account %s", before)
	}
	if diff := cmp.Diff([]string(nil), s.Subjects(shadow)); diff != "" {
		t.Errorf("mail of the shadow (-want +got):\n%s", diff)
	}
	if got := s.Subjects(before); len(got) != 1 {
		t.Errorf("old account holds %v, want its mail", got)
	}
}

func TestRecreationAfterDestroyHasNewID(t *testing.T) {
	s, directory := newTestServer(t)
	directory.Put(Record{Name: "ann@example.org", Secret: "pw"})
	first := mustLogin(t, s, "ann@example.org", "pw")
	newClient(t, s).call(`[["x:Account/set",{"destroy":["` + string(first) + `"]},"0"]]`)
	second := mustLogin(t, s, "ann@example.org", "pw")
	if first == second || s.Destroys(first) != 1 || s.Destroys(second) != 0 {
		t.Errorf("ids %s then %s, destroys %d and %d", first, second, s.Destroys(first), s.Destroys(second))
	}
}

func TestAliasesAreAppendedNeverRemoved(t *testing.T) {
	s, directory := newTestServer(t)
	directory.Put(Record{Name: "ann@example.org", Secret: "pw", Aliases: []string{"a1@example.org"}})
	directory.Put(Record{Name: "bob@example.org", Secret: "pw"})
	id := mustLogin(t, s, "ann@example.org", "pw")
	bob := mustLogin(t, s, "bob@example.org", "pw")
	directory.Update("ann@example.org", func(r *Record) { r.Aliases = []string{"a2@example.org"} })
	directory.Update("bob@example.org", func(r *Record) { r.Aliases = []string{"a1@example.org"} })
	mustLogin(t, s, "ann@example.org", "pw")
	mustLogin(t, s, "bob@example.org", "pw")

	view, _ := s.Account(id)
	if diff := cmp.Diff([]string{"a1@example.org", "a2@example.org"}, view.Aliases); diff != "" {
		t.Errorf("aliases (-want +got):\n%s", diff)
	}
	mustDeliver(t, s, "a1@example.org", "for bob by the directory")
	if got := s.Subjects(id); len(got) != 1 {
		t.Errorf("mail to a moved alias: holder has %v, bob has %v; the first holder keeps it", got, s.Subjects(bob))
	}
}

func TestDirectoryErrorsAreNotAbsences(t *testing.T) {
	s, directory := newTestServer(t)
	directory.Fail(errors.New("connection refused"))
	if _, err := s.Login("ann@example.org", "pw"); !errors.Is(err, ErrDirectoryDown) {
		t.Errorf("login: %v, want ErrDirectoryDown", err)
	}
	if err := s.Deliver("ann@example.org", Message{}); !errors.Is(err, ErrTryLater) {
		t.Errorf("delivery: %v, want ErrTryLater", err)
	}
}

func TestOwnAddressAsAliasSurvivesARename(t *testing.T) {
	s, directory := newTestServer(t)
	directory.Put(Record{Name: "ann@example.org", Secret: "pw", Aliases: []string{"ann@example.org"}})
	id := mustLogin(t, s, "ann@example.org", "pw")
	c := newClient(t, s)
	c.call(`[["x:Account/set",{"update":{"c":{"name":"ann.new"}}},"0"]]`)
	directory.Put(Record{Name: "ann@example.org", Secret: "pw-stranger"})
	if got := mustLogin(t, s, "ann@example.org", "pw-stranger"); got != id {
		t.Errorf("stranger lands in %s; after a rename of the name only, the old address must still open %s", got, id)
	}
	c.call(`[["x:Account/set",{"update":{"c":{"aliases":{}}}},"0"]]`)
	if got := mustLogin(t, s, "ann@example.org", "pw-stranger"); got == id {
		t.Error("stranger still lands in the old account after its aliases were cleared")
	}
}

func TestConcurrentUse(t *testing.T) {
	s, directory := newTestServer(t)
	url := start(t, s)
	var group sync.WaitGroup
	for i := range 8 {
		name := fmt.Sprintf("user%d@example.org", i%4)
		directory.Put(Record{Name: name, Secret: "pw"})
		group.Go(func() {
			for range 20 {
				if _, err := s.Login(name, "pw"); err != nil {
					t.Error(err)
				}
				if err := s.Deliver(name, Message{Subject: "hi"}); err != nil {
					t.Error(err)
				}
				if status, _, _, err := post(t.Context(), url, s.APIKey(), `[["x:Account/query",{},"0"]]`); err != nil || status != 200 {
					t.Errorf("status %d: %v", status, err)
				}
			}
		})
	}
	group.Wait()
	if got := len(s.Accounts()); got != 5 { // the agent's own and four users
		t.Errorf("%d accounts, want 5: concurrent first logins share one account", got)
	}
}

func TestGroupsFollowTheDirectoryOnlyIfItTellsThem(t *testing.T) {
	s, directory := newTestServer(t)
	directory.Put(Record{Name: "ann@example.org", Secret: "pw", Groups: []string{"team@example.org"}})
	id := mustLogin(t, s, "ann@example.org", "pw")
	for _, step := range []struct {
		groups []string
		want   int
	}{{nil, 1}, {[]string{"team@example.org", "club@example.org"}, 2}, {[]string{}, 0}} {
		directory.Update("ann@example.org", func(r *Record) { r.Groups = step.groups })
		mustLogin(t, s, "ann@example.org", "pw")
		if view, _ := s.Account(id); len(view.Groups) != step.want {
			t.Errorf("directory says %#v: member of %v, want %d groups", step.groups, view.Groups, step.want)
		}
	}
}
