package reconcile

import "fmt"

// judgeMeaning blows the fuse if the source means something else than before.
func (d *decider) judgeMeaning(s *SourceFacts, j *judgement) {
	if j.firstRun {
		return
	}
	st, ev := s.State, s.Evidence
	if st.IDAttribute != "" && ev.IDAttribute != st.IDAttribute {
		info, _ := CodeInfo(BlockIDAttributeChanged)
		j.all = append(j.all, BlockReason{
			Code: BlockIDAttributeChanged, Source: s.Source, Hint: info.Hint,
			Message: fmt.Sprintf("stable IDs come from %q now, but the ledger was made with %q", ev.IDAttribute, st.IDAttribute),
		})
	}
	if st.Fingerprint != s.Fingerprint {
		j.guard(s, BlockFuse, "base, filter, mapping or target of the source changed since the last applied run")
	}
	if st.Directory != "" && ev.Directory != st.Directory {
		j.guard(s, BlockDirectoryChanged, fmt.Sprintf("the directory identifies itself as %q, before it was %q", ev.Directory, st.Directory))
	}
	if n, limit := d.churn(s); n > limit {
		info, _ := CodeInfo(BlockIDChurn)
		j.all = append(j.all, BlockReason{
			Code: BlockIDChurn, Source: s.Source, Hint: info.Hint,
			Message: fmt.Sprintf("%d stable IDs vanished while their names came back under new IDs", n),
		})
	}
}

// churn counts vanished IDs whose name returned under an ID never seen before.
func (d *decider) churn(s *SourceFacts) (count, limit int) {
	fresh := map[Hash]bool{}
	for _, c := range s.Changed {
		if c.Entry.FormOf == "" && d.principals[PrincipalRef{s.Source, c.Entry.ID}] == nil {
			for _, name := range c.Entry.Names {
				fresh[d.hash(name)] = true
			}
		}
	}
	for ref := range d.world.missing {
		if _, orphan := ref.ID.OrphanAccount(); orphan {
			continue
		}
		if ref.Source == s.Source && !ref.ID.IsForm() && fresh[d.hash(d.principals[ref].Name)] {
			count++
		}
	}
	return count, max(3, s.Living/100)
}
