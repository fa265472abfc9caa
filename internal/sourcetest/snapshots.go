package sourcetest

import (
	"context"
	"errors"
	"testing"

	"syncagent/internal/reconcile"
)

func snapshotHasEverybody(t testing.TB, f Fixture) {
	w := f.New(t)
	people := crowd(f.people())
	put(t, w, people...)
	entries, evidence := readComplete(t, w.Open())
	if len(entries) != len(people) {
		t.Errorf("the snapshot has %d entries, want %d", len(entries), len(people))
	}
	for _, p := range people {
		want := wanted(w, p)
		got, ok := entries[want.ID]
		if !ok {
			t.Errorf("%s (%q) is not in the snapshot", p.Key, want.ID)
			continue
		}
		sameEntry(t, want, got)
		if got.Label == "" {
			t.Errorf("%s has no label", p.Key)
		}
	}
	if evidence.Counted != -1 && evidence.Counted != len(people) {
		t.Errorf("counted %d, want %d or -1", evidence.Counted, len(people))
	}
	for what, value := range map[string]string{
		"server": evidence.Server, "directory": evidence.Directory, "ID attribute": evidence.IDAttribute, "digest": evidence.Digest,
	} {
		if value == "" {
			t.Errorf("the evidence does not tell the %s", what)
		}
	}
	if f.Evidence != nil {
		f.Evidence(t, evidence)
	}
}

func emptyIsComplete(t testing.TB, f Fixture) {
	entries, evidence := readComplete(t, f.New(t).Open())
	if len(entries) != 0 || evidence.Entries != 0 {
		t.Errorf("an empty directory gives %d entries, evidence %d", len(entries), evidence.Entries)
	}
}

func digestFollowsTheWorld(t testing.TB, f Fixture) {
	w := f.New(t)
	people := crowd(f.people())
	put(t, w, people...)
	s := w.Open()
	_, first := readComplete(t, s)
	_, again := readComplete(t, s)
	if first.Digest != again.Digest {
		t.Error("an unchanged world has two digests")
	}
	changed := people[3]
	changed.Name = "renamed@example.org"
	put(t, w, changed)
	_, other := readComplete(t, s)
	if other.Digest == first.Digest {
		t.Error("a rename does not change the digest")
	}
	put(t, w, people[3]) // now many directories give another order
	if _, back := readComplete(t, s); back.Digest != first.Digest {
		t.Error("the same world in another order has another digest")
	}
	w.Remove(people[5].Key)
	if _, less := readComplete(t, s); less.Digest == first.Digest {
		t.Error("a removal does not change the digest")
	}
}

func renameKeepsID(t testing.TB, f Fixture) {
	w := f.New(t)
	put(t, w, crowd(5)...)
	s := w.Open()
	p := person(2)
	before := w.ID(p.Key)
	p.Name, p.Addresses, p.Disabled = "other@example.org", []string{"other@example.org"}, true
	put(t, w, p)
	if w.ID(p.Key) != before {
		t.Fatalf("the fixture gave another ID for a rename")
	}
	entries, _ := readComplete(t, s)
	sameEntry(t, wanted(w, p), entries[before])
}

func removedIsGone(t testing.TB, f Fixture) {
	w := f.New(t)
	put(t, w, crowd(5)...)
	s := w.Open()
	id := w.ID("p2")
	w.Remove("p2")
	entries, _ := readComplete(t, s)
	if _, there := entries[id]; there || len(entries) != 4 {
		t.Errorf("after a removal: %d entries, the removed one among them: %v", len(entries), there)
	}
}

func cancelledSnapshot(t testing.TB, f Fixture) {
	w := f.New(t)
	put(t, w, crowd(5)...)
	ctx, cancel := context.WithCancel(deadline(t))
	cancel()
	_, evidence, err := read(ctx, t, w.Open())
	incomplete(t, evidence, err)
	if err == nil {
		t.Error("no error")
	}
}

func cancelledInTheMiddle(t testing.TB, f Fixture) {
	w := f.New(t)
	put(t, w, crowd(f.people())...)
	ctx, cancel := context.WithCancel(deadline(t))
	defer cancel()
	n := 0
	evidence, err := w.Open().Snapshot(ctx, func(reconcile.Entry) error {
		if n++; n == 2 {
			cancel()
		}
		return nil
	})
	incomplete(t, evidence, err)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func yieldStops(t testing.TB, f Fixture) {
	w := f.New(t)
	put(t, w, crowd(f.people())...)
	stop := errors.New("enough")
	n := 0
	evidence, err := w.Open().Snapshot(deadline(t), func(reconcile.Entry) error {
		n++
		if n == 3 {
			return stop
		}
		return nil
	})
	incomplete(t, evidence, err)
	if !errors.Is(err, stop) || n != 3 {
		t.Errorf("error %v after %d entries, want %v after 3", err, n, stop)
	}
}

func duplicateIsIncomplete(t testing.TB, f Fixture) {
	w := f.New(t)
	d, ok := w.(Duplicator)
	if !ok {
		t.Skip("stable IDs are unique in this directory")
	}
	put(t, w, crowd(5)...)
	d.DuplicateID("p1")
	_, evidence, err := read(deadline(t), t, w.Open())
	incomplete(t, evidence, err)
}

func namelessIsIncomplete(t testing.TB, f Fixture) {
	w := f.New(t)
	n, ok := w.(Nameless)
	if !ok {
		t.Skip("every record has a stable ID in this directory")
	}
	put(t, w, crowd(5)...)
	n.PutWithoutID()
	entries, evidence, err := read(deadline(t), t, w.Open())
	incomplete(t, evidence, err)
	if _, there := entries[""]; there {
		t.Error("the snapshot gives an entry without ID")
	}
}

func brokenIsIncomplete(t testing.TB, f Fixture) {
	w := f.New(t)
	b, ok := w.(Breaker)
	if !ok {
		t.Skip("this directory has no connection to cut")
	}
	n := f.people()
	put(t, w, crowd(n)...)
	entries := 0
	evidence, err := w.Open().Snapshot(deadline(t), func(reconcile.Entry) error {
		if entries++; entries == 1 {
			b.Break()
		}
		return nil
	})
	if evidence.Complete && (entries != n || err != nil) {
		t.Errorf("a broken snapshot with %d of %d entries calls itself complete (%v)", entries, n, err)
	}
	if !evidence.Complete {
		incomplete(t, evidence, err)
	}
}

func identityIsStable(t testing.TB, f Fixture) {
	w := f.New(t)
	put(t, w, person(1))
	a, b := w.Open(), w.Open()
	if a.Name() == "" || a.Name() != b.Name() {
		t.Errorf("names %q and %q", a.Name(), b.Name())
	}
	before := a.Fingerprint()
	readComplete(t, a)
	if before == "" || before != b.Fingerprint() || before != a.Fingerprint() {
		t.Errorf("fingerprints %q, %q and after a snapshot %q", before, b.Fingerprint(), a.Fingerprint())
	}
}
