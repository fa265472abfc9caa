package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// noticesOfAKind bounds how many accounts a plan names for one kind of
// difference; the others are counted.
const noticesOfAKind = 20

// difference is something about one account that is worth a word.
type difference struct {
	code, source string
	acc          *Account
	text         string
}

// differs notes a difference; tellDifferences tells the first ones of each kind.
func (d *decider) differs(code, source string, acc *Account, text string) {
	d.differences = append(d.differences, difference{code, source, acc, text})
}

// tellDifferences tells them kind by kind, and of the first accounts only.
func (d *decider) tellDifferences() {
	slices.SortStableFunc(d.differences, func(a, b difference) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.code, b.code), cmp.Compare(a.acc.Name, b.acc.Name))
	})
	told := 0
	for i, x := range d.differences {
		if told++; told <= noticesOfAKind {
			d.notice(x.code, x.source, x.acc, x.text)
		}
		if last := i == len(d.differences)-1; last || d.differences[i+1].source != x.source || d.differences[i+1].code != x.code {
			if more := told - noticesOfAKind; more > 0 {
				d.notice(x.code, x.source, nil, fmt.Sprintf("the same is so for %d accounts more", more))
			}
			told = 0
		}
	}
}

// differAtFirst tells how an account that a first run links differs from its
// entry. Nothing is changed for it.
func (d *decider) differAtFirst(w *wish, acc *Account) {
	if w.entry == nil || !w.entry.AddressesMapped || acc.AddressesUnknown {
		return
	}
	var lacks, extra []string
	has := map[Hash]bool{d.hash(acc.Name): true}
	for _, address := range acc.Addresses {
		if key := d.hash(address); !has[key] && !slices.Contains(w.row.Addresses, key) {
			extra = append(extra, address)
		}
		has[d.hash(address)] = true
	}
	for _, address := range w.listed {
		if !has[d.hash(address)] && d.Rules.KnowsDomain(address) {
			lacks = append(lacks, address)
		}
	}
	if len(extra) > 0 {
		d.differs(NoticeAddressAdmin, w.ref.Source, acc, "the account has "+strings.Join(sorted(extra), ", ")+", which the directory does not list; it is kept")
	}
	if len(lacks) > 0 {
		d.differs(NoticeDrift, w.ref.Source, acc, "the account does not have "+strings.Join(sorted(lacks), ", ")+", which the directory lists; nothing is changed for it")
	}
}

// carriesOver tells which addresses a rename takes along although the directory
// never listed them.
func (d *decider) carriesOver(w *wish, acc *Account, wanted []string) {
	var kept []string
	for _, address := range acc.Addresses {
		key := d.hash(address)
		if slices.Contains(wanted, address) && !slices.Contains(w.row.Addresses, key) && key != d.hash(acc.Name) {
			kept = append(kept, address)
		}
	}
	if len(kept) > 0 && d.sources[w.ref.Source].Policy.AddressesMapped {
		d.differs(NoticeAddressAdmin, w.ref.Source, acc, "the account has "+strings.Join(sorted(kept), ", ")+", which the directory does not list; it is kept in the rename")
	}
}

// leftOut tells which listed addresses the mail server cannot have.
func (d *decider) leftOut(w *wish) {
	var out []string
	for _, address := range w.listed {
		if !d.Rules.KnowsDomain(address) && !d.sameName(address, w.name) {
			out = append(out, address)
		}
	}
	if len(out) > 0 {
		acc := &Account{Name: w.name}
		d.differs(NoticeAddressLeftOut, w.ref.Source, acc, "the mail server does not have the domain of "+strings.Join(sorted(out), ", ")+", so it was left out")
	}
}
