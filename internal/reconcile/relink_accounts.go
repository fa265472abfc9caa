package reconcile

// pairAccounts gives people whose account is not on the server any more, while
// exactly one other account has their name, that account: the server was
// replaced, or an account was made anew.
func (r *relinker) pairAccounts() {
	valid, byName := r.unowned()
	for _, w := range r.present {
		p := w.old
		acc := r.accounts[p.Link.Account]
		if sameAccount(p.Link, acc) {
			continue
		}
		r.pairAccount(w, p.Link.Name, byName, valid)
	}
	if len(r.only) == 0 {
		return // who was never linked is linked by name only if a person names them
	}
	for _, w := range r.news {
		if w.old != nil && !r.relinked(w.ref) {
			r.pairAccount(w, w.name, byName, valid)
		}
	}
}

func (r *relinker) relinked(ref PrincipalRef) bool {
	for _, a := range r.actions {
		if a.Source == ref.Source && a.StableID == ref.ID {
			return true
		}
	}
	return false
}

// unowned gives the accounts that belong to somebody, and all accounts by their
// names.
func (r *relinker) unowned() (map[AccountID]PrincipalRef, map[Hash][]*Account) {
	owned := map[AccountID]PrincipalRef{}
	for i := range r.Facts.Principals {
		p := &r.Facts.Principals[i]
		if p.State == StateGone {
			continue
		}
		for _, link := range p.links() {
			if sameAccount(link, r.accounts[link.Account]) {
				owned[link.Account] = p.Ref()
			}
		}
	}
	byName := map[Hash][]*Account{}
	for i := range r.Facts.Accounts {
		acc := &r.Facts.Accounts[i]
		byName[r.hash(acc.Name)] = append(byName[r.hash(acc.Name)], acc)
	}
	return owned, byName
}

func (r *relinker) pairAccount(w *wish, name string, byName map[Hash][]*Account, owned map[AccountID]PrincipalRef) {
	if name == "" {
		name = w.name
	}
	key := r.hash(name)
	found := byName[key]
	if len(found) == 0 && key != r.hash(w.name) {
		name, key = w.name, r.hash(w.name)
		found = byName[key]
	}
	if len(found) == 0 || !r.wanted(string(w.ref.ID), w.name, name) {
		return
	}
	no := func(message string) { r.doubt(w.ref, found[0].ID, name, message) }
	acc := found[0]
	owner, taken := owned[acc.ID]
	other, claimed := r.claimant(key, w.ref)
	switch {
	case len(found) > 1:
		no(many(len(found), "accounts have the name"))
	case taken:
		no("the account of that name belongs to " + whose(owner))
	case claimed:
		no("the entry " + whose(other.ref) + " carries the name, too")
	case acc.Kind != KindIndividual && acc.Kind != KindAdmin:
		no("the account of that name is not a user's account")
	default:
		r.link(r.moved(w, acc), acc, *w.old, "the account that is known is gone, and this one has the person's name")
	}
}

// moved gives the row with its new account. What syncagent had cut counts only
// if the new account shows it, as a restored one does.
func (r *relinker) moved(w *wish, acc *Account) Principal {
	row := *w.old
	row.Link = Link{Account: acc.ID, Created: acc.Created, Name: acc.Name}
	row.State, row.Miss, row.Dropped = StateActive, Miss{}, nil
	r.stillAwaits(&row, w)
	switch {
	case row.Access == AccessOpen:
	case !acc.Suspended:
		row.Access, row.Before = AccessOpen, nil
	case row.Before != nil:
		before := *row.Before
		before.ID, before.Created = acc.ID, acc.Created
		row.Before = &before
	}
	return row
}
