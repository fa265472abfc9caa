package stalwarttest

import "slices"

// session is the session document: 200 also without credentials, but then without accounts.
func (s *Server) session(r *request) response {
	s.mu.Lock()
	defer s.mu.Unlock()
	base := s.opt.AdvertisedURL
	if base == RelativeURLs {
		base = ""
	}
	doc := map[string]any{
		"capabilities": s.topCapabilities(), "accounts": map[string]any{}, "primaryAccounts": map[string]any{},
		"username": "", "apiUrl": base + "/jmap/",
		"downloadUrl":    base + "/jmap/download/{accountId}/{blobId}/{name}?accept={type}",
		"uploadUrl":      base + "/jmap/upload/{accountId}/",
		"eventSourceUrl": base + "/jmap/eventsource/?types={types}&closeafter={closeafter}&ping={ping}",
		"state":          "0",
	}
	if r.who == nil {
		return jsonResponse(doc)
	}
	id, name := FormatID(r.who.id()), s.opt.Admin.Name
	if a := r.who.account; a != nil {
		name = s.emailAddress(a.name, a.domain)
	}
	primary, own := map[string]any{}, map[string]any{}
	for _, urn := range accountCapabilities(r.who) {
		primary[urn], own[urn] = id, map[string]any{}
	}
	accounts := map[string]any{id: sessionAccount(name, true, own)}
	for _, other := range s.visibleAccounts(r.who) {
		accounts[FormatID(other.id)] = sessionAccount(s.emailAddress(other.name, other.domain), false, own)
	}
	doc["accounts"], doc["primaryAccounts"], doc["username"], doc["state"] = accounts, primary, name, sessionState
	return jsonResponse(doc)
}

func sessionAccount(name string, personal bool, capabilities map[string]any) map[string]any {
	return map[string]any{"name": name, "isPersonal": personal, "isReadOnly": false, "accountCapabilities": capabilities}
}

// visibleAccounts are the groups of the caller and the accounts that share something with it.
func (s *Server) visibleAccounts(who *token) []*account {
	if who.account == nil {
		return nil
	}
	var visible []*account
	for _, id := range s.order {
		a := s.accounts[id]
		if id != who.account.id && (containsID(who.account.groups, id) || a.store.sharedWith(who.account.id)) {
			visible = append(visible, a)
		}
	}
	return visible
}

func (s *Server) topCapabilities() map[string]any {
	out := map[string]any{}
	for _, urn := range capabilities {
		out[urn] = map[string]any{}
	}
	out["urn:ietf:params:jmap:core"] = map[string]any{
		"maxSizeUpload": 50_000_000, "maxConcurrentUpload": 4, "maxSizeRequest": maxSizeRequest,
		"maxConcurrentRequests": maxConcurrentRequests, "maxCallsInRequest": maxCallsInRequest,
		"maxObjectsInGet": s.opt.MaxObjects, "maxObjectsInSet": s.opt.MaxObjects,
		"collationAlgorithms": []string{"i;ascii-numeric", "i;ascii-casemap", "i;unicode-casemap"},
	}
	return out
}

// accountCapabilities leaves out what the caller has no permission for.
func accountCapabilities(who *token) []string {
	needs := map[string]string{
		"urn:ietf:params:jmap:submission":      "jmapEmailSubmissionGet",
		"urn:ietf:params:jmap:contacts:parse":  "jmapContactCardParse",
		"urn:ietf:params:jmap:calendars:parse": "jmapCalendarEventParse",
	}
	var out []string
	for _, urn := range slices.Concat(capabilities, accountOnly) {
		if urn == "urn:ietf:params:jmap:core" || urn == "urn:ietf:params:jmap:webpush-vapid" {
			continue
		}
		if permission := needs[urn]; permission == "" || who.may(permission) {
			out = append(out, urn)
		}
	}
	return out
}

// apiAccount is GET /api/account, the only place where a client can read its own permissions.
func (s *Server) apiAccount(r *request) response {
	s.mu.Lock()
	defer s.mu.Unlock()
	locale := "en_US"
	if r.who.account == nil {
		locale = "POSIX"
	}
	return jsonResponse(map[string]any{"permissions": r.who.list(), "edition": "oss", "locale": locale})
}
