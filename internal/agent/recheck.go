package agent

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"syncagent/internal/reconcile"
)

// errEnough ends an iteration early.
var errEnough = errors.New("enough")

// decide makes the plan; what it wants to remove is asked for again first.
func (r *run) decide(ctx context.Context) error {
	d := reconcile.Decide(r.facts)
	if len(d.WantServers) > 0 {
		if err := r.askServers(ctx, d.WantServers); err != nil {
			return err
		}
		d = reconcile.Decide(r.facts)
	}
	if len(d.WantRechecks) > 0 {
		answers, err := r.recheckAll(ctx, d.WantRechecks)
		if err != nil {
			return err
		}
		if err := r.successors(ctx, answers); err != nil {
			return err
		}
		maps.Copy(r.facts.Rechecks, answers)
		d = reconcile.Decide(r.facts)
	}
	found, err := r.notReversible(ctx, d.Plan.Actions)
	if err != nil {
		return err
	}
	if found {
		d = reconcile.Decide(r.facts)
	}
	if len(d.Plan.Actions) > 0 {
		why, err := r.checkServer(ctx)
		if err != nil {
			return err
		}
		if why != "" {
			r.facts.ServerChanged = why
			d = reconcile.Decide(r.facts)
		}
	}
	r.plan = d
	return nil
}

// sessions are open look-up connections, one per source.
type sessions struct {
	r    *run
	open map[string]LookupSession
	bad  map[string]string
}

func (r *run) newSessions() *sessions {
	return &sessions{r: r, open: map[string]LookupSession{}, bad: map[string]string{}}
}

func (s *sessions) get(ctx context.Context, source string) (LookupSession, string) {
	if session, ok := s.open[source]; ok {
		return session, ""
	}
	if why, ok := s.bad[source]; ok {
		return nil, why
	}
	src := s.r.sources[source]
	if src == nil {
		return nil, "the source is not configured"
	}
	session, err := src.OpenLookup(ctx, s.r.servers[source])
	if err != nil {
		s.bad[source] = err.Error()
		return nil, err.Error()
	}
	s.open[source] = session
	return session, ""
}

func (s *sessions) close() {
	for _, name := range s.r.order {
		if session := s.open[name]; session != nil {
			_ = session.Close() // nothing was written over it
		}
	}
}

// recheckAll asks all sources again about every principal.
func (r *run) recheckAll(ctx context.Context, refs []reconcile.PrincipalRef) (map[reconcile.PrincipalRef]reconcile.Recheck, error) {
	s := r.newSessions()
	defer s.close()
	out := map[reconcile.PrincipalRef]reconcile.Recheck{}
	for _, ref := range refs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out[ref] = r.recheck(ctx, s, ref)
	}
	return out, nil
}

// recheck asks by ID in the principal's own source, and by the account's name
// and addresses in all sources.
func (r *run) recheck(ctx context.Context, s *sessions, ref reconcile.PrincipalRef) reconcile.Recheck {
	names, addresses := r.identityOf(ref)
	var own reconcile.LookupResult
	others := map[string]reconcile.LookupResult{}
	for _, name := range r.order {
		request := reconcile.LookupRequest{Control: r.controls[name], Outside: r.outside[name], Names: names, Addresses: addresses}
		_, orphan := ref.ID.OrphanAccount()
		if name == ref.Source && !orphan {
			request.ID = ref.Person().ID
		}
		result := r.ask(ctx, s, name, request)
		if orphan { // nobody's account has no ID to ask for
			result.ID = reconcile.PresenceAbsent
		}
		if name == ref.Source {
			own = result
		} else {
			others[name] = result
		}
	}
	return reconcile.JudgeRechecks(own, others)
}

func (r *run) ask(ctx context.Context, s *sessions, source string, request reconcile.LookupRequest) reconcile.LookupResult {
	session, why := s.get(ctx, source)
	if session == nil {
		return reconcile.LookupResult{Reason: fmt.Sprintf("%s cannot be asked: %s", source, why)}
	}
	result, err := session.Lookup(ctx, request)
	if err != nil {
		return provenOnly(result, fmt.Sprintf("%s did not answer: %s", source, err.Error()))
	}
	return result
}

// provenOnly keeps what a look-up that broke off had found already: an error is
// never an absence, but what was found exists.
func provenOnly(result reconcile.LookupResult, why string) reconcile.LookupResult {
	if result.ID != reconcile.PresenceFound {
		result.ID = reconcile.PresenceUnknown
	}
	if result.Identity != reconcile.PresenceFound {
		result.Identity = reconcile.PresenceUnknown
	}
	result.Reason = why
	return result
}

// identityOf gives everything that a principal's account answers to.
func (r *run) identityOf(ref reconcile.PrincipalRef) (names, addresses []string) {
	add := func(id reconcile.AccountID) {
		for _, a := range r.facts.Accounts {
			if a.ID == id {
				names = append(names, a.Name)
				addresses = append(append(addresses, a.Name), a.Addresses...)
			}
		}
	}
	if id, orphan := ref.ID.OrphanAccount(); orphan {
		add(id)
	}
	for _, p := range r.facts.Principals {
		if p.Ref() != ref {
			continue
		}
		if p.Access != reconcile.AccessParked && p.Name != "" {
			names = append(names, p.Name)
		}
		if _, orphan := ref.ID.OrphanAccount(); !orphan {
			add(p.Link.Account)
		}
	}
	return names, addresses
}
