package stalwart

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"syncagent/internal/reconcile"
)

// operation is one item of a PATCH; all of one PATCH are done or none.
type operation struct {
	Action string `json:"action"`
	Field  string `json:"field"`
	Value  any    `json:"value"`
}

// WriteIdentities sets names and addresses one after the other, each in one
// PATCH, after a look whether the account is still the one that is meant, and
// looks at the account afterwards. The errors stand in the order of the writes:
// PrimaryKeyViolationError, NotFoundError, NotThisAccountError, NameUnsafeError,
// InvalidDomainError, ForbiddenError, ConflictError and RefusedError were not
// done; UncertainError is not known; NotSentError was not tried. A refused write
// does not stop those after it. The second error says why it stopped early.
//
// Without addresses the server fills in those of the directory at the next
// login. Before 0.7 rows have no addresses and none are written; from 0.7 to 0.9
// the server refuses every rename: UnsupportedError.
func (s *restServer) WriteIdentities(ctx context.Context, writes []reconcile.IdentityWrite) ([]error, error) {
	results := make([]error, len(writes))
	for _, w := range writes {
		if err := s.mayWrite(w); err != nil {
			return notSent(results, 0, err), fmt.Errorf("write identities: %w", err)
		}
	}
	for i, w := range writes {
		if results[i] = s.writeIdentity(ctx, w, nil, nil); endsBatch(results[i]) {
			notSent(results, i+1, results[i])
			return results, fmt.Errorf("write identities: %w", results[i])
		}
	}
	return results, nil
}

// endsBatch tells whether nothing more may be sent after an error.
func endsBatch(err error) bool {
	if err == nil {
		return false
	}
	_, uncertain := errors.AsType[*UncertainError](err)
	_, unreachable := errors.AsType[*UnreachableError](err)
	_, limited := errors.AsType[*RateLimitedError](err)
	_, forbidden := errors.AsType[*ForbiddenError](err)
	return uncertain || unreachable || limited || forbidden || Stopped(err) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// mayWrite checks a write before anything is sent.
func (s *restServer) mayWrite(w reconcile.IdentityWrite) error {
	if !s.possible("rename") {
		return s.unsupported("rename accounts safely", "upgrade to a version that can: 0.10 or later, and not 0.12.0")
	}
	if !s.info.Can.Rename {
		return &ForbiddenError{Permission: "individual-update"}
	}
	if _, err := number(w.Account); err != nil {
		return err
	}
	return s.version.checkTarget(w.Name)
}

// writeIdentity does one write, with more operations in the same PATCH; see is
// shown the account as it was.
func (s *restServer) writeIdentity(ctx context.Context, w reconcile.IdentityWrite, more func(principal) []operation, see func(principal)) error {
	p, err := s.locate(ctx, w.Account)
	if err != nil {
		return err
	}
	if see != nil {
		see(p)
	}
	name := s.version.fold(w.Name)
	var extra []operation
	if more != nil {
		extra = more(p)
	}
	if err := s.patchIdentity(ctx, w, p.Name, name, extra); err != nil {
		return s.explainConflict(ctx, err, w.Account, name, w.Addresses)
	}
	s.remember(w.Account, name)
	after, err := s.lookup(ctx, name)
	if err == nil && decimalID(*after.ID) != w.Account {
		err = &NotThisAccountError{Account: w.Account, Name: name, Found: fmt.Sprintf("account %d", *after.ID)}
	}
	if err != nil {
		return &UncertainError{Cause: fmt.Errorf("look at the account after the write: %w", err)}
	}
	return nil
}

// patchIdentity sends the PATCH of a write. The server refuses addresses in a
// domain that it does not know yet: it gets to know domains by logins. Then these
// are left out, and all of them if the primary one is among them; the next login
// fills in what the directory lists.
func (s *restServer) patchIdentity(ctx context.Context, w reconcile.IdentityWrite, from, to string, extra []operation) error {
	name := operation{"set", "name", to}
	if w.KeepAddresses || !s.version.since(10, 0) {
		return s.patch(ctx, w.Account, from, append([]operation{name}, extra...))
	}
	addresses := addressList(to, w.Addresses)
	for {
		err := s.patch(ctx, w.Account, from, append([]operation{name, {"set", "emails", addresses}}, extra...))
		unknown, ok := errors.AsType[*InvalidDomainError](err)
		if !ok || len(addresses) == 0 {
			return err
		}
		within := func(address string) bool { return strings.HasSuffix(address, "@"+strings.ToLower(unknown.Domain)) }
		kept := slices.DeleteFunc(slices.Clone(addresses), within)
		if within(addresses[0]) || len(kept) == len(addresses) {
			kept = []string{}
		}
		addresses = kept
	}
}

// addressList is the new list of addresses: the primary one first. A name that is
// an address belongs to it, unless the server shall fill in all of them.
func addressList(name string, addresses []string) []string {
	list := []string{}
	if len(addresses) > 0 && strings.Contains(name, "@") {
		list = append(list, name)
	}
	for _, address := range addresses {
		if address = strings.ToLower(strings.TrimSpace(address)); !slices.Contains(list, address) {
			list = append(list, address)
		}
	}
	return list
}

// patch changes one principal.
func (s *restServer) patch(ctx context.Context, id reconcile.AccountID, name string, operations []operation) error {
	r, err := s.on("PATCH", name, "individual-update")
	if err != nil {
		return err
	}
	if r.body, err = encodeJSON(operations); err != nil {
		return fmt.Errorf("encode the change: %w", err)
	}
	body, err := s.send(ctx, r, name)
	if errors.Is(err, errNoAccount) {
		return &NotFoundError{Account: id}
	}
	if err != nil {
		return err
	}
	if err := data(body, nil); err != nil {
		return &UncertainError{Cause: err}
	}
	return nil
}

// explainConflict finds out who owns the name or an address that was refused.
func (s *restServer) explainConflict(ctx context.Context, err error, self reconcile.AccountID, name string, addresses []string) error {
	taken, ok := errors.AsType[*PrimaryKeyViolationError](err)
	if !ok {
		return err
	}
	if p, lookErr := s.lookup(ctx, name); lookErr == nil && decimalID(*p.ID) != self {
		taken.Owner = decimalID(*p.ID)
		if kind := s.kindOf(p); p.Type != "individual" && kind == reconcile.KindUnknown {
			taken.Object = s.http.creds.redact(p.Type)
		}
		return err
	}
	rows, listErr := s.list(ctx)
	if listErr != nil {
		return err // the refusal is what counts
	}
	for _, row := range rows {
		for _, address := range row.Emails {
			if decimalID(*row.ID) != self && slices.Contains(addresses, strings.ToLower(address)) {
				taken.Owner = decimalID(*row.ID)
				return err
			}
		}
	}
	return err
}
