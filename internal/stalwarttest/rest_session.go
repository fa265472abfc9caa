package stalwarttest

import (
	"net/http"
	"slices"
)

// restAdminPermissions are the permissions of administrators that a client looks at, in the spelling before 0.16.
var restAdminPermissions = []string{
	"authenticate", "authenticate-oauth", "impersonate", "unlimited-requests",
	"individual-list", "individual-get", "individual-update", "individual-delete", "individual-create",
	"group-list", "group-get", "group-update", "group-delete", "domain-list", "domain-get",
	"mailing-list-list", "mailing-list-get", "role-list", "tenant-list", "principal-list", "api-key-list", "oauth-client-list",
	"purge-account", "purge-blob-store", "purge-data-store", "purge-in-memory-store", "email-receive",
	"jmap-mailbox-get", "jmap-mailbox-query", "jmap-mailbox-set", "jmap-email-get", "jmap-email-query", "jmap-email-import",
	"jmap-sieve-script-get", "jmap-sieve-script-query", "jmap-sieve-script-set", "jmap-identity-get", "jmap-identity-set",
	"jmap-vacation-response-get", "jmap-vacation-response-set",
}

// restAdminPermissions12 and restAdminPermissions14 came with these versions.
var (
	restAdminPermissions12 = []string{
		"dav-cal-get", "dav-cal-prop-find", "dav-card-get", "dav-card-prop-find", "dav-file-get", "dav-file-prop-find",
	}
	restAdminPermissions14 = []string{
		"jmap-address-book-get", "jmap-address-book-set", "jmap-calendar-event-get", "jmap-calendar-event-query",
		"jmap-calendar-event-set", "jmap-calendar-get", "jmap-calendar-set", "jmap-contact-card-get", "jmap-contact-card-query",
		"jmap-contact-card-set", "jmap-file-node-get", "jmap-file-node-query", "jmap-file-node-set",
	}
)

// restPermissions are those that an administrator of this version has.
func (v restVersion) permissions() []string {
	all := slices.Clone(restAdminPermissions)
	if v.since(12, 0) {
		all = append(all, restAdminPermissions12...)
	}
	if v.since(14, 0) {
		all = append(all, restAdminPermissions14...)
	}
	return all
}

// oauth is POST /api/oauth, the only place where a client can read its own permissions, and since 0.11 the version.
func (s *Server) oauth(r *request, c *caller) response {
	var in struct {
		Type string `json:"type"`
	}
	v := s.rest.v
	spelling := "Code"
	if v.since(11, 0) {
		spelling = "code"
	}
	switch {
	case v.since(10, 0) && !c.may("authenticate-oauth"):
		return restForbidden()
	case !decodeBody(r, &in) || in.Type != spelling:
		return s.undecodable("unknown variant `" + in.Type + "`, expected `Code` or `Device` at line 1 column 15")
	}
	out := map[string]any{"code": "simulated-code"}
	if !v.since(10, 0) {
		out["is_admin"] = c.admin || c.row.kind == "superuser"
		if v.since(8, 5) {
			out["is_enterprise"] = false
		}
		return jsonResponse(map[string]any{"data": out})
	}
	permissions := []string{}
	for _, p := range v.permissions() {
		if c.may(p) {
			permissions = append(permissions, p)
		}
	}
	out["permissions"], out["isEnterprise"] = permissions, false
	if v.since(11, 0) {
		out["version"] = v.own()
	}
	return jsonResponse(map[string]any{"data": out})
}

// handleRESTMail serves JMAP: session, methods, download and upload. API keys are refused there.
func (s *Server) handleRESTMail(r *request, path string) response {
	v := s.rest.v
	public := v.since(12, 5)
	anonymous := r.http.Header.Get("Authorization") == ""
	get := r.http.Method == http.MethodGet
	switch {
	case path == "/.well-known/jmap" && public:
		return redirect(http.StatusTemporaryRedirect, "/jmap/session")
	case path == "/jmap/session" && public && anonymous:
		return s.restSession(nil)
	case path == "/jmap/session" && !public && anonymous && !v.since(9, 0):
		return s.restUnauthorized(true, false)
	case path == "/jmap/session" && !public:
		return pathNotFound()
	}
	c, refused := s.callerOf(r, true)
	if refused != nil {
		return *refused
	}
	who := &token{}
	if !c.admin {
		who.account = c.row.account
	}
	r.who = who
	switch {
	case path == "/.well-known/jmap" || path == "/jmap/session" && get:
		return s.restSession(c)
	case (path == "/jmap" || path == "/jmap/") && r.http.Method == http.MethodPost:
		return s.limitConcurrency(r)
	case get && len(path) > len("/jmap/download/") && path[:len("/jmap/download/")] == "/jmap/download/":
		return s.download(r)
	case r.http.Method == http.MethodPost && len(path) > len("/jmap/upload/") && path[:len("/jmap/upload/")] == "/jmap/upload/":
		return s.upload(r)
	}
	return pathNotFound()
}

// capabilities are what a client may name in "using".
func (v restVersion) capabilities() []string {
	urns := []string{
		"urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission",
		"urn:ietf:params:jmap:vacationresponse", "urn:ietf:params:jmap:sieve", "urn:ietf:params:jmap:blob",
		"urn:ietf:params:jmap:quota", "urn:ietf:params:jmap:websocket",
	}
	if v.since(14, 0) {
		urns = append(urns, "urn:ietf:params:jmap:calendars", "urn:ietf:params:jmap:calendars:parse", "urn:ietf:params:jmap:contacts",
			"urn:ietf:params:jmap:contacts:parse", "urn:ietf:params:jmap:filenode", "urn:ietf:params:jmap:principals",
			"urn:ietf:params:jmap:principals:availability")
	}
	return urns
}

// restSession is the session document; its URLs carry the configured host, which need not be reachable.
func (s *Server) restSession(c *caller) response {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.rest.v
	urns := v.capabilities()
	capabilities := map[string]any{}
	for _, urn := range urns {
		capabilities[urn] = map[string]any{}
	}
	capabilities["urn:ietf:params:jmap:core"] = s.topCapabilities()["urn:ietf:params:jmap:core"]
	capabilities["urn:ietf:params:jmap:sieve"] = map[string]any{"implementation": v.implementation()}
	base := s.opt.AdvertisedURL
	doc := map[string]any{
		"capabilities": capabilities, "accounts": map[string]any{}, "primaryAccounts": map[string]any{}, "username": "",
		"apiUrl": base + "/jmap/", "downloadUrl": base + "/jmap/download/{accountId}/{blobId}/{name}?accept={type}",
		"uploadUrl":      base + "/jmap/upload/{accountId}/",
		"eventSourceUrl": base + "/jmap/eventsource/?types={types}&closeafter={closeafter}&ping={ping}", "state": "0",
	}
	if c == nil {
		return jsonResponse(doc)
	}
	id, name := recoveryAdminID, "Fallback Administrator"
	if !c.admin {
		id, name = c.row.id, c.row.name
	}
	primary, own := map[string]any{}, map[string]any{}
	for _, urn := range slices.Sorted(slices.Values(urns)) {
		primary[urn], own[urn] = FormatID(id), map[string]any{}
	}
	doc["accounts"] = map[string]any{FormatID(id): sessionAccount(name, true, own)}
	doc["primaryAccounts"], doc["username"], doc["state"] = primary, name, sessionState
	return jsonResponse(doc)
}
