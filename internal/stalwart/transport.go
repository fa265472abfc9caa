package stalwart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/time/rate"
)

// request is one HTTP request to a fixed path.
type request struct {
	method  string
	path    string
	query   string
	body    []byte
	methods []string
	// write marks what must never be sent twice: if its outcome is unknown, the
	// error is an UncertainError.
	write bool
	// anonymous leaves the credentials out.
	anonymous bool
	// segment is the name of a principal as the last segment of the path, already
	// escaped; see span.segment.
	segment string
	// timeout is longer than the usual one; zero for that.
	timeout time.Duration
	// header has more header fields, and other values for the usual ones.
	header map[string]string
	// permission is what the call needs, for the error if it is refused.
	permission string
}

// response is an answer that was read to its end.
type response struct {
	status int
	header http.Header
	body   []byte
	// at is the local time when the answer began.
	at time.Time
}

// transport sends requests one after the other over one connection. It is safe
// for concurrent use.
type transport struct {
	base        *url.URL
	client      *http.Client
	creds       credentials
	limiter     *rate.Limiter
	timeout     time.Duration
	maxResponse int64
	userAgent   string
	observe     func(Call)
	// tries is how often a read, or a refusal that did nothing, is tried.
	tries uint
	// pause is the first pause between tries.
	pause time.Duration
	// rest judges answers as those of 0.5 to 0.15; limitPause is their pause after 429.
	rest       bool
	limitPause time.Duration

	gate    chan struct{}
	mu      sync.Mutex
	stopped error
}

func newTransport(o Options, base *url.URL, creds credentials) (*transport, error) {
	tlsConfig, err := o.TLS.config()
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: min(o.Timeout, 10*time.Second)}
	return &transport{
		base:  base,
		creds: creds,
		client: &http.Client{
			// No proxy, no HTTP/2: one connection to exactly the configured host.
			Transport: &http.Transport{
				DialContext: dialer.DialContext, TLSClientConfig: tlsConfig, TLSHandshakeTimeout: min(o.Timeout, 10*time.Second),
				MaxConnsPerHost: 1, MaxIdleConnsPerHost: 1, IdleConnTimeout: 90 * time.Second,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		limiter:     rate.NewLimiter(rate.Limit(o.Rate), max(1, int(math.Ceil(o.Rate)))),
		timeout:     o.Timeout,
		maxResponse: o.MaxResponse,
		userAgent:   o.UserAgent,
		observe:     o.Observe,
		tries:       4,
		pause:       250 * time.Millisecond,
		limitPause:  limitPause,
		gate:        make(chan struct{}, 1),
	}, nil
}

// errBusy is the server's limit of requests at the same time: nothing was done.
var errBusy = errors.New("too many requests at the same time")

// exchange sends a request and gives a 2xx answer, or a 3xx one of a read. What
// the server refused without doing it (429, too many at once) and failed reads
// are tried again; a write whose outcome is unknown is not.
func (t *transport) exchange(ctx context.Context, r request) (*response, error) {
	policy := backoff.NewExponentialBackOff()
	policy.InitialInterval = t.pause
	resp, err := backoff.Retry(ctx, func() (*response, error) {
		resp, err := t.paced(ctx, r)
		if err == nil {
			return resp, nil
		}
		_, unreachable := errors.AsType[*UnreachableError](err)
		if errors.Is(err, errBusy) || (unreachable && !r.write && ctx.Err() == nil) {
			return nil, err
		}
		return nil, backoff.Permanent(err)
	}, backoff.WithBackOff(policy), backoff.WithMaxTries(t.tries), backoff.WithMaxElapsedTime(2*t.timeout))
	if errors.Is(err, errBusy) {
		err = &RateLimitedError{}
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	return resp, nil
}

// longestPause is the longest that a request waits because of Retry-After.
const longestPause = 5 * time.Minute

// paced sends a request under the rate limit and waits as long as the server
// asks for it.
func (t *transport) paced(ctx context.Context, r request) (*response, error) {
	for waited := time.Duration(0); ; {
		resp, err := t.once(ctx, r)
		limited, ok := errors.AsType[*RateLimitedError](err)
		if !ok {
			return resp, err
		}
		waited += limited.RetryAfter
		if deadline, set := ctx.Deadline(); waited > longestPause || (set && time.Until(deadline) <= limited.RetryAfter) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(limited.RetryAfter):
		}
	}
}

// once sends a request once, alone.
func (t *transport) once(ctx context.Context, r request) (*response, error) {
	select {
	case t.gate <- struct{}{}:
		defer func() { <-t.gate }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := t.isStopped(); err != nil {
		return nil, err
	}
	if err := t.limiter.Wait(ctx); err != nil {
		if ctx.Err() == nil {
			err = context.DeadlineExceeded // the turn would come after the deadline
		}
		return nil, fmt.Errorf("wait for server.rate: %w", err)
	}
	begin := time.Now()
	resp, err := t.send(ctx, r)
	if err == nil {
		err = t.judge(r, resp)
	}
	t.tell(r, resp, err, time.Since(begin))
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// send does the network part. An error after the connection was there means for
// a write that its outcome is unknown.
func (t *transport) send(ctx context.Context, r request) (*response, error) {
	timeout := max(t.timeout, r.timeout)
	reqCtx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var connected atomic.Bool
	reqCtx = httptrace.WithClientTrace(reqCtx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	resp, err := t.roundTrip(reqCtx, r)
	if err == nil {
		return resp, nil
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("interrupted: %w", ctx.Err())
	} else if _, typed := errors.AsType[Hinted](err); !typed {
		err = unreachable(err, timeout)
	}
	if r.write && connected.Load() {
		return nil, &UncertainError{Cause: err}
	}
	return nil, err
}

// roundTrip sends the request and reads the whole answer. A DELETE without a
// name would be the bulk delete of 0.11 to 0.15: it cannot leave this function.
func (t *transport) roundTrip(ctx context.Context, r request) (*response, error) {
	if r.method == http.MethodDelete && (r.segment == "" || r.query != "") {
		return nil, &OptionsError{"request", "a DELETE must name one principal"}
	}
	req, err := http.NewRequestWithContext(ctx, r.method, t.address(r), bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", t.userAgent)
	req.Header.Set("Accept", "application/json")
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	if !r.anonymous {
		req.Header.Set("Authorization", t.creds.header())
	}
	resp, err := t.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	at := time.Now()
	body, err := io.ReadAll(io.LimitReader(resp.Body, t.maxResponse+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if int64(len(body)) > t.maxResponse {
		return nil, &TooLargeError{What: "the answer", Limit: t.maxResponse}
	}
	return &response{status: resp.StatusCode, header: resp.Header, body: body, at: at}, nil
}

func (t *transport) address(r request) string {
	u := *t.base
	u.Path += r.path
	if r.segment != "" {
		// Put together as text, so that the escapes go out as they are.
		return u.String() + "/" + r.segment
	}
	u.RawQuery = r.query
	return u.String()
}

// tell reports a request to Options.Observe.
func (t *transport) tell(r request, resp *response, err error, took time.Duration) {
	if t.observe == nil {
		return
	}
	call := Call{
		Methods: r.methods, Method: r.method, Path: r.path, Duration: took, Err: err,
		Curl: t.creds.curl(r.method, t.address(r), r.body, r.anonymous),
	}
	if resp != nil {
		call.Status = resp.status
	}
	t.observe(call)
}

// stop makes every later request fail with err.
func (t *transport) stop(err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped == nil {
		t.stopped = err
	}
	return err
}

func (t *transport) isStopped() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stopped
}
