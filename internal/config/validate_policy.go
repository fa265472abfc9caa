package config

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func (v *validator) generalPolicy() { v.policy("policy", &v.cfg.Policy) }

// policy checks the general policy, or what one source makes of it: there only
// what the source itself sets is told.
func (v *validator) policy(path string, p *Policy) {
	own := &policyCheck{v, path, path == "policy"}
	word(own, "rename", p.Rename, RenameApply, RenameReport)
	word(own, "missing", p.Missing, MissingReport, MissingSuspend, MissingDelete)
	word(own, "disabled", p.Disabled, DisabledNone, DisabledSuspend)
	word(own, "name_reuse", p.Reuse, ReusePark, ReuseHold)
	word(own, "twin", p.Twin, TwinReplaceEmpty, TwinMerge, TwinHold)
	if p.Missing == MissingSuspend && !p.Suspend.On {
		own.refuse("missing", "say when: suspend: { runs: 2, time: 0s }", "suspend needs policy.suspend, which is false")
	}
	if p.Suspend.On && p.Suspend.Runs < 1 {
		own.refuse("suspend.runs", "", "must be at least 1")
	}
	if p.Grace.Runs < 1 {
		own.refuse("grace.runs", "one read without a person proves nothing; 3 is the default", "must be at least 1")
	}
	if p.Approvals < 1 {
		own.refuse("approvals", "", "must be at least 1")
	}
	if p.Export.Dir == "" {
		own.refuse("export.dir", "", "must not be empty")
	}
	own.recipients(p.Export.EncryptTo)
	own.purge(p.Purge)
	own.limits(p.Limits)
	for i, pattern := range p.Protect {
		if at := v.itemPath(path+".protect", i); own.general {
			v.protect(at, pattern)
		}
	}
	if !own.general && v.isSet(path+".protect") {
		extra := p.Protect[min(len(v.general.Protect), len(p.Protect)):]
		for i, pattern := range extra {
			v.protect(v.itemPath(path+".protect", i), pattern)
		}
	}
}

func (v *validator) protect(path, pattern string) {
	if v.pattern(path, pattern) && strings.Trim(pattern, "*") == "" {
		v.warn(path, "", "protects everybody: nothing will ever be done")
	}
}

// policyCheck tells problems of one policy.
type policyCheck struct {
	v       *validator
	path    string
	general bool
}

func (c *policyCheck) refuse(key, hint, format string, args ...any) {
	if path := c.path + "." + key; c.general || c.v.isSet(path) {
		c.v.refuse(path, hint, format, args...)
	}
}

func word[T ~string](c *policyCheck, key string, value T, words ...T) {
	if path := c.path + "." + key; c.general || c.v.isSet(path) {
		oneOf(c.v, path, value, words...)
	}
}

func (c *policyCheck) purge(p Purge) {
	if p.Mode != PurgeCron {
		return
	}
	if _, err := ParseCron(p.Cron); err != nil {
		c.refuse("purge", "after-deletes, never, or five fields such as 0 3 * * *", "%s", err)
	}
}

func (c *policyCheck) limits(l Limits) {
	for _, entry := range []struct {
		key   string
		limit Limit
	}{
		{"delete", l.Delete},
		{"suspend", l.Suspend},
		{"rename", l.Rename},
		{"release", l.Release},
		{"park", l.Park},
		{"twin", l.Twin},
	} {
		if entry.limit.Count < 0 {
			key := "limits." + entry.key
			if c.v.isSet(c.path + "." + key + ".count") {
				key += ".count"
			}
			c.refuse(key, "0 is none; there is no unlimited", "must not be negative")
		}
	}
}
