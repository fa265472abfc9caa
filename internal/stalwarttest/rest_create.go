package stalwarttest

// createRow is POST: with an external directory not for users.
func (s *Server) createRow(r *request, c *caller) response {
	var in struct {
		Type, Name, Description                 string
		Secrets, Emails, Members, Roles         []string
		EnabledPermissions, DisabledPermissions []string
	}
	if !decodeBody(r, &in) {
		return s.undecodable("expected an object")
	}
	v := s.rest.v
	switch {
	case v.since(10, 0) && !c.may(permissionKind(in.Type)+"-create"):
		return restForbidden()
	case v.since(9, 0) && (in.Type == "individual" || !v.since(10, 0)):
		return s.restError("unsupported", map[string]any{"details": s.directoryKind() +
			" directory cannot be managed. Only internal directories support inserts and update operations."})
	case !v.since(9, 0):
		return s.restError("unsupportedDirectoryOperation", map[string]any{"class": s.directoryKind()})
	}
	name := v.storedName(in.Name)
	if s.rest.rows[name] != nil {
		return s.taken("name", name)
	}
	row := s.insertRow(&principalRow{
		kind: in.Type, name: name, description: in.Description, secrets: in.Secrets, emails: in.Emails,
		members: in.Members, roles: in.Roles, enabled: in.EnabledPermissions, disabled: in.DisabledPermissions,
	})
	return jsonResponse(map[string]any{"data": row.id})
}

func (v restVersion) storedName(name string) string { return (&restStore{v: v}).stored(name) }

// directoryKind is how errors call the external directory.
func (s *Server) directoryKind() string {
	if d, ok := s.opt.Directory.(*MapDirectory); ok && d.LDAP {
		return "LDAP"
	}
	return "SQL"
}
