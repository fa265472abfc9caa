package agent

import (
	"context"
	"fmt"
	"strings"

	"syncagent/internal/reconcile"
	"syncagent/internal/state"
)

// LiveAnswer is what one side says about a person right now.
type LiveAnswer struct {
	// Who is "mail server" or "source NAME".
	Who  string
	Text string
	// Failed tells that it could not be asked; Text says why.
	Failed bool
	// Commands are lines to paste to ask the same, without secrets.
	Commands []string
}

// Persons gives the principals that a person may mean by a text: a name, an
// address, a stable ID or an account. Domain aliases of the server are not known
// here.
func Persons(ctx context.Context, ledger *state.Ledger, text string) ([]reconcile.Principal, error) {
	found, err := ledger.FindPrincipal(ctx, text, reconcile.NameRules{}.Hash(text))
	if err != nil {
		return nil, fmt.Errorf("look for %q: %w", text, err)
	}
	return withForms(ctx, ledger, found)
}

// formsShown is how many names of map.name_also are looked for.
const formsShown = 9

// withForms adds the other accounts of the same people, behind each of them.
func withForms(ctx context.Context, ledger *state.Ledger, found []reconcile.Principal) ([]reconcile.Principal, error) {
	var out []reconcile.Principal
	seen := map[reconcile.PrincipalRef]bool{}
	for _, p := range found {
		person := p.Ref().Person()
		refs := []reconcile.PrincipalRef{person}
		for n := range formsShown {
			refs = append(refs, reconcile.PrincipalRef{Source: person.Source, ID: reconcile.FormID(person.ID, n+1)})
		}
		all, err := ledger.PrincipalsByRefs(ctx, refs)
		if err != nil {
			return nil, fmt.Errorf("look for the accounts of %s: %w", person.ID, err)
		}
		for _, one := range append([]reconcile.Principal{p}, all...) {
			if !seen[one.Ref()] && (one.Bound() || !one.ID.IsForm() || one.Ref() == p.Ref()) {
				seen[one.Ref()] = true
				out = append(out, one)
			}
		}
	}
	return out, nil
}

// AskLive asks the mail server and the person's source about one principal. It
// changes nothing; whoever cannot be asked gives an answer that says so.
func (a *Agent) AskLive(ctx context.Context, ledger *state.Ledger, p reconcile.Principal) []LiveAnswer {
	return []LiveAnswer{a.askSource(ctx, ledger, p), a.askServer(ctx, ledger, p)}
}

// controlFor gives an ID that the directory had at the last reading: only a
// look-up that finds it can prove that another one is absent.
func controlFor(ctx context.Context, ledger *state.Ledger, p reconcile.Principal) reconcile.StableID {
	control := reconcile.StableID("")
	// Without a control the answer says less, and that is all.
	_ = ledger.Known(ctx, p.Source, func(_ int64, id reconcile.StableID, _ reconcile.Hash, s reconcile.State) error {
		if s == reconcile.StateActive && !id.IsForm() && id != p.Ref().Person().ID {
			control = id
			return errEnough
		}
		return nil
	})
	return control
}

func (a *Agent) askSource(ctx context.Context, ledger *state.Ledger, p reconcile.Principal) LiveAnswer {
	answer := LiveAnswer{Who: "source " + p.Source}
	fail := func(format string, args ...any) LiveAnswer {
		answer.Failed, answer.Text = true, fmt.Sprintf(format, args...)
		return answer
	}
	for _, c := range a.cfg.Sources {
		if c.Name != p.Source {
			continue
		}
		if c.SQL != nil && c.SQL.Lookup == "" {
			return fail("cannot be asked for one ID: sql.lookup is not configured")
		}
		source, err := a.source(c, "", a.log)
		if err != nil {
			return fail("cannot be asked: %s", err)
		}
		answer.Commands = commandsOf(source)
		session, err := source.OpenLookup(ctx, "")
		if err != nil {
			return fail("cannot be asked: %s", reasonOf(err).Message)
		}
		defer func() { _ = session.Close() }() // nothing was written over it
		request := reconcile.LookupRequest{Control: controlFor(ctx, ledger, p), ID: p.Ref().Person().ID}
		if _, orphan := p.ID.OrphanAccount(); orphan {
			request.ID = "" // nobody's account has no ID to ask for
		}
		if p.Name != "" {
			request.Names, request.Addresses = []string{p.Name}, []string{p.Name}
		}
		result, err := session.Lookup(ctx, request)
		if err != nil {
			return fail("did not answer: %s", reasonOf(err).Message)
		}
		answer.Text = lookupText(result, p)
		if request.ID == "" {
			answer.Text = identityText(result, p.Name)
		}
		return answer
	}
	return fail("it is not configured any more; its people are held, never missing")
}

