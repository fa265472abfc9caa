package stalwart

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"syncagent/internal/reconcile"
)

// domain is an x:Domain as far as it is used.
type domain struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Aliases   map[string]bool `json:"aliases"`
	CreatedAt string          `json:"createdAt"`
}

// domainCache keeps the domains of the last reading.
type domainCache struct {
	mu sync.Mutex
	// nameOf maps an ID to the main name, idOf every name and alias to the ID;
	// both nil before the first reading.
	nameOf map[string]string
	idOf   map[string]string
}

// Rules reads all domains and their aliases. An account's name on 0.16 is
// always a whole address, stored under the main domain.
func (s *jmapServer) Rules(ctx context.Context) (reconcile.NameRules, error) {
	list, err := s.readDomains(ctx)
	if err != nil {
		return reconcile.NameRules{}, err
	}
	rules := reconcile.NameRules{WholeAddress: true, Domains: make(map[string]string, len(list))}
	for _, d := range list {
		rules.Domains[d.Name] = d.Name
		for alias := range d.Aliases {
			rules.Domains[alias] = d.Name
		}
	}
	return rules, nil
}

// readDomains reads all domains, oldest first, and fills the cache.
func (s *jmapServer) readDomains(ctx context.Context) ([]domain, error) {
	var list []domain
	err := listObjects(ctx, s, "x:Domain", []string{"id", "name", "aliases", "createdAt"}, "", func(page []domain) error {
		list = append(list, page...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the domains: %w", err)
	}
	nameOf, idOf := make(map[string]string, len(list)), make(map[string]string, len(list))
	for i, d := range list {
		if d.ID == "" || d.Name == "" {
			return nil, fmt.Errorf("read the domains: %w", &MalformedError{Reason: "a domain without ID or name"})
		}
		d.Name = strings.ToLower(d.Name)
		aliases := make(map[string]bool, len(d.Aliases))
		for alias, set := range d.Aliases {
			if set {
				aliases[strings.ToLower(alias)] = true
				idOf[strings.ToLower(alias)] = d.ID
			}
		}
		d.Aliases = aliases
		nameOf[d.ID] = d.Name
		list[i] = d
	}
	for id, name := range nameOf {
		idOf[name] = id // a main name wins
	}
	s.domains.mu.Lock()
	s.domains.nameOf, s.domains.idOf = nameOf, idOf
	s.domains.mu.Unlock()
	slices.SortFunc(list, func(a, b domain) int { return compareIDs(a.ID, b.ID) })
	return list, nil
}

// compareIDs orders IDs as the server does; texts that are none come last.
func compareIDs(a, b string) int {
	x, errX := idNumber(reconcile.AccountID(a))
	y, errY := idNumber(reconcile.AccountID(b))
	if errX != nil || errY != nil {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	}
	return cmp.Compare(x, y)
}

func (d domain) objectID() string { return d.ID }

// lookup asks the cache, and reads the domains again if it does not know.
func (s *jmapServer) lookup(ctx context.Context, table func(*domainCache) map[string]string, key string) (string, bool, error) {
	for fresh := false; ; fresh = true {
		s.domains.mu.Lock()
		value, ok := table(&s.domains)[key]
		s.domains.mu.Unlock()
		if ok || fresh {
			return value, ok, nil
		}
		if _, err := s.readDomains(ctx); err != nil {
			return "", false, err
		}
	}
}

func (s *jmapServer) domainID(ctx context.Context, name string) (string, error) {
	id, ok, err := s.lookup(ctx, func(c *domainCache) map[string]string { return c.idOf }, name)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", &InvalidDomainError{Domain: name}
	}
	return id, nil
}

func (s *jmapServer) domainName(ctx context.Context, id string) (string, error) {
	name, ok, err := s.lookup(ctx, func(c *domainCache) map[string]string { return c.nameOf }, id)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", &MalformedError{Reason: fmt.Sprintf("an account is in the domain %q, which is not listed", id)}
	}
	return name, nil
}

// mailbox is a name or address as the server stores it.
type mailbox struct {
	local    string
	domainID string
}

// splitAddress checks a complete name or address and resolves its domain.
func (s *jmapServer) splitAddress(ctx context.Context, address string) (mailbox, error) {
	local, domain, err := splitLocal(address)
	if err != nil {
		return mailbox{}, err
	}
	id, err := s.domainID(ctx, domain)
	if err != nil {
		return mailbox{}, err
	}
	return mailbox{local: local, domainID: id}, nil
}
