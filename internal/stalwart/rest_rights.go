package stalwart

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"syncagent/internal/reconcile"
)

// oauthAnswer is what POST /api/oauth tells. The code in it could be made a
// token of the caller within ten minutes: it is not read.
type oauthAnswer struct {
	Data *struct {
		Version         string   `json:"version"`
		Permissions     []string `json:"permissions"`
		IsEnterprise    *bool    `json:"isEnterprise"`
		OldIsAdmin      *bool    `json:"is_admin"`
		OldIsEnterprise *bool    `json:"is_enterprise"`
	} `json:"data"`
}

// readRights asks for permissions and, since 0.11, the version. The endpoint
// exists since 0.7.0; the spelling of its argument changed with 0.11.0, and the
// wrong one is refused without effect.
func (s *restServer) readRights(ctx context.Context) error {
	if s.version.before(7, 0) {
		return nil
	}
	spellings := []string{"code", "Code"}
	if s.version.before(11, 0) {
		spellings = []string{"Code"}
	} else if s.version.since(11, 0) {
		spellings = []string{"code"}
	}
	for i, spelling := range spellings {
		body := []byte(`{"type":"` + spelling + `","client_id":"probe","redirect_uri":null}`)
		resp, err := s.http.exchange(ctx, request{method: "POST", path: pathOAuth, body: body, permission: "authenticate-oauth"})
		if _, refused := errors.AsType[*RefusedError](err); refused && i+1 < len(spellings) {
			continue
		}
		if f, ok := errors.AsType[*ForbiddenError](err); ok && f.Permission == "authenticate-oauth" {
			return nil // decided by abilities
		}
		if errors.Is(err, errMissing) {
			return &WrongGenerationError{Found: "it has no " + pathOAuth}
		}
		if err != nil {
			return err
		}
		return s.takeRights(resp.body)
	}
	return nil
}

func (s *restServer) takeRights(body []byte) error {
	var a oauthAnswer
	if json.Unmarshal(body, &a) != nil || a.Data == nil {
		return &MalformedError{Reason: pathOAuth + " does not answer as expected"}
	}
	d := a.Data
	s.info.Edition = "oss"
	if d.IsEnterprise != nil && *d.IsEnterprise || d.OldIsEnterprise != nil && *d.OldIsEnterprise {
		s.info.Edition = "enterprise"
	}
	switch {
	case d.Version != "":
		told, ok := reported(d.Version)
		if !ok || told.before(11, 0) {
			return &WrongGenerationError{Found: "it says that it is version " + s.http.creds.redact(d.Version)}
		}
		if err := s.meet(told); err != nil {
			return err
		}
	case d.Permissions != nil:
		if err := s.meet(span{release{10, 0}, release{10, lastPatch}}); err != nil {
			return err
		}
	case d.OldIsAdmin == nil:
		return &MalformedError{Reason: pathOAuth + " tells neither permissions nor whether the login is an administrator"}
	case !*d.OldIsAdmin:
		return &ForbiddenError{Permission: "administrator", Detail: "the login is an ordinary user"}
	case d.OldIsEnterprise == nil: // told since 0.8.5
		return s.meet(span{release{7, 0}, release{8, 4}})
	default:
		return s.meet(span{release{8, 5}, release{9, lastPatch}})
	}
	s.permissions = make(map[string]bool, len(d.Permissions))
	for _, p := range d.Permissions {
		s.permissions[p] = true
	}
	return nil
}

// restNeeds are the permissions of each ability since 0.10 (stalwart-rest, 2.8).
var restNeeds = []MissingPermissions{
	{"delete", []string{"individual-delete", "individual-get"}},
	{"list", []string{"individual-get", "individual-list"}},
	{"purge", []string{"purge-blob-store"}},
	{"rename", []string{"individual-get", "individual-update"}},
	{"suspend", []string{"individual-get", "individual-update"}},
	{"twin", []string{"impersonate", "jmap-email-query", "jmap-mailbox-get", "jmap-sieve-script-get"}},
	{"export", []string{
		"impersonate", "jmap-email-get", "jmap-email-query", "jmap-identity-get", "jmap-mailbox-get", "jmap-sieve-script-get",
		"jmap-vacation-response-get",
	}},
	{"restore", []string{
		"impersonate", "jmap-email-get", "jmap-email-import", "jmap-email-query", "jmap-identity-get", "jmap-identity-set",
		"jmap-mailbox-get", "jmap-mailbox-set", "jmap-sieve-script-get", "jmap-sieve-script-set",
		"jmap-vacation-response-get", "jmap-vacation-response-set",
	}},
}

