package reconcile_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	. "syncagent/internal/reconcile"
)

func plainEntry(id string, names ...string) Entry {
	return Entry{ID: StableID(id), Names: ats(names), Addresses: ats(names), AddressesMapped: true, Kind: KindIndividual, Enabled: EnabledYes, Label: "cn=" + id}
}

func TestDiffer(t *testing.T) {
	ann, bob, cid := plainEntry("ann", "ann"), plainEntry("bob", "bob"), plainEntry("cid", "cid")
	complete := Evidence{Complete: true, Counted: -1}
	know := func(d *Differ) {
		d.Know(1, "ann", HashEntry(ann, ""), StateActive)
		d.Know(2, "bob", HashEntry(bob, ""), StateActive)
		d.Know(3, "cid", HashEntry(cid, ""), StateMissing)
		d.Know(4, "dan", HashEntry(plainEntry("dan", "dan"), ""), StateGone)
	}
	leaver := bob
	leaver.Leaver = true
	strange := plainEntry("zoe", "zoe")
	strange.Leaver = true
	for _, c := range []struct {
		name      string
		evidence  Evidence
		entries   []Entry
		changed   string
		missing   []int64
		leavers   map[int64]bool
		unchanged int
	}{
		{"unchanged, and whoever was missing is back", complete, []Entry{ann, bob, cid}, "cid", nil, nil, 2},
		{"some are missing, in the order of their rows", complete, []Entry{ann}, "", []int64{2, 3}, nil, 1},
		{"an incomplete snapshot lacks nobody", Evidence{}, []Entry{ann}, "", nil, nil, 1},
		{"changed and new, in the order of IDs", complete, []Entry{plainEntry("eve", "eve"), cid, plainEntry("bob", "rob"), ann}, "bob cid eve", nil, nil, 1},
		{"whoever was gone is new", complete, []Entry{ann, bob, cid, plainEntry("dan", "dan")}, "cid dan", nil, nil, 2},
		{"a leaver is missing", complete, []Entry{ann, leaver, cid}, "cid", []int64{2}, map[int64]bool{2: true}, 1},
		{"a leaver that nobody knows is nothing", complete, []Entry{ann, bob, cid, strange}, "cid", nil, nil, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := NewDiffer("staff", "")
			know(d)
			for _, e := range c.entries {
				if err := d.Add(e); err != nil {
					t.Fatal(err)
				}
			}
			diff := d.Finish(c.evidence)
			var changed []string
			for _, x := range diff.Changed {
				changed = append(changed, string(x.Entry.ID))
			}
			if got := strings.Join(changed, " "); got != c.changed {
				t.Errorf("changed %q, want %q", got, c.changed)
			}
			if x := cmp.Diff(c.missing, diff.Missing); x != "" {
				t.Errorf("missing: %s", x)
			}
			if len(c.leavers)+len(diff.Leavers) > 0 && !cmp.Equal(c.leavers, diff.Leavers) {
				t.Errorf("leavers: %v", diff.Leavers)
			}
			if diff.Unchanged != c.unchanged || diff.Evidence.Entries != living(c.entries) {
				t.Errorf("%d unchanged of %d, want %d", diff.Unchanged, diff.Evidence.Entries, c.unchanged)
			}
		})
	}
}

