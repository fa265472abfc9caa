package sqlsrc

import (
	"context"
	"fmt"
	"time"

	"syncagent/internal/reconcile"
)

// Status is how a check of Probe ended.
type Status string

// The statuses.
const (
	StatusOK      Status = "ok"
	StatusWarning Status = "warning"
	StatusFailure Status = "failure"
)

// Check is one line of Probe.
type Check struct {
	Name    string
	Status  Status
	Message string
	Hint    string
}

// Probe tries everything that the source needs and changes nothing. It reads
// one whole snapshot and looks one of its people up. A failure does not stop
// the checks that do not need it.
func (s *Source) Probe(ctx context.Context) []Check {
	var sample reconcile.Entry
	start := time.Now()
	evidence, err := s.Snapshot(ctx, func(e reconcile.Entry) error {
		if sample.ID == "" && len(e.Names) > 0 {
			sample = e
		}
		return nil
	})
	var checks []Check
	for _, r := range evidence.Reasons {
		checks = append(checks, Check{Name: "snapshot", Status: StatusFailure, Message: r.Message, Hint: r.Hint})
	}
	if err != nil {
		return checks
	}
	if evidence.Complete {
		checks = append(checks, Check{Name: "snapshot", Status: StatusOK, Message: fmt.Sprintf(
			"%d people read from %s in %v, and counted", evidence.Entries, evidence.Server, time.Since(start).Round(time.Millisecond))})
	}
	for _, r := range evidence.Warnings {
		checks = append(checks, Check{Name: "values", Status: StatusWarning, Message: r.Message, Hint: r.Hint})
	}
	if evidence.IDReusable {
		checks = append(checks, Check{
			Name: "stable ID", Status: StatusWarning,
			Message: fmt.Sprintf("the column %s is no UUID: the database might hand an ID out again", s.opts.ID),
			Hint:    "If it never does, set id_never_reused: true; else map same_person.",
		})
	}
	return append(checks, s.probeLookup(ctx, sample)...)
}

func (s *Source) probeLookup(ctx context.Context, sample reconcile.Entry) []Check {
	const name = "look-up"
	fail := func(status Status, message, hint string) []Check {
		return []Check{{Name: name, Status: status, Message: message, Hint: hint}}
	}
	switch {
	case s.opts.Lookup == "":
		return fail(StatusWarning, "sql.lookup is not configured, so nobody can be deleted",
			"Add a query for one ID, best without the conditions of sql.query.")
	case sample.ID == "":
		return fail(StatusWarning, "there is nobody with a name to try the look-up with", "")
	}
	session, err := s.OpenLookup(ctx, "")
	if err != nil {
		r := reasonOf(err)
		return fail(StatusFailure, r.Message, r.Hint)
	}
	defer func() { _ = session.Close() }()
	result, err := session.Lookup(ctx, reconcile.LookupRequest{Control: sample.ID, ID: sample.ID, Names: sample.Names[:1]})
	switch {
	case err != nil:
		r := reasonOf(err)
		return fail(StatusFailure, r.Message, r.Hint)
	case result.ID != reconcile.PresenceFound || result.Identity != reconcile.PresenceFound:
		return fail(StatusFailure, fmt.Sprintf("a person of the snapshot (%s) is not found again: %s", sample.Label, result.Reason),
			"Compare sql.lookup with sql.query: it must find the same people by ID.")
	}
	// What is found by ID inside the query alone does not prove the look-up.
	result, err = session.Lookup(ctx, reconcile.LookupRequest{Control: sample.ID, ID: s.strangerOf(sample.ID)})
	if err != nil || result.ID != reconcile.PresenceAbsent {
		return fail(StatusFailure, "sql.lookup cannot prove that an ID is absent: "+result.Reason,
			"Check that sql.lookup selects by the column of map.id alone.")
	}
	return []Check{{Name: name, Status: StatusOK, Message: "by ID and by name, proven with " + sample.Label}}
}

// strangerOf makes an ID of the same form that nobody is likely to have.
func (s *Source) strangerOf(id reconcile.StableID) reconcile.StableID {
	switch {
	case isCanonicalUUID(string(id)):
		return "00000000-0000-4000-8000-000000000000"
	case integerForms(string(id)) != nil:
		return "2147483646"
	case len(id) > 4 && id[:4] == "hex:":
		return "hex:00"
	}
	return "syncagent-nobody"
}
