package stalwart

import "syncagent/internal/reconcile"

// AbilitiesOf tells what an administrator's login, or an API key with all
// permissions, can do on a version before 0.16 such as "0.8.5", and in words what
// it cannot. It asks nobody: it is for tables and for configuration checks. The
// error is an OptionsError for what is no version, or for an API key where none
// works with an external directory, and a WrongGenerationError for 0.3 and 0.4.
func AbilitiesOf(version string, apiKey bool) (Abilities, []reconcile.Reason, error) {
	v, err := parseRelease(version)
	if err != nil {
		return Abilities{}, nil, err
	}
	s := &restServer{version: v, http: &transport{}, permissions: map[string]bool{"group-list": true}}
	switch {
	case v.low.minor > 15:
		return Abilities{}, nil, &OptionsError{"server.generation", version + " is not older than 0.16"}
	case v.before(5, 0):
		return Abilities{}, nil, s.tooOld()
	case apiKey:
		s.http.creds = credentials{secret: "name:secret"}
		if err := s.useBasic(); err != nil {
			return Abilities{}, nil, err
		}
	}
	for _, need := range restNeeds {
		for _, p := range s.needs(need).Permissions {
			s.permissions[p] = true
		}
	}
	s.decideAbilities(true)
	return s.info.Can, s.info.Warnings, nil
}
