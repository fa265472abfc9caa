package reconcile

import "fmt"

// newOrdered begins a decision about what a person ordered (relink, claim,
// undo). It contains nothing else: what the directory changed meanwhile is left
// to the next ordinary run.
func newOrdered(f Facts) *decider {
	d := newDecider(f)
	d.judgeSources()
	d.blocked, d.provided = nil, map[AccountID]*move{}
	return d
}

// finishOrdered guards what was ordered, as any other plan, and sums it up.
// Blocks of a code that the order itself ends do not stand in its way. A source
// that cannot be used stops all of it: whatever the order needs to be sure about
// might stand there.
func (d *decider) finishOrdered(ends func(code string) bool) Decision {
	d.linkOrder()
	_, bad := d.unusableSource()
	for _, name := range sortedKeys(d.sources) {
		s, j := d.sources[name], d.judged[name]
		d.allowed[name] = map[Stage]bool{}
		for _, r := range j.bad {
			r.Stage = StageRename
			d.blocks = append(d.blocks, r)
		}
		for _, stage := range Stages {
			d.allowed[name][stage] = !bad
			if bad || len(d.items(name, stage)) == 0 {
				continue
			}
			d.allowed[name][stage] = d.settle(s, stage, d.orderedReasons(s, j, stage, ends))
		}
	}
	out := d.finish()
	out.Plan.Counts.Known, out.Plan.Counts.Unchanged, out.Plan.Counts.New, out.Plan.Counts.Linked = 0, 0, 0, 0
	out.Record, out.Sources, out.Detected = Effect{}, nil, nil
	return out
}

func (d *decider) orderedReasons(s *SourceFacts, j *judgement, stage Stage, ends func(string) bool) []BlockReason {
	var out []BlockReason
	for _, r := range append(d.stageReasons(s, j, stage), d.lost(s)...) {
		if r.Stage = stage; !ends(r.Code) {
			out = append(out, r)
		}
	}
	return out
}

// keepsAll is for orders that end no block.
func keepsAll(string) bool { return false }

// sameAccount tells whether an account is the one that a link was made to: the
// server knows the ID, and it was made at the same time where both tell.
func sameAccount(link Link, acc *Account) bool {
	return acc != nil && (link.Created.IsZero() || acc.Created.IsZero() || link.Created.Equal(acc.Created))
}

// answered looks for the answer of a look-up about a principal, and asks for it
// if there is none yet.
func (d *decider) answered(ref PrincipalRef) (Recheck, bool) {
	answer, ok := d.Rechecks[ref]
	if !ok {
		d.rechecks = append(d.rechecks, ref)
	}
	return answer, ok
}

// whose describes the owner of an account for a message.
func whose(ref PrincipalRef) string { return fmt.Sprintf("%s of source %s", ref.ID, ref.Source) }
