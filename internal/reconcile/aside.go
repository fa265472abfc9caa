package reconcile

import "strings"

// DestroyAside gives the action that looks into a twin and destroys it if it is
// proven empty, for the action that moved the twin aside; false for any other
// action. With merge its mail is first copied into the account that has the
// twin's name now (To). It has no place in a plan yet.
func DestroyAside(a Action, merge bool) (Action, bool) {
	if a.Kind != ActRename || a.Before == nil || !strings.HasPrefix(strings.ToLower(a.To), asidePrefix) {
		return Action{}, false
	}
	before := *a.Before
	before.Name, before.Addresses = a.To, nil
	out := Action{
		Kind: ActDestroyTwin, Stage: StageOf(ActDestroyTwin), Source: a.Source, StableID: a.StableID, Account: a.Account,
		From: a.To, Before: &before, After: []int{},
		Addresses: AddressChange{From: []string{}, To: []string{}},
		Reason:    "the twin is destroyed if it is proven empty, else it stays aside",
	}
	if merge {
		out.To, out.Reason = a.From, "the twin's mail is copied into the mailbox that has its name now; it is destroyed if all of it is proven to be there, else it stays aside"
	}
	return out, true
}
