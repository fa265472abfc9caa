package stalwart

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"syncagent/internal/reconcile"
)

// list reads all users, and groups where that is permitted, sorted by ID, in one
// consistent scan: paging while rows change would shift pages. Before 0.10 a
// listing has names only, and each is read by itself.
func (s *restServer) list(ctx context.Context) ([]principal, error) {
	var rows []principal
	var err error
	if s.version.since(10, 0) {
		rows, err = s.listRows(ctx)
	} else {
		rows, err = s.listNames(ctx)
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b principal) int { return cmp.Compare(*a.ID, *b.ID) })
	names := make(map[string]bool, len(rows))
	for i, row := range rows {
		if i > 0 && *rows[i-1].ID == *row.ID {
			return nil, &MalformedError{Reason: fmt.Sprintf("two accounts have the ID %d", *row.ID)}
		}
		if names[row.Name] {
			return nil, &MalformedError{Reason: fmt.Sprintf("two accounts have the name %q", row.Name)}
		}
		names[row.Name] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.nameOf)
	for _, row := range rows {
		s.nameOf[decimalID(*row.ID)] = row.Name
	}
	return rows, nil
}

// listRows is the listing since 0.10.
func (s *restServer) listRows(ctx context.Context) ([]principal, error) {
	types := "individual"
	if s.listsGroups() {
		types = "individual,group"
	}
	body, err := s.send(ctx, request{
		method: "GET", path: s.base() + "/principal", query: "types=" + types + "&fields=" + fullFields, permission: "individual-list",
	}, "")
	if err != nil {
		return nil, s.listError(err)
	}
	var page struct {
		Items *[]principal `json:"items"`
		Total *int         `json:"total"`
	}
	if err := data(body, &page); err != nil {
		return nil, err
	}
	if page.Items == nil || page.Total == nil || *page.Total != len(*page.Items) {
		return nil, &MalformedError{Reason: "the listing is not complete"}
	}
	for _, row := range *page.Items {
		if row.ID == nil || (row.Type != "individual" && row.Type != "group") {
			return nil, &MalformedError{Reason: "the listing has something that is no user or group"}
		}
	}
	return *page.Items, nil
}

// listRounds bounds how often the names are listed anew because one vanished.
const listRounds = 5

// listNames is the listing before 0.10. A name that vanished meanwhile may be
// that of an account that has another one now: the names are listed again until
// all of them lead to an account.
func (s *restServer) listNames(ctx context.Context) ([]principal, error) {
	read := map[string]principal{}
	for range listRounds {
		body, err := s.send(ctx, request{method: "GET", path: s.base() + "/principal", query: "type=individual"}, "")
		if err != nil {
			return nil, s.listError(err)
		}
		names, err := s.namesIn(body)
		if err != nil {
			return nil, err
		}
		rows, whole, err := s.readNames(ctx, names, read)
		if err != nil || whole {
			return rows, err
		}
	}
	return nil, fmt.Errorf("accounts changed their names all the time while they were listed: %w", &ConflictError{})
}

// readNames looks up the names that were not read yet. It is not whole if one of
// them leads nowhere.
func (s *restServer) readNames(ctx context.Context, names []string, read map[string]principal) (rows []principal, whole bool, err error) {
	whole = true
	for _, name := range names {
		p, known := read[name]
		if !known {
			p, err = s.lookup(ctx, name)
		}
		if _, unsafe := errors.AsType[*NameUnsafeError](err); unsafe {
			return nil, false, fmt.Errorf("the listing has a name that cannot be read by itself: %w", err)
		}
		switch {
		case errors.Is(err, errNoAccount):
			whole, err = false, nil
			continue
		case err != nil:
			return nil, false, err
		}
		read[name] = p
		rows = append(rows, p)
	}
	return rows, whole, nil
}

// namesIn reads the names of a listing: an array before 0.7, else with a total.
func (s *restServer) namesIn(body []byte) ([]string, error) {
	if s.version.before(7, 0) {
		var names *[]string
		if err := data(body, &names); err != nil {
			return nil, err
		}
		if names == nil {
			return nil, &MalformedError{Reason: "the listing has no names"}
		}
		return *names, nil
	}
	var page struct {
		Items *[]string `json:"items"`
		Total *int      `json:"total"`
	}
	if err := data(body, &page); err != nil {
		return nil, err
	}
	if page.Items == nil || page.Total == nil || *page.Total != len(*page.Items) {
		return nil, &MalformedError{Reason: "the listing is not complete"}
	}
	return *page.Items, nil
}

// listError keeps "no such account" for single principals.
func (s *restServer) listError(err error) error {
	if errors.Is(err, errNoAccount) || errors.Is(err, errMissing) {
		return &ForbiddenError{Permission: "individual-list", Detail: "the login is not an administrator, or the server changed"}
	}
	return err
}

// Accounts gives every account with an ID above after (all of them if it is
// empty), IDs ascending. Before 0.12 IDs are handed out in no order, so that an
// ID says nothing about what is new: after must be empty there, else the error is
// an UnsupportedError.
func (s *restServer) Accounts(ctx context.Context, after reconcile.AccountID, yield func(reconcile.Account) error) error {
	var last uint64
	if after != "" {
		n, err := number(after)
		if err == nil && !s.version.since(12, 0) {
			err = s.unsupported("list the accounts that are new", "list all accounts")
		}
		if err != nil {
			return fmt.Errorf("list accounts: %w", err)
		}
		last = n
	}
	rows, err := s.list(ctx)
	if err != nil {
		return fmt.Errorf("list accounts: %w", err)
	}
	for _, row := range rows {
		if after != "" && *row.ID <= last {
			continue
		}
		v, err := s.value(row)
		if err != nil {
			return fmt.Errorf("list accounts: %w", err)
		}
		if err := yield(v); err != nil {
			return err
		}
	}
	return nil
}
