package stalwart

import "strings"

// CanRestore tells whether the login may put contents into accounts: nil, or an
// error that names what is missing. It asks nobody.
func (s *jmapServer) CanRestore() error { return restoreRight(s.info) }

// CanRestore is as on 0.16; an API key cannot.
func (s *restServer) CanRestore() error {
	if s.mail == nil {
		return s.unsupported("let an API key write mail", "use server.username and server.password of an administrator")
	}
	return restoreRight(s.info)
}

func restoreRight(info Info) error {
	if info.Can.Restore {
		return nil
	}
	for _, m := range info.Missing {
		if m.Ability == "restore" {
			return &ForbiddenError{Permission: strings.Join(m.Permissions, ", "), Detail: "to restore an archive"}
		}
	}
	return &ForbiddenError{Detail: "to restore an archive"}
}
