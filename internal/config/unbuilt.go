package config

import (
	"fmt"
	"strings"
)

// notBuilt is one setting that this build cannot honour. It is refused rather
// than ignored; the table shrinks as the features land.
type notBuilt struct {
	// path is where it stands, with "[]" for the items of a list; "policy." also
	// stands for the policies of the sources.
	path    string
	applies func(*Config, *Source, *Policy) bool
	message string
	hint    string
}

var notBuiltYet = []notBuilt{
	{
		"notify", func(c *Config, _ *Source, _ *Policy) bool { return c.Notify.set },
		"is not in this build", "remove the key; watch the exit code or the log",
	},
	{
		"state.postgres", func(c *Config, _ *Source, _ *Policy) bool { return c.State.Postgres.set },
		"is not in this build", "use state.dir",
	},
}

// globalOnly are keys of policy that a source cannot have its own value of.
var globalOnly = map[string]string{
	"purge": "the purge concerns the whole server",
}

func (v *validator) unbuilt() {
	for _, entry := range notBuiltYet {
		if strings.HasPrefix(entry.path, "sources[].") {
			for i := range v.cfg.Sources {
				path := strings.Replace(entry.path, "[]", fmt.Sprintf("[%d]", i), 1)
				v.refuseUnbuilt(entry, path, entry.applies(v.cfg, &v.cfg.Sources[i], nil))
			}
			continue
		}
		v.refuseUnbuilt(entry, entry.path, entry.applies(v.cfg, nil, &v.cfg.Policy))
		if !strings.HasPrefix(entry.path, "policy.") {
			continue
		}
		for i := range v.cfg.Sources {
			path := item("sources", i) + "." + entry.path
			v.refuseUnbuilt(entry, path, v.isSet(path) && entry.applies(v.cfg, nil, &v.cfg.Sources[i].Policy))
		}
	}
	for i := range v.cfg.Sources {
		for _, key := range sortedKeys(globalOnly) {
			if path := item("sources", i) + ".policy." + key; v.isSet(path) {
				v.refuse(path, "set policy."+key+" instead", "cannot be set for one source: %s", globalOnly[key])
			}
		}
	}
}

func (v *validator) refuseUnbuilt(entry notBuilt, path string, applies bool) {
	if applies {
		v.refuse(path, entry.hint, "%s", entry.message)
	}
}
