package ldapsrc

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"syncagent/internal/mapping"
)

// Source is one directory. It is safe for concurrent use; each Snapshot and
// each LookupSession has its own connection.
type Source struct {
	opts    Options
	servers []server
	mapper  *mapping.Mapper
	binary  map[string]bool // lower-case attributes that may hold any bytes

	mu   sync.Mutex
	seen map[string]bool // lower-case attributes that entries of the last snapshot had; nil unless it was complete
	rule idRule          // what the last snapshot took IDs from
}

// New checks the options, without any network. The error joins all problems.
func New(o Options) (*Source, error) {
	o = o.withDefaults()
	s := &Source{opts: o}
	var problems []error
	if len(o.URLs) == 0 {
		problems = append(problems, errors.New("urls is missing"))
	}
	for _, text := range o.URLs {
		srv, err := parseServer(text)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		s.servers = append(s.servers, srv)
	}
	mapper, err := mapping.Compile(o.Map)
	problems = append(problems, err, o.check(s.servers))
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	s.mapper = mapper
	s.binary = binaryAttributes(o.Map)
	return s, nil
}

// Name gives the name of the source in the configuration.
func (s *Source) Name() string { return s.opts.Name }

// binaryAttributes are those that only same_person reads: there, bytes that are
// no text still tell people apart (objectSid).
func binaryAttributes(spec mapping.Spec) map[string]bool {
	binary := map[string]bool{}
	for _, name := range spec.SamePerson {
		binary[strings.ToLower(strings.TrimSpace(name))] = true
	}
	spec.SamePerson = nil
	if others, err := mapping.Compile(spec); err == nil {
		for _, name := range others.Attributes() {
			delete(binary, strings.ToLower(name))
		}
	}
	return binary
}

// attributes gives what to request: everything that the mapping reads, and the
// ID.
func (s *Source) attributes(rule idRule) []string {
	wanted := s.mapper.Attributes()
	if !slices.ContainsFunc(wanted, func(name string) bool { return strings.EqualFold(name, rule.attribute) }) {
		wanted = append(wanted, rule.attribute)
	}
	return wanted
}

// remember keeps what look-ups need to know about the last snapshot.
func (s *Source) remember(rule idRule, seen map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rule, s.seen = rule, seen
}

func (s *Source) remembered() (rule idRule, seen map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rule, s.seen
}
