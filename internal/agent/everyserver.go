package agent

import (
	"context"
	"fmt"

	"syncagent/internal/reconcile"
)

// serverAsker is a source that several servers give.
type serverAsker interface {
	Servers() int
	AskServers(ctx context.Context, except string, ids []reconcile.StableID) (map[reconcile.StableID][]reconcile.ServerView, error)
}

// serversOf tells how many servers give a source.
func serversOf(s Source) int {
	if asker, ok := s.(serverAsker); ok {
		return asker.Servers()
	}
	return 1
}

// askServers asks every other server of the sources what it shows of entries
// whose names pass from one person to another.
func (r *run) askServers(ctx context.Context, refs []reconcile.PrincipalRef) error {
	ids := map[string][]reconcile.StableID{}
	for _, ref := range refs {
		ids[ref.Source] = append(ids[ref.Source], ref.ID)
	}
	if r.facts.OnServers == nil {
		r.facts.OnServers = map[reconcile.PrincipalRef][]reconcile.ServerView{}
	}
	for _, name := range r.order {
		asker, ok := r.sources[name].(serverAsker)
		if !ok || len(ids[name]) == 0 {
			continue
		}
		views, err := asker.AskServers(ctx, r.servers[name], ids[name])
		if err != nil {
			return fmt.Errorf("ask all servers of %s: %w", name, err)
		}
		for _, id := range ids[name] {
			r.facts.OnServers[reconcile.PrincipalRef{Source: name, ID: id}] = views[id]
		}
	}
	return nil
}
