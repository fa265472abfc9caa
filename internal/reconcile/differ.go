package reconcile

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sort"
)

// ErrDuplicateID is returned by Differ.Add when one stable ID comes twice: the
// snapshot is unusable.
var ErrDuplicateID = errors.New("the same stable ID twice in one snapshot")

// ErrBadID is returned by Differ.Add for an empty or overlong stable ID.
var ErrBadID = errors.New("unusable stable ID")

// Differ compares a snapshot with what the ledger knew, entry by entry,
// without keeping entries that did not change: in memory stay a key, a hash
// and a mark for each known principal. It may be used by one goroutine at a
// time.
type Differ struct {
	source  string
	salt    string
	index   map[Hash]int32
	rows    []knownRow
	fresh   map[Hash]struct{}
	changed []Changed
	leavers map[int64]bool
	watch   []watched
	sum     [sha256.Size]byte
	entries int
	gone    int    // leavers among the entries
	buf     []byte // reused for hashing
}

type knownRow struct {
	row   int64
	entry Hash
	state State
	seen  bool
}

type watched struct {
	pattern string
	id      StableID
	found   bool
}

// Changed is an entry that differs from the ledger, with its hash.
type Changed struct {
	Entry Entry
	Hash  Hash
}

// Diff is what a snapshot changed against the ledger.
type Diff struct {
	Source   string
	Evidence Evidence
	// Changed are entries that are new, differ, or belong to a principal that was
	// missing, gone or held; in the order of their IDs.
	Changed []Changed
	// Missing are the ledger rows of living principals that the snapshot lacks, in
	// ascending order. It is empty if the snapshot is not complete.
	Missing []int64
	// Leavers are those of Missing whose entry is there but marked as a leaver.
	Leavers map[int64]bool
	// Unchanged is the number of entries that agree with the ledger.
	Unchanged int
	// Watched maps each pattern given to Watch to the ID that satisfied it.
	Watched map[string]StableID
	// Lost are the watched patterns that nothing satisfied, sorted.
	Lost []string
}

// NewDiffer begins a comparison. The salt goes into every entry hash: another
// salt (the server's rules about names changed) makes every entry "changed".
func NewDiffer(source, salt string) *Differ {
	return &Differ{
		source: source, salt: salt,
		index: map[Hash]int32{}, fresh: map[Hash]struct{}{}, leavers: map[int64]bool{},
	}
}

// Know tells the Differ about a principal of the ledger; all are told before
// the first Add.
func (d *Differ) Know(row int64, id StableID, entry Hash, state State) {
	d.buf = append(d.buf[:0], id...)
	d.index[hashBytes(d.buf)] = int32(len(d.rows)) //nolint:gosec // a ledger has far fewer than 2^31 rows
	d.rows = append(d.rows, knownRow{row: row, entry: entry, state: state})
}

// Watch asks whether some entry satisfies a pattern (a canary, a protection).
// With a remembered ID only that ID counts.
func (d *Differ) Watch(pattern string, remembered StableID) {
	d.watch = append(d.watch, watched{pattern: pattern, id: remembered})
}

func checkID(e Entry) error {
	own := e.ID
	if e.FormOf != "" {
		own = e.FormOf
	}
	switch {
	case own == "" || len(own) > MaxStableID:
		return fmt.Errorf("%w of entry %q: %d bytes", ErrBadID, e.Label, len(own))
	case own.IsForm():
		return fmt.Errorf("%w of entry %q: it begins like syncagent's own name of a further account", ErrBadID, e.Label)
	}
	return nil
}

func (d *Differ) count(e Entry) {
	d.entries++
	if e.Leaver {
		d.gone++
	}
	d.observe(e)
}

// Add takes the next entry. It returns ErrDuplicateID or ErrBadID; then the
// snapshot must be given up.
func (d *Differ) Add(e Entry) error {
	if err := checkID(e); err != nil {
		return err
	}
	if e.FormOf == "" { // further accounts are counted with their person
		d.count(e)
	}
	d.buf = append(d.buf[:0], e.ID...)
	key := hashBytes(d.buf)
	d.buf = appendEntry(d.buf[:0], e, d.salt)
	hash := hashBytes(d.buf)
	for i := range hash {
		d.sum[i] ^= hash[i]
	}
	at, known := d.index[key]
	if !known {
		if _, twice := d.fresh[key]; twice {
			return fmt.Errorf("%w: %s (%s)", ErrDuplicateID, e.ID, e.Label)
		}
		d.fresh[key] = struct{}{}
		if !e.Leaver {
			d.keep(e, hash)
		}
		return nil
	}
	row := &d.rows[at]
	if row.seen {
		return fmt.Errorf("%w: %s (%s)", ErrDuplicateID, e.ID, e.Label)
	}
	row.seen = true
	switch {
	case e.Leaver:
		d.leavers[row.row] = true
	case row.state != StateActive || row.entry != hash:
		d.keep(e, hash)
	}
	return nil
}

func (d *Differ) keep(e Entry, hash Hash) {
	d.changed = append(d.changed, Changed{Entry: e, Hash: hash})
}

func (d *Differ) observe(e Entry) {
	for i := range d.watch {
		w := &d.watch[i]
		if w.found || e.Leaver {
			continue
		}
		if (w.id != "" && w.id == e.ID) || (w.id == "" && EntryMatches(w.pattern, e)) {
			w.id, w.found = e.ID, true
		}
	}
}

// Finish ends the comparison. An incomplete snapshot proves that entries
// exist, never that one is gone: then Missing is empty.
func (d *Differ) Finish(ev Evidence) Diff {
	diff := Diff{Source: d.source, Evidence: ev, Changed: d.changed, Watched: map[string]StableID{}}
	diff.Evidence.Entries = d.entries - d.gone // who left must not hide how many are left
	if ev.Digest == "" {
		diff.Evidence.Digest = fmt.Sprintf("%x", d.sum[:len(Hash{})])
	}
	sort.Slice(diff.Changed, func(i, j int) bool { return diff.Changed[i].Entry.ID < diff.Changed[j].Entry.ID })
	diff.Unchanged = diff.Evidence.Entries
	for _, c := range d.changed {
		if c.Entry.FormOf == "" {
			diff.Unchanged--
		}
	}
	if ev.Complete {
		diff.Missing, diff.Leavers = d.missing()
	}
	for _, w := range d.watch {
		if w.found {
			diff.Watched[w.pattern] = w.id
		} else {
			diff.Lost = append(diff.Lost, w.pattern)
		}
	}
	sort.Strings(diff.Lost)
	return diff
}

func (d *Differ) missing() ([]int64, map[int64]bool) {
	var rows []int64
	for _, row := range d.rows {
		if row.state != StateGone && (!row.seen || d.leavers[row.row]) {
			rows = append(rows, row.row)
		}
	}
	slices.Sort(rows)
	return rows, d.leavers
}

func sorted(in []string) []string {
	if sort.StringsAreSorted(in) {
		return in
	}
	out := append([]string(nil), in...)
	sort.Strings(out)
	return out
}
