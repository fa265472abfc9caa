package stalwart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"syncagent/internal/reconcile"
)

// recordFields are the properties of a principal that a record keeps. Whatever
// else the server tells stays out: "secrets" has passwords, in plain text with
// some directories.
var recordFields = []string{
	"id", "type", "name", "description", "emails", "roles", "quota", "usedQuota", "lists", "memberOf", "members",
	"enabledPermissions", "disabledPermissions", "externalMembers", "urls", "locale", "picture",
}

// Record gives an account's name and its row without passwords, or a nil record
// if a complete listing does not have it. JMAP of these versions answers for an
// ID that does not exist as if it were empty, and writes default folders for it:
// ask here before and after using the other methods. They ask by themselves
// where that was not done since the account was last destroyed or not found.
func (s *restServer) Record(ctx context.Context, id reconcile.AccountID) (name string, record json.RawMessage, err error) {
	p, err := s.locate(ctx, id)
	if _, gone := errors.AsType[*NotFoundError](err); gone {
		s.prove(id, false)
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	r, err := s.on("GET", p.Name, "individual-get")
	if err != nil {
		return "", nil, err
	}
	body, err := s.send(ctx, r, p.Name)
	if errors.Is(err, errNoAccount) {
		return "", nil, &ConflictError{}
	}
	if err != nil {
		return "", nil, err
	}
	var all map[string]json.RawMessage
	if err := data(body, &all); err != nil {
		return "", nil, err
	}
	var again principal
	if err := data(body, &again); err != nil {
		return "", nil, err
	}
	if again.ID == nil || decimalID(*again.ID) != id || again.Name != p.Name {
		return "", nil, &ConflictError{}
	}
	kept := map[string]json.RawMessage{}
	for _, field := range recordFields {
		if raw, ok := all[field]; ok {
			kept[field] = raw
		}
	}
	record, err = encodeJSON(kept)
	s.prove(id, true)
	return p.Name, record, err
}

// prove notes whether an account was seen to exist.
func (s *restServer) prove(id reconcile.AccountID, exists bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if exists {
		s.proven[id] = true
		return
	}
	delete(s.proven, id)
	delete(s.raw, id)
}

// mailID gives the ID of an account in the form of JMAP once it is known that
// the account exists: no ID is touched that was destroyed, or never looked up.
func (s *restServer) mailID(ctx context.Context, id reconcile.AccountID) (reconcile.AccountID, error) {
	n, err := number(id)
	if err != nil {
		return "", err
	}
	if s.mail == nil {
		return "", s.unsupported("let an API key read mail", "use server.username and server.password of an administrator")
	}
	s.mu.Lock()
	proven := s.proven[id]
	s.mu.Unlock()
	if !proven {
		_, record, err := s.Record(ctx, id)
		if err != nil {
			return "", err
		}
		if record == nil {
			return "", &NotFoundError{Account: id}
		}
	}
	return jmapID(n), nil
}

// groupware are the types that JMAP has since 0.14.
var groupware = []string{"AddressBook", "ContactCard", "Calendar", "CalendarEvent", "FileNode"}

// List is as on 0.16. NotReadableError says which types JMAP of this version
// does not show.
func (s *restServer) List(ctx context.Context, id reconcile.AccountID, kind string) (ids []string, state string, err error) {
	mail, err := s.mailID(ctx, id)
	if err != nil {
		return nil, "", err
	}
	if kind == KindRaw {
		return s.listRaw(ctx, id)
	}
	if slices.Contains(groupware, kind) && !s.version.since(14, 0) {
		return nil, "", s.hidden(kind)
	}
	return s.mail.List(ctx, mail, kind)
}

// hidden says why JMAP has no objects of a type.
func (s *restServer) hidden(kind string) error {
	if s.version.before(12, 0) {
		return &NotReadableError{Kind: kind, Why: "Stalwart " + s.version.String() + " has no contacts, calendars and files"}
	}
	return &NotReadableError{Kind: kind, Why: "JMAP of Stalwart " + s.version.String() +
		" does not show contacts, calendars and files; they are kept as they are over WebDAV"}
}

// eventProperties are those of RFC 8984 and of JMAP for calendars without
// isOrigin: asked for it, 0.15.5 gives serverUnavailable once the user has left
// the directory (measured).
var eventProperties = []string{
	"id", "calendarIds", "isDraft", "@type", "uid", "relatedTo", "prodId", "created", "updated", "sequence", "title",
	"description", "descriptionContentType", "showWithoutTime", "locations", "virtualLocations", "links", "locale",
	"keywords", "categories", "color", "recurrenceId", "recurrenceIdTimeZone", "recurrenceRules",
	"excludedRecurrenceRules", "recurrenceOverrides", "excluded", "priority", "freeBusyStatus", "privacy", "replyTo",
	"participants", "useDefaultAlerts", "alerts", "localizations", "timeZone", "timeZones", "start", "duration", "status",
}

// fileProperties name blobId, which 0.15.5 gives only when asked for.
var fileProperties = []string{"id", "name", "parentId", "blobId", "size", "type"}

// Objects is as on 0.16.
func (s *restServer) Objects(ctx context.Context, id reconcile.AccountID, kind string, ids, properties []string,
	yield func(json.RawMessage) error,
) (missing int, err error) {
	mail, err := s.mailID(ctx, id)
	if err != nil {
		return 0, err
	}
	switch {
	case kind == KindRaw:
		return s.rawObjects(id, ids, yield)
	case kind == "FileNode" && properties == nil:
		properties = fileProperties
	case kind == "CalendarEvent" && properties == nil && len(ids) > 0:
		if properties, err = s.eventProperties(ctx, mail, ids[0]); err != nil {
			return 0, err
		}
	}
	return s.mail.Objects(ctx, mail, kind, ids, properties, yield)
}

// eventProperties finds out with one event whether all properties can be had
// (nil), or those without isOrigin.
func (s *restServer) eventProperties(ctx context.Context, mail reconcile.AccountID, first string) ([]string, error) {
	_, err := s.mail.Objects(ctx, mail, "CalendarEvent", []string{first}, nil, func(json.RawMessage) error { return nil })
	if u, ok := errors.AsType[*UnreachableError](err); ok && u.Reason == errUnavailable.Error() {
		return eventProperties, nil
	}
	return nil, err
}

// Blob is as on 0.16; it also gives the contents of KindRaw.
func (s *restServer) Blob(ctx context.Context, id reconcile.AccountID, blobID string, begin func() (io.Writer, error)) (found bool, err error) {
	mail, err := s.mailID(ctx, id)
	if err != nil {
		return false, err
	}
	if path, ok := s.rawPath(id, blobID); ok {
		return s.http.download(ctx, transfer{path: "/dav", segment: path}, begin)
	}
	return s.mail.Blob(ctx, mail, blobID, begin)
}

// NotReadableError says that the server for certain does not let objects of a
// type be read. It is no passing failure.
type NotReadableError struct {
	Kind string
	Why  string // empty: there can be none
	// Lost is true if there may be objects that nothing else shows.
	Lost bool
}

func (e *NotReadableError) Error() string {
	if e.Why == "" {
		return fmt.Sprintf("the mail server has no objects of type %s", e.Kind)
	}
	return e.Why
}

// Omitted tells why the type is missing, and whether something may be lost.
func (e *NotReadableError) Omitted() (why string, lost bool) { return e.Why, e.Lost }
