package stalwarttest

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Execute runs JMAP method calls (a JSON array of triples) as the recovery administrator, outside HTTP and faults, and
// gives methodResponses as JSON. It is for what people do to a server by hand; it appears in [Server.Writes] as done by
// "d333333". Method errors are in the answer, not in err.
func (s *Server) Execute(methodCalls string) (methodResponses string, err error) {
	_, calls, ok := parseRequest([]byte(`{"methodCalls":` + methodCalls + `}`))
	if !ok {
		return "", errors.New("execute: not an array of method calls")
	}
	r := &request{n: s.requests.Add(1), who: &token{}}
	defer s.releaseWrites(r.n)
	s.mu.Lock()
	s.advance()
	s.mu.Unlock()
	answers := []answer{}
	for _, c := range calls {
		answers = append(answers, s.dispatch(r, capabilities, c, answers)...)
	}
	data, err := json.Marshal(answers)
	if err != nil {
		return "", fmt.Errorf("execute: %w", err)
	}
	return string(data), nil
}

// Move gives an account another address and exactly these aliases, as an administrator would by hand.
// It panics if the server refuses: that is a mistake in the test.
func (s *Server) Move(id AccountID, addr string, aliases ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mustAccount(id)
	changed := a.clone()
	key, ok := s.parseAddress(addr)
	changed.name, changed.domain, changed.aliases = key.local, key.domain, nil
	for _, text := range aliases {
		other, known := s.parseAddress(text)
		ok = ok && known
		changed.aliases = append(changed.aliases, alias{enabled: true, name: other.local, domain: other.domain})
	}
	self := owner{"Account", a.id}
	if _, taken := s.conflict(changed.addresses(), self); taken || !ok {
		panic("stalwarttest: cannot move " + string(id) + " to " + addr)
	}
	s.claim(self, a.addresses(), changed.addresses())
	*a = *changed
}

// Destroy removes an account, as an administrator would by hand; it does not count in [Server.Destroys].
func (s *Server) Destroy(id AccountID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mustAccount(id)
	s.destroyAccount(a)
	s.log.destroys[a.id]--
}

// Suspend takes the permission authenticate away from an account, or gives it back, as an administrator would by hand.
func (s *Server) Suspend(id AccountID, suspended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mustAccount(id)
	a.permissions = permissionSet{kind: "Inherit"}
	if suspended {
		a.permissions = permissionSet{kind: "Merge", disabled: []string{"authenticate", "emailReceive"}}
	}
	a.dropTokens()
}
