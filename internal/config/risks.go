package config

import (
	"slices"
	"strings"
)

// lockout lists attributes that a directory sets by itself after wrong
// passwords: mapped to enabled, a stranger could switch people off.
var lockout = []string{
	"pwdaccountlockedtime", "pwdfailuretime", "lockouttime", "badpwdcount", "badpasswordtime",
	"accountunlocktime", "passwordretrycount", "msds-user-account-control-computed",
	"krbloginfailedcount", "krblastfailedauth", "lockedbyintruder", "loginintruderattempts",
	"loginintruderresettime", "sambabadpasswordcount", "sambabadpasswordtime", "passwordallowchangetime",
}

// lockoutBit is the LOCKOUT flag of userAccountControl in Active Directory.
const lockoutBit = 0x10

func (v *validator) risks() {
	for i := range v.cfg.Sources {
		s := &v.cfg.Sources[i]
		path := item("sources", i)
		v.riskyEnabled(path+".map.enabled", s.Map.Enabled)
		v.riskyExpect(path, s)
		v.riskyDelete(path, s)
		v.riskyLimits(path, s)
	}
}

func (v *validator) riskyEnabled(path string, e *EnabledMap) {
	if e == nil {
		return
	}
	name, _, _ := strings.Cut(strings.ToLower(e.Attribute), ";")
	byBit := name == "useraccountcontrol" && e.BitClear == lockoutBit
	if byBit || slices.Contains(lockout, name) {
		v.warn(path+".attribute", "map an attribute that only an administrator sets",
			"%s is set by wrong passwords: anybody could make people count as disabled", e.Attribute)
	}
}

func (v *validator) riskyExpect(path string, s *Source) {
	if s.Expect.MaxDrop >= 50 {
		v.warn(path+".expect.max_drop", "10% is the default", "up to %s of the people may be gone at once without a question", s.Expect.MaxDrop)
	}
	if s.Policy.Missing != MissingDelete {
		return
	}
	if s.Expect.MinEntries < 2 {
		v.warn(path+".expect", "set expect.min_entries a little below the real number",
			"min_entries is %d: a directory that shows one person would be believed", s.Expect.MinEntries)
	}
	if len(s.Expect.Canaries) == 0 {
		v.warn(path+".expect", "set expect.canaries to one or two people who will always be there", "there are no canaries")
	}
}

func (v *validator) riskyDelete(path string, s *Source) {
	if s.Policy.Missing != MissingDelete {
		return
	}
	if !s.Policy.Export.Required {
		v.warn(v.policyPath(path, "export.required"), "", "accounts of %s are deleted without an archive: what is gone is gone", s.Name)
	}
	if s.Policy.Grace.Time.Std() < day {
		v.warn(v.policyPath(path, "grace.time"), "14d is the default", "accounts of %s are deleted %s after they were missed: a mistake of a day cannot be put right",
			s.Name, s.Policy.Grace.Time)
	}
	if s.SQL != nil && s.SQL.Lookup == "" {
		v.warn(path+".sql", "set sql.lookup", "deletes of %s are held (recheck-blind): without lookup nobody can be checked again", s.Name)
	}
}

func (v *validator) riskyLimits(path string, s *Source) {
	for _, entry := range []struct {
		key   string
		limit Limit
	}{{"delete", s.Policy.Limits.Delete}, {"rename", s.Policy.Limits.Rename}} {
		if entry.limit.Percent >= 50 && entry.limit.Count > 100 {
			v.warn(v.policyPath(path, "limits."+entry.key), "", "a mistake could reach %s of all accounts of %s in a day", entry.limit.Percent, s.Name)
		}
	}
}

// policyPath is where a key of a source's policy was set: at the source, or in
// general.
func (v *validator) policyPath(source, key string) string {
	if path := source + ".policy." + key; v.isSet(path) {
		return path
	}
	return "policy." + key
}
