package agent

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"syncagent/internal/reconcile"
)

// samplePerSource is how many linked principals are compared with the server
// before the first write.
const samplePerSource = 20

// sampler keeps the rows whose IDs have the smallest hashes: always the same
// ones, spread over everybody.
type sampler struct {
	size int
	kept []sampled
}

type sampled struct {
	row  int64
	hash reconcile.Hash
}

func (s *sampler) add(row int64, id reconcile.StableID) {
	one := sampled{row, reconcile.HashOf(string(id))}
	at, _ := slices.BinarySearchFunc(s.kept, one, func(a, b sampled) int { return bytes.Compare(a.hash[:], b.hash[:]) })
	if at >= s.size {
		return
	}
	s.kept = slices.Insert(s.kept, at, one)
	if len(s.kept) > s.size {
		s.kept = s.kept[:s.size]
	}
}

func (s *sampler) rows() []int64 {
	out := make([]int64, 0, len(s.kept))
	for _, one := range s.kept {
		out = append(out, one.row)
	}
	return out
}

// checkServer compares a sample of linked principals with the server, and says
// why it is not the server that the ledger knows; empty if it is.
func (r *run) checkServer(ctx context.Context) (string, error) {
	principals, err := r.ledger.PrincipalsByRows(ctx, r.samples)
	if err != nil {
		return "", fmt.Errorf("read the sample: %w", err)
	}
	principals = slices.DeleteFunc(principals, func(p reconcile.Principal) bool { return !p.Bound() || r.unsettled[p.Link.Account] })
	var ids []reconcile.AccountID
	for _, p := range principals {
		ids = append(ids, p.Link.Account)
	}
	accounts, err := r.accountsByIDs(ctx, ids)
	if err != nil {
		return "", err
	}
	by := map[reconcile.AccountID]reconcile.Account{}
	for _, a := range accounts {
		by[a.ID] = a
	}
	differ := 0
	for _, p := range principals {
		a, ok := by[p.Link.Account]
		made := p.Link.Created.IsZero() || a.Created.IsZero() || p.Link.Created.Equal(a.Created)
		if !ok || !made || r.rules.Key(a.Name) != r.rules.Key(p.Link.Name) {
			differ++
		}
	}
	if differ > max(1, len(principals)/10) {
		return fmt.Sprintf("%d of %d accounts of a fixed sample are not on the server as the ledger knows them", differ, len(principals)), nil
	}
	return "", nil
}
