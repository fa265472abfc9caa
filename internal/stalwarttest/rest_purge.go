package stalwarttest

// purge is GET …/store/…: within the request up to 0.8.0, in the background since.
func (s *Server) purge(r *request, c *caller, segments []string) response {
	v := s.rest.v
	done := jsonResponse(map[string]any{"data": nil})
	if !v.since(8, 1) {
		if segments[0] != "maintenance" {
			return pathNotFound()
		}
		s.blobs.purge(s.opt.Now())
		s.log.purges++
		return jsonResponse(map[string]any{"data": []any{}})
	}
	if len(segments) < 2 || segments[0] != "purge" {
		return pathNotFound()
	}
	inMemory := "lookup"
	if v.since(11, 0) {
		inMemory = "in-memory"
	}
	need := map[string]string{
		"blob": "purge-blob-store", "data": "purge-data-store", "account": "purge-account",
		inMemory: "purge-" + inMemory + "-store",
	}[segments[1]]
	switch {
	case need == "":
		return pathNotFound()
	case v.since(10, 0) && !c.may(need):
		return restForbidden()
	case segments[1] == "blob":
		s.rest.purgeAfter = r.n
	case segments[1] == "data" && len(segments) > 2 && segments[2] != "db" && segments[2] != "default":
		return pathNotFound()
	case segments[1] == "account":
		return s.purgeAccount(segments[2:])
	}
	return done
}

// purgeAccount counts the purge of living accounts: a careful client makes none.
func (s *Server) purgeAccount(segments []string) response {
	s.rest.accountPurges++
	if len(segments) > 0 {
		if !s.rest.v.since(9, 0) {
			return pathNotFound()
		}
		if s.rest.rows[s.rest.v.decode(segments[0])] == nil {
			return jsonResponse(map[string]any{"error": "notFound", "item": ""})
		}
	}
	return jsonResponse(map[string]any{"data": nil})
}

// finishRESTPurge does a purge that was asked for.
func (s *Server) finishRESTPurge() {
	if s.rest.purgeAfter == 0 {
		return
	}
	s.rest.purgeAfter = 0
	s.blobs.purge(s.opt.Now())
	s.log.purges++
}