func TestDifferRefusesBadIDs(t *testing.T) {
	for _, c := range []struct {
		name  string
		first Entry
		then  Entry
		want  error
	}{
		{"a known one twice", plainEntry("ann", "ann"), plainEntry("ann", "eve"), ErrDuplicateID},
		{"a new one twice", plainEntry("new", "ann"), plainEntry("new", "eve"), ErrDuplicateID},
		{"empty", plainEntry("ann", "ann"), plainEntry("", "eve"), ErrBadID},
		{"too long", plainEntry("ann", "ann"), plainEntry(strings.Repeat("x", MaxStableID+1), "eve"), ErrBadID},
		{"as long as it may be", plainEntry("ann", "ann"), plainEntry(strings.Repeat("x", MaxStableID), "eve"), nil},
	} {
		d := NewDiffer("staff", "")
		d.Know(1, "ann", Hash{}, StateActive)
		if err := d.Add(c.first); err != nil {
			t.Fatal(err)
		}
		if err := d.Add(c.then); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestDifferWatches(t *testing.T) {
	d := NewDiffer("staff", "")
	d.Watch("ann@example.org", "")
	d.Watch("bob@example.org", "bob")
	d.Watch("svc-*", "")
	leaver := plainEntry("svc", "svc-1")
	leaver.Leaver = true
	for _, e := range []Entry{plainEntry("ann", "ann"), plainEntry("new", "bob"), leaver} {
		if err := d.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	diff := d.Finish(Evidence{Complete: true})
	if x := cmp.Diff(map[string]StableID{"ann@example.org": "ann"}, diff.Watched); x != "" {
		t.Errorf("watched: %s", x)
	}
	if x := cmp.Diff([]string{"bob@example.org", "svc-*"}, diff.Lost); x != "" {
		t.Errorf("lost: %s", x)
	}
}

func TestHashEntryCoversEverythingButOrder(t *testing.T) {
	base := Entry{
		ID: "a", Names: []string{"n", "m"}, NamesAlso: []string{"x"}, Addresses: []string{"p", "q"}, AddressesMapped: true,
		Kind: KindIndividual, Enabled: EnabledYes, SamePerson: []string{"1", "2"}, Created: noon, Label: "l",
	}
	same := base
	same.Names, same.Addresses = []string{"m", "n"}, []string{"q", "p"}
	same.Created = noon.In(time.FixedZone("", 3600))
	if HashEntry(base, "s") != HashEntry(same, "s") {
		t.Error("the order of names and addresses, or the time zone, changes the hash")
	}
	seen := map[Hash]string{HashEntry(base, "s"): "base", HashEntry(base, "other"): "salt"}
	for name, change := range map[string]func(*Entry){
		"ID": func(e *Entry) { e.ID = "b" }, "names": func(e *Entry) { e.Names = []string{"n"} },
		"also": func(e *Entry) { e.NamesAlso = nil }, "addresses": func(e *Entry) { e.Addresses = []string{"pq"} },
		"mapped": func(e *Entry) { e.AddressesMapped = false }, "kind": func(e *Entry) { e.Kind = KindAdmin },
		"enabled": func(e *Entry) { e.Enabled = EnabledNo }, "same person": func(e *Entry) { e.SamePerson = []string{"2", "1"} },
		"created": func(e *Entry) { e.Created = noon.Add(1) }, "label": func(e *Entry) { e.Label = "k" },
		"leaver": func(e *Entry) { e.Leaver = true },
		"moved":  func(e *Entry) { e.Names, e.NamesAlso = []string{"n"}, []string{"m", "x"} },
	} {
		e := base
		change(&e)
		h := HashEntry(e, "s")
		if other, twice := seen[h]; twice {
			t.Errorf("%s hashes like %s", name, other)
		}
		seen[h] = name
	}
}

// BenchmarkUnchanged reads 100,000 entries that nobody changed and decides. It
// reports what stays in memory for each known principal while reading.
func BenchmarkUnchanged(b *testing.B) {
	const n = 100_000
	entries := make([]Entry, n)
	for i := range entries {
		name := fmt.Sprintf("user%06d", i)
		entries[i] = plainEntry(fmt.Sprintf("5e0f6a3c-0000-4000-8000-%012d", i), name)
		entries[i].Addresses = ats([]string{name, name + ".alias"})
	}
	hashes := make([]Hash, n)
	for i := range entries {
		hashes[i] = HashEntry(entries[i], "salt")
	}
	s := newScene()
	facts := s.f
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		var before, after runtime.MemStats
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&before)
		b.StartTimer()
		d := NewDiffer("staff", "salt")
		for i := range entries {
			d.Know(int64(i+1), entries[i].ID, hashes[i], StateActive)
		}
		for i := range entries {
			if err := d.Add(entries[i]); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/principal")
		b.ReportMetric(float64(after.Mallocs-before.Mallocs)/n, "mallocs/entry")
		b.StartTimer()
		f := facts
		src := *s.staff()
		src.Diff = d.Finish(Evidence{Complete: true, IDAttribute: "entryUUID", Directory: "dc=test"})
		src.Living = n
		f.Sources = []SourceFacts{src}
		if got := Decide(f); len(got.Plan.Actions)+len(got.Plan.Holds) != 0 || got.Plan.Counts.Unchanged != n {
			b.Fatalf("the plan is not empty: %+v", got.Plan.Counts)
		}
	}
}

func living(entries []Entry) int {
	n := 0
	for _, e := range entries {
		if !e.Leaver {
			n++
		}
	}
	return n
}
