package agent_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"syncagent/internal/config"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// TestCredentialsOfLeaversEndAndAreCounted: app passwords, API keys and tokens
// open the account of someone who left, until it is suspended or deleted.
func TestCredentialsOfLeaversEndAndAreCounted(t *testing.T) {
	for _, c := range []struct {
		event  reconcile.ActionKind
		status int
		make   func(t *testing.T) *world
	}{
		{reconcile.ActSuspend, http.StatusForbidden, func(t *testing.T) *world { t.Helper(); return suspending(t, config.MissingSuspend) }},
		{reconcile.ActDelete, http.StatusUnauthorized, func(t *testing.T) *world { t.Helper(); return settled(t, 40, exporting) }},
	} {
		t.Run(string(c.event), func(t *testing.T) {
			w := c.make(t)
			id := w.account("u00@example.org").ID
			w.server.AddAppPassword(id, "phone")
			secrets := []string{w.server.AddAPIKey(id, stalwarttest.APIKey{}), w.server.AddAPIKey(id, stalwarttest.APIKey{}), w.server.AddOAuthToken(id)}
			w.leave("p00")
			for range 6 {
				for _, secret := range secrets {
					if got := w.reaches(secret); got != http.StatusOK {
						t.Fatalf("before: HTTP %d", got)
					}
				}
				rep := w.sync()
				if rep.Result.Counts.Suspend+rep.Result.Counts.Delete == 0 {
					continue
				}
				last := rep.Result.Results[len(rep.Result.Results)-1]
				if !strings.Contains(last.Hint, "1 app passwords and 2 API keys") {
					t.Errorf("the report does not count them: %+v", last)
				}
				break
			}
			for i, secret := range secrets {
				if got := w.reaches(secret); got != c.status {
					t.Errorf("secret %d still gets HTTP %d", i, got)
				}
			}
			records := w.audited(string(c.event), "done")
			if len(records) != 1 || fmt.Sprint(records[0]["logins_ended"]) != "[app passwords 1 API keys 2]" {
				t.Errorf("audit: %v", records)
			}
		})
	}
}
