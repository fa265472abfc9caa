package crash

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"syncagent/internal/stalwarttest"
)

// trouble is one way in which the mail server misbehaves at one request.
type trouble struct {
	name  string
	fault stalwarttest.Fault
	// codes are what the run may end with: 0 if it got over it, 3 if something has
	// to be tried again, 6 if the server was unusable.
	codes []int
	// last: not one more request may follow.
	last bool
	// writes: only for requests that write.
	writes bool
	// slow troubles are played less often in the short form.
	slow bool
}

var (
	lightly  = []int{0, 3, 6}
	troubles = []trouble{
		{name: "cut before the work", fault: stalwarttest.Fault{Drop: stalwarttest.DropFirst}, codes: lightly},
		{name: "cut after the work", fault: stalwarttest.Fault{Drop: stalwarttest.DropLast}, codes: lightly},
		{name: "500 after the work", fault: stalwarttest.Fault{Status: http.StatusInternalServerError}, codes: lightly},
		{name: "500 without the work", fault: stalwarttest.Fault{Status: http.StatusInternalServerError, SkipWork: true}, codes: lightly},
		{name: "503 without the work", fault: stalwarttest.Fault{Status: http.StatusServiceUnavailable, SkipWork: true}, codes: lightly},
		{name: "503 from here on", fault: stalwarttest.Fault{Status: http.StatusServiceUnavailable, SkipWork: true, Times: -1}, codes: []int{3, 6}, slow: true},
		{name: "429 with Retry-After", fault: stalwarttest.Fault{
			Status: http.StatusTooManyRequests, SkipWork: true,
			Header: http.Header{"Retry-After": {"1"}},
		}, codes: []int{0}, slow: true},
		{name: "an answer after the timeout", fault: stalwarttest.Fault{Delay: 5 * time.Second}, codes: lightly, slow: true},
		{name: "401", fault: stalwarttest.Fault{Status: http.StatusUnauthorized, SkipWork: true, Times: -1}, codes: []int{6}, last: true},
		{name: "403", fault: stalwarttest.Fault{Status: http.StatusForbidden, SkipWork: true, Times: -1}, codes: []int{6}, last: true},
		{name: "serverUnavailable for accounts", fault: stalwarttest.Fault{FailMethod: "x:Account/set"}, codes: []int{0}, writes: true},
		{name: "serverFail for accounts", fault: stalwarttest.Fault{FailMethod: "x:Account/set", FailType: "serverFail"}, codes: lightly, writes: true},
	}
)

// TestServerFaults lets the mail server misbehave at every request, in every
// way, and then be well again.
func TestServerFaults(t *testing.T) {
	playAll(t, func(ref *reference) []scene {
		var scenes []scene
		for n := 1; n <= ref.requests; n++ {
			for i, x := range troubles {
				step := 29
				if x.slow {
					step = 97
				}
				always := ref.writing(n) && !x.slow && strings.Contains(ref.calls[n-1], "x:Account/set") && i%3 == n%3
				if x.writes && !ref.writing(n) || !always && !sample(n+3*i, step) {
					continue
				}
				scenes = append(scenes, scene{
					name: numbered(n, x.name, ref.calls[n-1]), runs: 2,
					play: func(ctx context.Context, l *life) error { return l.runTroubled(ctx, x, n, n > ref.lastAction()) },
				})
			}
		}
		return scenes
	})
}

// runTroubled makes a run that meets the trouble at the n-th request. Once all
// actions are done, what fails (ending cached logins, watching, the purge) is
// told, but is no failure of the run.
func (l *life) runTroubled(ctx context.Context, x trouble, n int, tail bool) error {
	fault := x.fault
	fault.Nth = n
	defer l.server.Inject(fault)()
	counts.add(&counts.faults)
	before := l.server.Requests()
	r := l.run(ctx, "sync")
	codes := x.codes
	if n <= dialing && !x.last {
		codes = append([]int{6}, codes...)
	}
	if tail {
		codes = append([]int{0}, codes...)
	}
	if !slices.Contains(codes, r.code) {
		return fmt.Errorf("exit %d, want one of %v: %s", r.code, codes, r)
	}
	// The first request has no credentials; 401 is how an older server answers it.
	if seen := l.server.Requests() - before; x.last && !tail && n > 1 && seen != int64(n) {
		return fmt.Errorf("%d requests followed the refusal: %s", seen-int64(n), r)
	}
	return nil
}

// dialing is the number of requests in which the program finds out what the
// server is; it may stop at any trouble there.
const dialing = 12

// TestTwinComesBetween lets people log in under their new name again between
// any two calls of the requests that write, which makes a new twin each time.
func TestTwinComesBetween(t *testing.T) {
	playAll(t, func(ref *reference) []scene {
		var scenes []scene
		for n := 1; n <= ref.requests; n++ {
			if !strings.Contains(ref.calls[n-1], "x:Account/set") {
				continue
			}
			for index := range 8 {
				for _, id := range []string{"p00", "p06", "p09", "p11"} {
					if !sample(n+index, 12) {
						continue
					}
					scenes = append(scenes, scene{
						name: fmt.Sprintf("request %d (%s): %s logs in before call %d", n, ref.calls[n-1], id, index+1),
						runs: 3, codes: []int{3},
						play: func(ctx context.Context, l *life) error { return l.runTwinned(ctx, id, n, index) },
					})
				}
			}
		}
		return scenes
	})
}

func (l *life) runTwinned(ctx context.Context, id string, n, index int) error {
	counts.add(&counts.faults)
	var err error
	fault := stalwarttest.Fault{Nth: n, BetweenCalls: func(_ stalwarttest.Call, at int) {
		if at == index {
			_, err = l.server.Login(after()[id].mail, secret(id))
		}
	}}
	defer l.server.Inject(fault)()
	r := l.run(ctx, "sync")
	if r.code != 0 && r.code != 3 {
		return fmt.Errorf("run: %s", r)
	}
	return err
}
