package reconcile

import (
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// ProbePrefix begins the position of a change probe. What follows names the
// probe's definition: the values of two different probes cannot be compared.
const ProbePrefix = "probe:"

// SetBack is a position that is behind the one of the last accepted snapshot.
type SetBack struct {
	// Key is the key in Evidence.Positions.
	Key string `json:"key"`
	// From is the position seen before, To the present one; "" if the source no
	// longer tells one.
	From string `json:"from"`
	To   string `json:"to"`
}

// positionScope is the group of a position's key: what stands behind "#".
func positionScope(key string) string {
	_, scope, _ := strings.Cut(key, "#")
	return scope
}

func isProbe(key string) bool { return key == "" || strings.HasPrefix(key, ProbePrefix) }

// setBacks compares the positions of a snapshot with those of the last accepted
// one. A position that is lower, or that was told before and is not any more
// although its whole group was asked for, means that the snapshot lacks changes.
// The others cannot make up for it: a replica may be ahead with the changes of
// one provider and never have heard of those of another one. A position that
// could be there from another server only (domain controllers count on their
// own) or from another definition (of a change probe) is not compared.
func setBacks(now Evidence, before map[string]string) []SetBack {
	var out []SetBack
	for _, key := range sortedKeys(before) {
		old := before[key]
		present, told := now.Positions[key]
		asked := told || !isProbe(key) && slices.Contains(now.PositionScopes, positionScope(key))
		if old == "" || !asked || present != "" && comparePositions(present, old) >= 0 {
			continue
		}
		out = append(out, SetBack{Key: key, From: old, To: present})
	}
	return out
}

// text says what is behind, for people.
func (b SetBack) text() string {
	switch {
	case isProbe(b.Key) && b.To == "":
		return fmt.Sprintf("the change probe gives nothing, but the last accepted snapshot was at %s", b.From)
	case isProbe(b.Key):
		return fmt.Sprintf("the change probe gives %s, but the last accepted snapshot was at %s", b.To, b.From)
	case b.To == "":
		id, _, _ := strings.Cut(b.Key, "#")
		return fmt.Sprintf("the server tells no change mark of server ID %s, but the last accepted snapshot was at %s", id, b.From)
	}
	return fmt.Sprintf("the source stands at %s, but the last accepted snapshot was at %s", b.To, b.From)
}

// Item is a set-back as an approval covers it.
func (b SetBack) Item(source string) ApprovedItem {
	return ApprovedItem{Kind: ItemOlder, Source: source, StableID: StableID(b.Key), From: b.From, To: b.To}
}

// older gives what a source is behind with, and whether enough persons have
// approved that. An approval of one position covers every later one: the
// directory goes on from where it was set back to.
func (w *world) older(s *SourceFacts) (back []SetBack, approved bool) {
	back = setBacks(s.Evidence, s.State.Positions)
	for _, b := range back {
		covers := func(item ApprovedItem) bool {
			return item.Kind == ItemOlder && item.Source == s.Source && item.StableID == StableID(b.Key) && item.From == b.From &&
				(item.To == "" || b.To != "" && comparePositions(b.To, item.To) >= 0)
		}
		if !slices.ContainsFunc(w.Approvals, func(a Approval) bool {
			return w.enough(a, s.Policy.Approvals) && slices.ContainsFunc(a.Items, covers)
		}) {
			return back, false
		}
	}
	return back, len(back) > 0
}

// judgeAge notes what was approved about the age of a snapshot, and a change
// probe that was defined anew.
func (d *decider) judgeAge(s *SourceFacts, j *judgement) {
	if back, approved := d.older(s); approved {
		j.setBack, j.rebased = back, true
		for _, b := range back {
			d.detected = append(d.detected, Detection{Event: NoticeOlderAccepted, Source: s.Source, From: b.From, To: b.To})
			d.notice(NoticeOlderAccepted, s.Source, nil, b.text()+"; that was approved, and the present position counts from now on")
		}
	}
	if old, other := probeChanged(s.Evidence.Positions, s.State.Positions); other {
		j.rebased = true
		d.detected = append(d.detected, Detection{Event: NoticeProbeChanged, Source: s.Source, From: old})
		d.notice(NoticeProbeChanged, s.Source, nil,
			"sql.change_probe was defined anew: whether this snapshot is older than the last one cannot be told; the next one is compared with it")
	}
}

// probeChanged tells that the snapshot has a change probe of another definition
// than the last accepted one, and what that one gave.
func probeChanged(now, before map[string]string) (old string, changed bool) {
	for key := range now {
		if _, same := before[key]; same || !strings.HasPrefix(key, ProbePrefix) {
			continue
		}
		for _, former := range sortedKeys(before) {
			if isProbe(former) {
				return before[former], true
			}
		}
	}
	return "", false
}

// ageTold tells whether the positions of two snapshots can be compared at all.
// Domain controllers, for instance, count each on its own.
func ageTold(now, before map[string]string) bool {
	for key, position := range now {
		if position != "" && before[key] != "" {
			return true
		}
	}
	return false
}

// furthest keeps the last position of every server that was ever read, so that
// one that comes back with older data is recognised although another one was
// read in between. What was set back with approval counts as it is now; of a
// change probe only the present definition is kept.
func furthest(before, now map[string]string, accepted []SetBack) map[string]string {
	if len(before)+len(now) == 0 {
		return nil
	}
	out := maps.Clone(before)
	if out == nil {
		out = map[string]string{}
	}
	for _, b := range accepted {
		delete(out, b.Key)
	}
	if _, changed := probeChanged(now, before); changed {
		maps.DeleteFunc(out, func(key, _ string) bool { return isProbe(key) })
	}
	for key, position := range now {
		if position != "" {
			out[key] = position
		}
	}
	return out
}

var decimalNumber = regexp.MustCompile(`^-?[0-9]{1,100}(\.[0-9]{1,100})?$`)

// comparePositions compares as decimal numbers if both are, else as text.
func comparePositions(a, b string) int {
	if decimalNumber.MatchString(a) && decimalNumber.MatchString(b) {
		x, okA := new(big.Rat).SetString(a)
		y, okB := new(big.Rat).SetString(b)
		if okA && okB {
			return x.Cmp(y)
		}
	}
	return strings.Compare(a, b)
}
