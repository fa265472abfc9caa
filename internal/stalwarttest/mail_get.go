package stalwarttest

import (
	"maps"
	"strings"
	"time"
)

// mailMethods lists the methods on the contents of an account.
func mailMethods(table map[string]method) {
	add := func(capability, name string, run func(*call) (any, *methodError)) {
		object, verb, _ := strings.Cut(name, "/")
		permission := "jmap" + object + strings.ToUpper(verb[:1]) + verb[1:]
		if verb == "set" {
			permission = "" // checked per operation
		}
		table[name] = method{"urn:ietf:params:jmap:" + capability, permission, run}
	}
	add("mail", "Mailbox/get", (*call).mailboxGet)
	add("mail", "Mailbox/set", (*call).mailboxSet)
	add("mail", "Email/query", (*call).emailQuery)
	add("mail", "Email/get", (*call).emailGet)
	add("mail", "Email/set", (*call).emailSet)
	add("mail", "Email/import", (*call).emailImport)
	add("mail", "Email/copy", (*call).emailCopy)
	add("vacationresponse", "VacationResponse/get", (*call).vacationGet)
	add("vacationresponse", "VacationResponse/set", (*call).vacationSet)
	add("quota", "Quota/get", (*call).quotaGet)
	for object, capability := range map[string]string{
		"SieveScript": "sieve", "Identity": "submission",
		"AddressBook": "contacts", "ContactCard": "contacts", "Calendar": "calendars", "CalendarEvent": "calendars",
		"FileNode": "filenode",
	} {
		add(capability, object+"/get", (*call).itemGet)
		add(capability, object+"/set", (*call).itemSet)
		switch object {
		case "ContactCard", "CalendarEvent", "FileNode", "SieveScript":
			add(capability, object+"/query", (*call).itemQuery)
		}
	}
	table["Principal/query"] = method{
		"urn:ietf:params:jmap:principals", "jmapPrincipalQuery",
		func(*call) (any, *methodError) { return nil, errNotAllowed },
	}
	table["Core/echo"] = method{
		"urn:ietf:params:jmap:core", "jmapCoreEcho",
		func(c *call) (any, *methodError) { return c.args, nil },
	}
}

// listObjects is the standard /get of mail types: like the registry's, plus a state.
func (c *call) listObjects(state string, ids []uint64, one func(uint64) map[string]any) (any, *methodError) {
	body, fail := c.getObjects(getter{all: func() []uint64 { return ids }, one: one})
	if fail != nil {
		return nil, fail
	}
	if full, ok := body.(map[string]any); ok {
		full["state"] = state
	}
	return body, nil
}

// vacation gives the singleton with its defaults.
func (st *mailStore) vacationJSON() map[string]any {
	full := map[string]any{"isEnabled": false, "fromDate": nil, "toDate": nil, "subject": nil, "textBody": nil, "htmlBody": nil}
	if st != nil {
		maps.Copy(full, st.vacation)
	}
	return full
}

func (c *call) vacationGet() (any, *methodError) {
	st, dead := c.mailOf()
	state := "n"
	if dead == nil {
		state = st.state()
	}
	body, fail := c.getSingleton(st.vacationJSON())
	if full, ok := body.(map[string]any); ok {
		full["state"] = state
	}
	return body, fail
}

// SetVacation sets the vacation response of an account.
func (s *Server) SetVacation(id AccountID, enabled bool, subject, textBody string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &s.mustAccount(id).store
	st.vacation = map[string]any{"isEnabled": enabled, "subject": subject, "textBody": textBody}
	st.changes++
}

func parseStamp(text string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, text)
	return t, err == nil
}
