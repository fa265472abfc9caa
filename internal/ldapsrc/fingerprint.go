package ldapsrc

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// Fingerprint is a hash of what decides who is in a snapshot and what is read
// from an entry: bases, scope, filter, mapping, leavers and the treatment of
// referrals. The servers, their order and the login are not in it.
func (s *Source) Fingerprint() string {
	text, err := json.Marshal(struct {
		Scheme                       int
		Bases                        []string
		Scope, Filter, Referrals, ID string
		Mapping                      string
		LeaverBases                  []string
		LeaverFilter                 string
	}{
		1, canonicalDNs(s.opts.Bases), s.opts.Scope, s.opts.Filter, s.opts.Referrals, s.opts.ID,
		s.mapper.Fingerprint(), canonicalDNs(s.opts.Leavers.Bases), s.opts.Leavers.Filter,
	})
	if err != nil {
		panic("ldapsrc: strings cannot be written as JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func canonicalDNs(dns []string) []string {
	list := make([]string, len(dns))
	for i, dn := range dns {
		list[i] = canonicalDN(dn)
	}
	slices.Sort(list)
	return list
}
