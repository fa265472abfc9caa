package stalwarttest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	destroyC   = `["x:Account/set",{"destroy":["c"]},"0"]`
	queryTasks = `["x:Task/query",{"filter":{"@type":"DestroyAccount"}},"1"]`
	getTasks   = `["x:Task/get",{"#ids":{"resultOf":"1","name":"x:Task/query","path":"/ids"}},"2"]`
)

// statuses gives the statuses of the DestroyAccount tasks.
func statuses(t *testing.T, replies []reply) []string {
	t.Helper()
	var out []string
	for _, r := range replies {
		if r.Name != "x:Task/get" {
			continue
		}
		for _, item := range r.Body["list"].([]any) {
			status := item.(map[string]any)["status"].(map[string]any)
			text := status["@type"].(string)
			if reason, ok := status["failureReason"].(string); ok {
				text += " " + reason
			}
			out = append(out, text)
		}
	}
	return out
}

func TestDestroyTask(t *testing.T) {
	look := `[` + queryTasks + `,` + getTasks + `]`
	cases := map[string]struct {
		opt     Options
		prepare func(*Server)
		want    [][]string // statuses in the request of the destroy, then in later ones
	}{
		"quick":    {want: [][]string{{"Pending"}, nil}},
		"slow":     {opt: Options{TaskDelay: time.Hour}, want: [][]string{{"Pending"}, {"Pending"}, {"Pending"}}},
		"archived": {opt: Options{Archiving: 24 * time.Hour}, want: [][]string{{"Pending"}, {"Pending"}, {"Pending"}}},
		"failing": {
			prepare: func(s *Server) { s.FailDestroyTasks(1, "disk full") },
			want:    [][]string{{"Pending"}, {"Retry disk full"}, {"Failed disk full"}, {"Failed disk full"}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := New(c.opt)
			s.AddAccount(AccountSpec{Address: "ann@example.org"})
			if c.prepare != nil {
				c.prepare(s)
			}
			client := newClient(t, s)
			got := [][]string{statuses(t, client.call(`[`+destroyC+`,`+queryTasks+`,`+getTasks+`]`))}
			for range len(c.want) - 1 {
				got = append(got, statuses(t, client.call(look)))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("statuses by request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestArchivedTaskIsDueFarAway(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	s := New(Options{Archiving: 48 * time.Hour, Now: func() time.Time { return now }})
	s.AddAccount(AccountSpec{Address: "ann@example.org"})
	replies := newClient(t, s).call(`[` + destroyC + `,` + queryTasks + `,` + getTasks + `]`)
	task := replies[2].Body["list"].([]any)[0].(map[string]any)
	if task["due"] != "2026-03-03T00:00:00Z" {
		t.Errorf("due %v", task["due"])
	}
}

func TestPurge(t *testing.T) {
	s := New(Options{})
	id := s.AddAccount(AccountSpec{Address: "ann@example.org"})
	other := s.AddAccount(AccountSpec{Address: "bob@example.org"})
	for i := range 5 {
		s.AddMail(id, Message{Subject: fmt.Sprint("mail ", i)})
	}
	s.AddMail(other, Message{Subject: "kept"})
	client := newClient(t, s)
	client.call(`[` + destroyC + `]`)
	s.Settle()
	if count, _ := s.Blobs(); count != 6 {
		t.Errorf("%d blobs after the destroy, want 6: only a purge frees them", count)
	}

	created := client.call(`[["x:Task/set",{"create":{"p":{"@type":"StoreMaintenance","maintenanceType":"purgeBlob"}}},"0"]]`)
	parent := created[0].Body["created"].(map[string]any)["p"].(map[string]any)["id"].(string)
	look := `[["x:Task/get",{"ids":["` + parent + `"]},"0"],["x:Task/query",{"filter":{"@type":"StoreMaintenance"},"limit":500},"1"],` +
		`["x:Task/get",{"#ids":{"resultOf":"1","name":"x:Task/query","path":"/ids"},"properties":["shardIndex"]},"2"]]`
	shards := client.call(look)
	if got := len(shards[1].Body["ids"].([]any)); got != purgeShards {
		t.Errorf("%d tasks while the purge runs, want %d shards", got, purgeShards)
	}
	if list := shards[2].Body["list"].([]any); list[0].(map[string]any)["shardIndex"] != float64(purgeShards-1) {
		t.Errorf("first shard %v, want the last one: newest first", list[0])
	}
	done := client.call(look)
	if left, missing := done[1].Body["ids"].([]any), done[0].Body["notFound"].([]any); len(left) != 0 || len(missing) != 1 {
		t.Errorf("after the purge: tasks %v, parent not found %v", left, missing)
	}
	if count, _ := s.Blobs(); count != 1 || s.Purges() != 1 {
		t.Errorf("%d blobs and %d purges, want 1 and 1", count, s.Purges())
	}
}

func TestSlowPurgeShrinks(t *testing.T) {
	s := New(Options{TaskDelay: 200 * time.Millisecond})
	client := newClient(t, s)
	client.call(`[["x:Task/set",{"create":{"p":{"@type":"StoreMaintenance","maintenanceType":"purgeBlob"}}},"0"]]`)
	if got := s.Tasks("StoreMaintenance"); got != 1 {
		t.Fatalf("%d tasks at first, want the parent alone", got)
	}
	deadline := time.Now().Add(10 * time.Second)
	for s.Tasks("StoreMaintenance") > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("%d tasks left", s.Tasks("StoreMaintenance"))
		}
		client.call(`[]`)
		time.Sleep(10 * time.Millisecond)
	}
}

func TestWriteLog(t *testing.T) {
	s := New(Options{})
	s.AddAccount(AccountSpec{Address: "ann@example.org"})
	newClient(t, s).call(`[["x:Account/set",{"update":{"c":{"name":"b..d"},"zzz":{"name":"x"}},"destroy":["c"]},"0"],` +
		`["x:Action/set",{"create":{"i":{"@type":"InvalidateCaches"}}},"1"]]`)
	var got []string
	for _, w := range s.Writes() {
		got = append(got, strings.TrimSpace(fmt.Sprintln(w.Object, w.Op, w.ID, w.Error)))
	}
	want := []string{"Account update c willDestroy", "Account update zzz notFound", "Account destroy c", "Action create i"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
}
