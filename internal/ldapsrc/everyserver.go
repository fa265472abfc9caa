package ldapsrc

import (
	"context"
	"slices"

	"syncagent/internal/reconcile"
)

// Servers is the number of servers of the directory.
func (s *Source) Servers() int { return len(s.servers) }

// AskServers looks entries up by their IDs on every server but one (that of the
// snapshot, whose answer is known). A server that does not answer, or not about
// an entry, gives no view of it: it says nothing about the age of its data. The
// error is that of ctx.
func (s *Source) AskServers(ctx context.Context, except string, ids []reconcile.StableID) (map[reconcile.StableID][]reconcile.ServerView, error) {
	views := map[reconcile.StableID][]reconcile.ServerView{}
	for _, srv := range s.servers {
		if srv.url == except {
			continue
		}
		session, err := s.openLookupOn(ctx, srv)
		if err == nil {
			session.view(ctx, ids, views)
			_ = session.Close() // nothing was written over it
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			s.opts.observe("server not asked", "server", srv.url, "error", err.Error())
			if !mayTryNext(err) {
				break
			}
		}
	}
	return views, nil
}

// view adds what this server shows of each entry.
func (l *LookupSession) view(ctx context.Context, ids []reconcile.StableID, views map[reconcile.StableID][]reconcile.ServerView) {
	for _, id := range ids {
		e, err := l.byID(ctx, id)
		if err != nil {
			l.source.opts.observe("no view of an entry", "server", l.Server(), "id", string(id), "error", err.Error())
			if !answered(err) {
				return
			}
			continue
		}
		v := reconcile.ServerView{Server: l.Server(), Found: e != nil}
		if e != nil {
			mapped, _ := l.source.mapEntry(id, e)
			v.Names = slices.Concat(mapped.Names, mapped.NamesAlso)
		}
		views[id] = append(views[id], v)
	}
}
