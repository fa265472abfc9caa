package stalwarttest

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
)

// handleREST does the work of a request to a server before 0.16.
func (s *Server) handleREST(r *request) response {
	raw := r.http.RequestURI
	if raw == "" {
		raw = r.http.URL.RequestURI()
	}
	v := s.rest.v
	if v.unparsable(raw) {
		return response{status: http.StatusBadRequest, header: http.Header{}}
	}
	segments, query := target(raw)
	path := "/" + strings.Join(segments, "/")
	switch {
	case strings.HasPrefix(path, "/healthz/"):
		if !v.since(9, 0) {
			return response{status: http.StatusOK, header: http.Header{}}
		}
		if !v.since(12, 0) {
			return problem(http.StatusOK, map[string]any{"detail": "OK"})
		}
		return problem(http.StatusOK, map[string]any{"title": "OK", "detail": "OK"})
	case path == "/.well-known/jmap" || segments[0] == "jmap":
		return s.handleRESTMail(r, path)
	case segments[0] == "dav":
		plain, _, _ := strings.Cut(raw, "?")
		return s.dav(r, plain)
	case path == "/api/oauth" && r.http.Method == http.MethodPost && v.since(7, 0):
		return s.asCaller(r, s.oauth)
	case v.since(7, 0) && segments[0] == "admin":
		return response{http.StatusOK, http.Header{"Content-Type": {"text/html"}}, []byte("<p>no web admin in this test server</p>")}
	case strings.HasPrefix(path, v.base()):
		return s.asCaller(r, func(r *request, c *caller) response { return s.management(r, c, segments[1:], query) })
	}
	s.restScanned(path, r.ip)
	return pathNotFound()
}

// restScanned bans for paths of well-known attacks, since 0.10.4.
func (s *Server) restScanned(path, ip string) {
	if s.rest.v.since(10, 4) {
		s.scanned(path, ip)
	}
}

// asCaller runs next for an authenticated caller.
func (s *Server) asCaller(r *request, next func(*request, *caller) response) response {
	c, refused := s.callerOf(r, false)
	if refused != nil {
		return *refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.exempt(r.ip) && !c.may("unlimited-requests") {
		if _, over := s.limits.count("rest "+r.http.Header.Get("Authorization"), s.opt.RequestsPerMinute); over {
			return problem(http.StatusTooManyRequests, map[string]any{
				"title":  "Too Many Requests",
				"detail": "Your request has been rate limited. Please try again in a few seconds.",
			})
		}
	}
	return next(r, c)
}

// management routes /api/… (before 0.7 /admin/…). What follows the name of a principal is ignored.
func (s *Server) management(r *request, c *caller, segments []string, query string) response {
	v := s.rest.v
	if !v.since(10, 0) && !c.admin && (c.row == nil || c.row.kind != "superuser") {
		return s.restUnprivileged()
	}
	switch {
	case segments[0] == "principal" && len(segments) == 1:
		return s.principals(r, c, query)
	case segments[0] == "principal":
		return s.principal(r, c, v.decode(segments[1]))
	case segments[0] == "store" && r.http.Method == http.MethodGet:
		return s.purge(r, c, segments[1:])
	}
	return pathNotFound()
}

// principals serves the collection: list, create and the bulk delete.
func (s *Server) principals(r *request, c *caller, query string) response {
	switch {
	case r.http.Method == http.MethodGet:
		return s.listRows(c, query)
	case r.http.Method == http.MethodPost:
		return s.createRow(r, c)
	case r.http.Method == http.MethodDelete && s.rest.v.since(11, 0):
		s.rest.bulkDeletes++
		return restBad("Invalid type")
	}
	return pathNotFound()
}

// principal serves one principal. Since 0.10 the name is looked up before the permission is.
func (s *Server) principal(r *request, c *caller, name string) response {
	row := s.rest.rows[name]
	if row == nil {
		return s.noPrincipal(name)
	}
	need := map[string]string{http.MethodGet: "get", http.MethodPatch: "update", http.MethodDelete: "delete"}[r.http.Method]
	switch {
	case need == "":
		return pathNotFound()
	case s.rest.v.since(10, 0) && !c.may(permissionKind(row.kind)+"-"+need):
		return restForbidden()
	case need == "get":
		return jsonResponse(map[string]any{"data": s.rowJSON(row, nil)})
	case need == "update":
		return s.patchRow(r, row)
	}
	return s.deleteRow(row)
}

// noPrincipal says that a name has no principal: up to 0.8 with 404, later with 200.
func (s *Server) noPrincipal(name string) response {
	switch v := s.rest.v; {
	case v.since(10, 0):
		return jsonResponse(map[string]any{"error": "notFound", "item": name})
	case v.since(9, 0):
		return jsonResponse(map[string]any{"error": "notFound", "item": ""})
	}
	return problem(http.StatusNotFound, map[string]any{"title": "Not found", "detail": "Account not found."})
}

func permissionKind(kind string) string {
	switch kind {
	case "individual", "superuser":
		return "individual"
	case "list":
		return "mailing-list"
	case "apiKey":
		return "api-key"
	case "oauthClient":
		return "oauth-client"
	case "group", "domain", "role", "tenant":
		return kind
	}
	return "principal"
}

// restBad is a refusal of what cannot be read.
func restBad(detail string) response {
	return problem(http.StatusBadRequest, map[string]any{"title": "Invalid parameters", "detail": detail})
}

func (s *Server) undecodable(why string) response {
	if s.rest.v.since(9, 0) {
		return restBad("JSON deserialization failed")
	}
	return restBad("Failed to deserialize JSON: " + why)
}

// restError is an error as HTTP 200; tags begin with a capital letter in 0.7 and 0.8.
func (s *Server) restError(tag string, more map[string]any) response {
	if v := s.rest.v; v.since(7, 0) && !v.since(9, 0) {
		tag = strings.ToUpper(tag[:1]) + tag[1:]
	}
	body := map[string]any{"error": tag}
	maps.Copy(body, more)
	return jsonResponse(body)
}

func (s *Server) taken(field, value string) response {
	if !s.rest.v.since(7, 0) {
		return s.restError("alreadyExists", map[string]any{
			"field": field, "value": value,
			"details": "Another record exists containing '" + value + "' in the '" + field + "' field.",
		})
	}
	return s.restError("fieldAlreadyExists", map[string]any{"field": field, "value": value})
}

func decodeBody(r *request, v any) bool { return json.Unmarshal(r.body, v) == nil }