// restNeeds12 and restNeeds14 are what the contacts, calendars and files of
// 0.12 and 0.13, and of 0.14 and 0.15 need besides.
var (
	restNeeds12 = map[string][]string{
		"export": {
			"dav-cal-get", "dav-cal-prop-find", "dav-card-get", "dav-card-prop-find", "dav-file-get", "dav-file-prop-find",
		},
	}
	restNeeds14 = map[string][]string{
		"export": {
			"jmap-address-book-get", "jmap-calendar-event-get", "jmap-calendar-event-query", "jmap-calendar-get",
			"jmap-contact-card-get", "jmap-contact-card-query", "jmap-file-node-get", "jmap-file-node-query",
		},
		"restore": {
			"jmap-address-book-get", "jmap-address-book-set", "jmap-calendar-event-get", "jmap-calendar-event-query",
			"jmap-calendar-event-set", "jmap-calendar-get", "jmap-calendar-set", "jmap-contact-card-get",
			"jmap-contact-card-query", "jmap-contact-card-set", "jmap-file-node-get", "jmap-file-node-query",
			"jmap-file-node-set",
		},
	}
)

// needs adds what the version has more than mail.
func (s *restServer) needs(ability MissingPermissions) MissingPermissions {
	switch {
	case s.version.since(14, 0):
		ability.Permissions = slices.Concat(ability.Permissions, restNeeds14[ability.Ability])
	case s.version.since(12, 0):
		ability.Permissions = slices.Concat(ability.Permissions, restNeeds12[ability.Ability])
	}
	return ability
}

// decideAbilities says what the version and the permissions allow.
func (s *restServer) decideAbilities(configured bool) {
	can := &s.info.Can
	all := map[string]*bool{
		"delete": &can.Delete, "list": &can.List, "purge": &can.Purge, "rename": &can.Rename,
		"suspend": &can.Suspend, "twin": &can.Twin, "export": &can.Export, "restore": &can.Restore,
	}
	for _, need := range restNeeds {
		lacking := s.lacking(s.needs(need), configured)
		*all[need.Ability] = len(lacking) == 0
		if len(lacking) > 0 && s.possible(need.Ability) {
			s.info.Missing = append(s.info.Missing, MissingPermissions{need.Ability, lacking})
		}
	}
	for ability, flag := range all {
		*flag = *flag && s.possible(ability)
	}
	for _, ability := range []string{"delete", "rename", "suspend"} {
		if !s.possible(ability) {
			s.info.Never = append(s.info.Never, ability)
		}
	}
	s.limitByVersion()
}

// lacking gives the missing permissions of an ability. Where they cannot be read
// and no version is configured, only listing is trusted.
func (s *restServer) lacking(need MissingPermissions, configured bool) []string {
	switch {
	case s.version.before(10, 0):
		return nil // an administrator may do all
	case s.permissions != nil:
		return lackingOf(s.permissions, need.Permissions)
	case configured || need.Ability == "list":
		return nil
	}
	return []string{"authenticate-oauth"}
}

// possible tells whether the version and the kind of login allow an ability.
func (s *restServer) possible(ability string) bool {
	harmless := !s.version.has(12, 0)
	switch ability {
	case "rename":
		return harmless && (s.version.before(7, 0) || s.version.since(10, 0))
	case "suspend":
		return harmless && s.version.since(10, 0)
	case "delete":
		return harmless
	case "twin", "export", "restore":
		return !s.http.creds.apiKey
	}
	return true
}

// limitByVersion says in words what the version cannot do.
func (s *restServer) limitByVersion() {
	warn := func(code, message, hint string) {
		s.info.Warnings = append(s.info.Warnings, reconcile.Reason{Code: code, Message: message, Hint: hint})
	}
	version := "Stalwart " + s.version.String()
	if s.version.has(12, 0) {
		warn("id-collision", version+" may give a new account the ID of another one; nothing is renamed, suspended or deleted on it",
			"upgrade to 0.12.2 or later; or set server.generation to the exact version if it is not 0.12.0")
	}
	if !s.version.before(7, 0) && !s.version.since(10, 0) {
		warn("rename-unsupported", version+" refuses to rename accounts of an external directory", "upgrade to 0.10 or later")
	}
	if s.version.before(10, 0) {
		warn("suspend-unsupported", version+" cannot cut the access of an account", "upgrade to 0.10 or later")
		warn("groups-look-like-users", version+" shows groups of the directory as ordinary users",
			"only accounts that the directory lists as persons are touched")
	}
	if !s.possible("export") {
		warn("export-unavailable", "API keys cannot read mail before 0.16",
			"use server.username and server.password of an administrator, or do not require an export")
	}
	if s.permissions == nil && s.version.since(10, 0) {
		warn("permissions-unknown", "the permissions of the login cannot be read",
			"add authenticate-oauth to the permissions of the API key")
	}
	if s.permissions != nil && !s.listsGroups() {
		warn("groups-not-listed", "the login may not list groups, so a name that a group has is seen only when it is refused",
			"add group-list and group-get to the permissions of the API key")
	}
}

// listsGroups tells whether a listing may ask for groups, too.
func (s *restServer) listsGroups() bool {
	return s.permissions["group-list"]
}
