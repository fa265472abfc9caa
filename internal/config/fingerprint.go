package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// Fingerprint is a hash of everything in the configuration that decides which
// people a source means: base, scope, filter, queries and mapping. Servers,
// credentials, timeouts and policy are not in it. Together with the identity of
// directory and mail server it is what the configuration fuse compares.
func (s Source) Fingerprint() string {
	meaning := map[string]any{"version": 1, "map": s.Map}
	if l := s.LDAP; l != nil {
		meaning["ldap"] = map[string]any{
			"base": sorted(l.Base), "scope": l.Scope, "filter": l.Filter,
			"referrals": l.Referrals, "leavers": l.Leavers,
		}
	}
	if q := s.SQL; q != nil {
		meaning["sql"] = map[string]any{
			"driver": q.Driver, "query": q.Query, "addresses": q.Addresses, "leavers": q.Leavers,
		}
	}
	return hashJSON(meaning)
}

// Fingerprint is a hash of everything that decides what a plan contains: the
// server, the fingerprints of the sources, what is expected of them and their
// policies.
func (c *Config) Fingerprint() string {
	sources := make([]any, len(c.Sources))
	for i, s := range c.Sources {
		policy := s.Policy
		policy.Protect = sorted(policy.Protect)
		sources[i] = []any{s.Name, s.Fingerprint(), s.Expect, policy}
	}
	return hashJSON(map[string]any{"version": 1, "server": c.Server.URL, "sources": sources})
}

func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return out
}

// hashJSON hashes the JSON form, in which the keys of maps are sorted.
func hashJSON(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		panic("config: " + err.Error()) // only values of this package come here
	}
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}
