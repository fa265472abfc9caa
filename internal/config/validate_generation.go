package config

import (
	"strconv"
	"strings"
)

// older is a configured generation before 0.16.
type older struct {
	text         string
	minor, patch int
	// whole is true for "0.12", which may be any patch of it.
	whole bool
}

// olderGeneration reads server.generation; ok is false for auto, 0.16 and later.
func olderGeneration(text string) (o older, ok bool) {
	if !versionForm.MatchString(text) {
		return o, false
	}
	parts := strings.Split(text, ".")
	o = older{text: text, whole: len(parts) == 2}
	var err error
	if o.minor, err = strconv.Atoi(parts[1]); err != nil || parts[0] != "0" || o.minor >= 16 {
		return o, false
	}
	if !o.whole {
		o.patch, err = strconv.Atoi(parts[2])
	}
	return o, err == nil
}

// generation refuses what can never work on the configured version of the mail
// server. Where the version is detected, a run says the same before anything
// else (docs/reference/server-versions.md).
func (v *validator) generation() {
	o, ok := olderGeneration(v.cfg.Server.Generation)
	if !ok {
		return
	}
	const key = "server.generation"
	version := "Stalwart " + o.text
	switch {
	case o.minor < 3:
		v.refuse(key, "auto, or a version such as 0.11.8", "there is no %s that could be managed", version)
		return
	case o.minor < 5:
		v.refuse(key, "upgrade the mail server to 0.5 or later",
			"%s is not managed: it destroys message bodies when an account is renamed, and shows no accounts to compare with", version)
		return
	case v.cfg.Server.APIKey != nil && o.minor < 13:
		v.refuse("server.api_key", "use server.username and server.password of an administrator",
			"%s accepts API keys only without an external directory", version)
	}
	said := map[string]bool{}
	for i := range v.cfg.Sources {
		p := &v.cfg.Sources[i].Policy
		source := item("sources", i)
		refuse := func(name, hint, format string, args ...any) {
			if path := v.policyPath(source, name); !said[path] {
				said[path] = true
				v.refuse(path, hint, format, args...)
			}
		}
		o.check(v.cfg.Server.APIKey != nil, p, version, refuse)
	}
}

// check tells what a policy wants and the version never does.
func (o older) check(apiKey bool, p *Policy, version string, refuse func(name, hint, format string, args ...any)) {
	collides := o.minor == 12 && o.patch == 0
	if p.Missing == MissingDelete && collides {
		refuse("missing", "upgrade to 0.12.2 or later; if it is another release of 0.12, name it exactly in server.generation",
			"nothing is ever deleted on %s: it may give a new account the ID of another one", version)
	}
	if p.Missing == MissingDelete && p.Export.Required && apiKey {
		refuse("missing", "use server.username and server.password of an administrator, or set export: { required: false }",
			"delete can never work here: export.required is true, and API keys cannot read mail on %s", version)
	}
	cuts := o.minor >= 10 && !collides
	if p.Missing == MissingSuspend && !cuts {
		refuse("missing", "use report or delete, or upgrade the mail server", "suspend can never work: %s cannot cut the access of an account", version)
	}
	if p.Disabled == DisabledSuspend && !cuts {
		refuse("disabled", "use none, or upgrade the mail server", "suspend can never work: %s cannot cut the access of an account", version)
	}
}
