package stalwart

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/reconcile"
)

// sequence answers calls of a method with recorded or written arguments, one
// after the other; the last one stays.
type sequence map[string][]any

func (q sequence) answer(c sent) any {
	list := q[c.Method]
	if len(list) == 0 {
		return nil
	}
	if len(list) > 1 {
		q[c.Method] = list[1:]
	}
	return list[0]
}

func TestAwaitDestroyedWithTheRecordedTask(t *testing.T) {
	file := recording(t, "destroy")
	first := file.exchange("destroy and look for the task in the same request").answers(t)
	after := file.exchange("task afterwards").answers(t)
	q := sequence{
		"x:Task/query":  {first[1].Raw, after[0].Raw},
		"x:Task/get":    {first[2].Raw, after[1].Raw},
		"x:Account/get": {first[3].Raw},
	}
	f := newFake(t, (&world{more: q.answer}).answer)
	states, err := f.dial().AwaitDestroyed(t.Context(), []reconcile.AccountID{"bf"})
	want := map[reconcile.AccountID]Destruction{"bf": {State: DestroyDone}}
	if diff := cmp.Diff(want, states); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if len(f.posts) < 4 {
		t.Errorf("only %d requests: it did not wait for the task", len(f.posts))
	}
}

func TestTheRecordedTaskIsPending(t *testing.T) {
	raw := recording(t, "destroy").exchange("destroy and look for the task in the same request").answers(t)[2].Raw
	var got getAnswer[task]
	if err := json.Unmarshal(raw, &got); err != nil || len(got.List) != 1 {
		t.Fatalf("%v in %s", err, raw)
	}
	s := &jmapServer{http: &transport{creds: credentials{secret: "x"}}}
	pending := got.List[0]
	if pending.AccountID != "bf" || s.destruction(pending).State != DestroyPending {
		t.Errorf("%+v", pending)
	}
	archived := pending
	archived.Status.Due = pending.Status.CreatedAt.Add(30 * 24 * time.Hour)
	if d := s.destruction(archived); d.State != DestroyArchiving || !d.Due.Equal(archived.Status.Due) {
		t.Errorf("due in 30 days: %+v", d)
	}
	archived.Status.Type = "Retry"
	if d := s.destruction(archived); d.State != DestroyPending {
		t.Errorf("tried again: %+v", d)
	}
}

