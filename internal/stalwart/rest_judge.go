package stalwart

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// errNoAccount is how servers up to 0.8 say that a name has no principal; an
// unknown route, or a login that is no administrator, differs by the title only.
var errNoAccount = errors.New("no such account")

// limitPause is how long to wait after a 429: limits of 0.5 to 0.15 are per
// minute, and the answer does not say how long (measured on 0.15.5).
const limitPause = time.Minute

// restProblem is the problem document of 0.5 to 0.15 as far as it decides.
type restProblem struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Limit  string `json:"limit"`
}

// judgeREST turns the HTTP status of an answer of 0.5 to 0.15 into an error. A
// 200 says nothing yet: the body may be an error, too.
func (t *transport) judgeREST(r request, resp *response) error {
	var p restProblem
	_ = json.Unmarshal(resp.body, &p)
	switch s := resp.status; {
	case s >= 200 && s < 300:
		return nil
	case s >= 300 && s < 400:
		return &MalformedError{Reason: "it redirects to " + redirectTarget(resp.header) + ", which is not followed"}
	case s == http.StatusUnauthorized:
		return t.stop(&UnauthorizedError{})
	case s == http.StatusPaymentRequired, s == http.StatusForbidden && p.Title == "TOTP code required":
		return t.stop(&UnauthorizedError{SecondFactor: true})
	case s == http.StatusForbidden && p.Detail == "You do not have enough permissions to access this resource.":
		return &ForbiddenError{Permission: r.permission}
	case s == http.StatusForbidden:
		return t.stop(&BannedError{Status: s})
	case s == http.StatusNotFound && p.Title == "Not found" && p.Detail == "Account not found.":
		return errNoAccount
	case s == http.StatusNotFound:
		return errMissing
	case s == http.StatusTooManyRequests && p.Title == "Too Many Authentication Attempts":
		return t.stop(&BannedError{Status: s})
	case s == http.StatusTooManyRequests:
		return &RateLimitedError{RetryAfter: t.limitPause}
	case s == http.StatusBadRequest && p.Limit == "maxConcurrentRequests":
		return errBusy
	case s == http.StatusBadRequest:
		return &RefusedError{Type: "HTTP 400", Detail: t.creds.redact(p.Title)}
	case s >= 500:
		return serverTrouble(r, s)
	}
	return &MalformedError{Reason: fmt.Sprintf("unexpected HTTP status %d", resp.status)}
}