// commandsOf gives the lines to paste of a source, if it has some.
func commandsOf(source Source) []string {
	switch s := source.(type) {
	case ldapSource:
		return s.Source.Commands()
	case sqlSource:
		return s.Source.Commands()
	}
	return nil
}

func lookupText(result reconcile.LookupResult, p reconcile.Principal) string {
	var parts []string
	switch {
	case result.ID == reconcile.PresenceFound && result.Leaver:
		parts = append(parts, "the ID is there, among the leavers")
	case result.ID == reconcile.PresenceFound && result.Entry != nil:
		parts = append(parts, "the ID is there, with the name "+strings.Join(result.Entry.Names, " or "))
	case result.ID == reconcile.PresenceFound:
		parts = append(parts, "the ID is there")
	case result.ID == reconcile.PresenceAbsent:
		parts = append(parts, "the ID is not there")
	default:
		parts = append(parts, "whether the ID is there cannot be told: "+result.Reason)
	}
	for _, h := range result.Holders {
		if h.ID != p.Ref().Person().ID {
			parts = append(parts, fmt.Sprintf("%s belongs to %s now", p.Name, h.ID))
		}
	}
	return strings.Join(parts, "; ")
}

// identityText says who carries a name, where no ID was asked for.
func identityText(result reconcile.LookupResult, name string) string {
	switch result.Identity {
	case reconcile.PresenceAbsent:
		return "nobody carries " + name
	case reconcile.PresenceFound:
		var ids []string
		for _, h := range result.Holders {
			ids = append(ids, string(h.ID))
		}
		if len(ids) == 0 {
			return "somebody carries " + name
		}
		return fmt.Sprintf("%s is carried by %s", name, strings.Join(ids, ", "))
	case reconcile.PresenceUnknown:
	}
	return fmt.Sprintf("whether anybody carries %s cannot be told: %s", name, result.Reason)
}

// AskName asks every source, and the mail server, who has a name that the
// ledger does not know.
func (a *Agent) AskName(ctx context.Context, ledger *state.Ledger, name string) []LiveAnswer {
	var out []LiveAnswer
	for _, c := range a.cfg.Sources {
		out = append(out, a.askSource(ctx, ledger, reconcile.Principal{Source: c.Name, Name: name}))
	}
	return append(out, a.askServer(ctx, ledger, reconcile.Principal{Name: name}))
}

// KeptTwins gives the twins that stay aside, as the reports tell of them.
func KeptTwins(ctx context.Context, ledger *state.Ledger) ([]reconcile.Hold, error) {
	list, err := keptTwinNotes(ctx, ledger)
	out := make([]reconcile.Hold, len(list))
	for i, note := range list {
		out[i] = note.Hold
	}
	return out, err
}

func (a *Agent) askServer(ctx context.Context, ledger *state.Ledger, p reconcile.Principal) LiveAnswer {
	answer := LiveAnswer{Who: "mail server"}
	fail := func(format string, args ...any) LiveAnswer {
		answer.Failed, answer.Text = true, fmt.Sprintf(format, args...)
		return answer
	}
	server, err := a.dial(ctx, a.cfg.Server, a.log)
	if err != nil {
		return fail("cannot be asked: %s", err)
	}
	defer server.Close()
	if other, err := otherIDs(ctx, ledger, server.Info()); err != nil || other {
		return fail("is of another generation than the ledger; the next run looks whether it was upgraded")
	}
	if !p.Bound() {
		accounts, err := server.FindByName(ctx, p.Name)
		if err != nil {
			return fail("did not answer: %s", err)
		}
		answer.Text = "no account has the name " + p.Name
		if len(accounts) > 0 {
			answer.Text = fmt.Sprintf("account %s has the name %s; nobody is linked to it yet", accounts[0].ID, accounts[0].Name)
		}
		return answer
	}
	found, gone, err := server.Get(ctx, []reconcile.AccountID{p.Link.Account})
	switch {
	case err != nil:
		return fail("did not answer: %s", err)
	case len(gone) > 0:
		answer.Text = fmt.Sprintf("account %s does not exist any more", p.Link.Account)
	case len(found) > 0:
		answer.Text = accountText(found[0])
	default:
		return fail("gave no answer about account %s", p.Link.Account)
	}
	return answer
}

func accountText(a reconcile.Account) string {
	text := fmt.Sprintf("account %s has the name %s", a.ID, a.Name)
	if len(a.Addresses) > 0 {
		text += " and the addresses " + strings.Join(a.Addresses, ", ")
	}
	if a.Suspended {
		text += "; it may not log in"
	}
	return text
}