func TestAwaitDestroyedEndsWithTheContext(t *testing.T) {
	first := recording(t, "destroy").exchange("destroy and look for the task in the same request").answers(t)
	q := sequence{"x:Task/query": {first[1].Raw}, "x:Task/get": {first[2].Raw}, "x:Account/get": {first[3].Raw}}
	s := newFake(t, (&world{more: q.answer}).answer).dial()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	states, err := s.AwaitDestroyed(ctx, []reconcile.AccountID{"bf"})
	if err != nil || states["bf"].State != DestroyPending {
		t.Errorf("deadline: %v, %v", states, err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	states, err = s.AwaitDestroyed(ctx, []reconcile.AccountID{"bf"})
	if !errors.Is(err, context.Canceled) || states["bf"].State != DestroyPending {
		t.Errorf("cancelled: %v, %v", states, err)
	}
}

func TestPurgeWithTheRecordedTasks(t *testing.T) {
	file := recording(t, "purge")
	look := file.exchange("look at the task right after").answers(t)
	end := file.exchange("end").answers(t)
	none := args{"list": []any{}, "notFound": []string{}}
	var parent getAnswer[json0]
	if err := json.Unmarshal(look[0].Raw, &parent); err != nil || len(parent.List) != 1 {
		t.Fatal(err)
	}
	q := sequence{
		"x:Task/query": {
			end[1].Raw,                               // nothing queued
			args{"ids": []string{parent.List[0].ID}}, // the parent task …
			look[1].Raw,                              // … and then its shards
			end[1].Raw,
		},
		// The parent ends between query and get: its shards are not in that list.
		"x:Task/get": {args{"list": []any{}, "notFound": []string{parent.List[0].ID}}, look[2].Raw, none},
		"x:Task/set": {file.exchange("queue purgeBlob").answers(t)[0].Raw},
	}
	s := newFake(t, (&world{more: q.answer}).answer).dial()
	if r, err := s.Purge(t.Context()); err != nil || r.State != purgeRequested {
		t.Fatalf("%+v, %v", r, err)
	}
	r, err := s.AwaitPurge(t.Context())
	if err != nil || r.State != purgeDone {
		t.Errorf("%+v, %v", r, err)
	}
	if left := len(q["x:Task/get"]); left != 1 {
		t.Errorf("it did not look at the shards: %d answers are left", left)
	}
}

func TestAPurgeWhoseTasksKeepChangingIsNotDone(t *testing.T) {
	q := sequence{
		"x:Task/query": {args{"ids": []string{"b"}}},
		"x:Task/get":   {args{"list": []any{}, "notFound": []string{"b"}}},
	}
	s := newFake(t, (&world{more: q.answer}).answer).dial()
	s.deleteTimeout = 50 * time.Millisecond
	if r, err := s.AwaitPurge(t.Context()); err != nil || r.State != purgeTimeout {
		t.Errorf("%+v, %v", r, err)
	}
}

// json0 is any object with an ID.
type json0 struct {
	ID string `json:"id"`
}

func (j json0) objectID() string { return j.ID }

func TestAwaitPurgeTellsNewFailuresOnly(t *testing.T) {
	failed := func(id string) args {
		return args{
			"id": id, "@type": "StoreMaintenance", "maintenanceType": "purgeBlob",
			"status": args{"@type": "Failed", "failureReason": "store is read-only"},
		}
	}
	old := args{"list": []any{failed("b")}, "notFound": []string{}}
	both := args{"list": []any{failed("b"), failed("c")}, "notFound": []string{}}
	q := sequence{
		"x:Task/query": {args{"ids": []string{"b"}}, args{"ids": []string{"b"}}, args{"ids": []string{"b", "c"}}},
		"x:Task/get":   {old, old, both},
		"x:Task/set":   {args{"created": args{"p": args{"id": "d"}}}},
	}
	s := newFake(t, (&world{more: q.answer}).answer).dial()
	if _, err := s.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := s.AwaitPurge(t.Context()); err != nil || r.State != purgeDone {
		t.Errorf("an old failure: %+v, %v", r, err)
	}
	if r, err := s.AwaitPurge(t.Context()); err != nil || r.State != purgeFailed || r.Message != "1 parts failed: store is read-only" {
		t.Errorf("a new failure: %+v, %v", r, err)
	}
}

func TestPurgeRefusals(t *testing.T) {
	forbidden := recording(t, "forbidden")
	empty := args{"ids": []string{}}
	for exchange, permission := range map[string]string{
		"key without sysTaskCreate":        "sysTaskCreate",
		"key without taskStoreMaintenance": "taskStoreMaintenance",
	} {
		answer := forbidden.exchange(exchange).answers(t)[0]
		var reply any = answer.Raw
		if answer.Method == "error" {
			var e methodError
			_ = json.Unmarshal(answer.Raw, &e)
			reply = e
		}
		q := sequence{"x:Task/query": {empty}, "x:Task/set": {reply}}
		r, err := newFake(t, (&world{more: q.answer}).answer).dial().Purge(t.Context())
		if f, ok := errors.AsType[*ForbiddenError](err); !ok || f.Permission != permission || r.State != purgeFailed {
			t.Errorf("%s: %+v, %v", exchange, r, err)
		}
	}
}

func TestContentsOfTheRecordedMailbox(t *testing.T) {
	answers := recording(t, "export").exchange("everything, user still in the directory").answers(t)
	q := sequence{
		"Mailbox/get": {answers[0].Raw}, "Email/query": {answers[1].Raw}, "SieveScript/get": {answers[3].Raw},
		"ContactCard/query": {answers[7].Raw}, "CalendarEvent/query": {answers[10].Raw}, "FileNode/query": {answers[12].Raw},
	}
	w := &world{more: q.answer, accounts: []map[string]any{person("rn", "ex1", with("usedDiskQuota", 1842))}}
	c, err := newFake(t, w.answer).dial().Contents(t.Context(), "rn")
	want := reconcile.Contents{Known: true, Messages: 2, Contacts: 1, Events: 1, Files: 1, Scripts: 2, UsedBytes: 1842}
	if diff := cmp.Diff(want, c); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestContentsOfARecordedGhostAreNotBelieved(t *testing.T) {
	answers := recording(t, "export").exchange("everything right after the destroy").answers(t)
	gone := args{"accountId": "b", "list": []any{}, "notFound": []string{"rn"}}
	q := sequence{
		"Mailbox/get": {answers[0].Raw}, "Email/query": {answers[1].Raw}, "SieveScript/get": {answers[3].Raw},
		"ContactCard/query":   {methodError{Type: "serverUnavailable"}},
		"CalendarEvent/query": {methodError{Type: "serverUnavailable"}},
		"FileNode/query":      {methodError{Type: "serverUnavailable"}},
		"x:Account/get":       {args{"accountId": "b", "list": []any{person("rn", "ex1")}, "notFound": []string{}}, gone},
	}
	c, err := newFake(t, (&world{more: q.answer}).answer).dial().Contents(t.Context(), "rn")
	if !is[*NotFoundError](err) || c.Known || c.Empty() {
		t.Errorf("%+v, %v", c, err)
	}
	// Still there, but parts cannot be read: nothing is proven.
	q["x:Account/get"] = []any{args{"accountId": "b", "list": []any{person("rn", "ex1")}, "notFound": []string{}}}
	c, err = newFake(t, (&world{more: q.answer}).answer).dial().Contents(t.Context(), "rn")
	if err != nil || c.Known || c.Empty() || c.MissingWhy == "" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestAnAnswerAboutAnotherAccountProvesNothing(t *testing.T) {
	empty := args{"accountId": "b", "ids": []string{}, "total": 0, "list": []any{}}
	q := sequence{
		"Mailbox/get": {empty}, "Email/query": {empty}, "SieveScript/get": {empty},
		"ContactCard/query": {empty}, "CalendarEvent/query": {empty}, "FileNode/query": {empty},
		"x:ApiKey/query": {args{"accountId": "b", "ids": []string{"c"}}}, // our own account's key
	}
	w := &world{more: q.answer, accounts: []map[string]any{person("rn", "ex1")}}
	f := newFake(t, w.answer)
	s := f.dial()
	if c, err := s.Contents(t.Context(), "rn"); err != nil || c.Known || c.Empty() {
		t.Errorf("%+v, %v", c, err)
	}
	if n, err := s.destroyCredentials(t.Context(), "x:ApiKey", "rn"); !is[*MalformedError](err) || n != 0 || len(f.writes()) != 0 {
		t.Errorf("destroyed %d, %v", n, err)
	}
}

func TestInvalidateCachesRecorded(t *testing.T) {
	e := recording(t, "suspend").exchange("InvalidateCaches")
	f := newFake(t, (&world{more: sequence{"x:Action/set": {e.answers(t)[0].Raw}}.answer}).answer)
	if err := f.dial().InvalidateCaches(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e.calls(t)[0].Args, f.writes()[0].Args, cmp.Transformer("json", func(r json.RawMessage) (v any) {
		_ = json.Unmarshal(r, &v)
		return v
	})); diff != "" {
		t.Errorf("sent (-recorded +sent):\n%s", diff)
	}
}

func TestSuspendSendsTheRecordedPatch(t *testing.T) {
	e := recording(t, "suspend").exchange("only authenticate disabled")
	users := recording(t, "suspend").exchange("permissions of the default user role (recovery admin)").answers(t)
	w := &world{accounts: []map[string]any{person("sb", "su1e")}}
	w.more = func(c sent) any {
		switch c.Method {
		case "x:Authentication/get":
			return users[0].Raw
		case "x:Role/get":
			return users[1].Raw
		case "x:Account/set":
			return e.answers(t)[0].Raw
		}
		return nil
	}
	f := newFake(t, w.answer)
	s := f.dial()
	var role getAnswer[role]
	if err := json.Unmarshal(users[1].Raw, &role); err != nil || len(role.List[0].Enabled) != 244 {
		t.Fatal(err)
	}
	s.permissions["sysRoleGet"] = true
	if _, err := s.Suspend(t.Context(), "sb"); !is[*ForbiddenError](err) {
		t.Errorf("with the recorded agent's rights: %v", err)
	}
	for p := range role.List[0].Enabled {
		if !neverListed[p] {
			s.permissions[p] = true
		}
	}
	before, err := s.Suspend(t.Context(), "sb")
	if err != nil || before != `{"@type":"Inherit"}` {
		t.Fatalf("%q, %v", before, err)
	}
	assertContains(t, e.calls(t)[0].Raw, f.writes()[0].Raw)
	assertContains(t, f.writes()[0].Raw, e.calls(t)[0].Raw)
}
