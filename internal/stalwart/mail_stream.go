package stalwart

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxUploadAnswer is more than the answer to an upload ever takes.
const maxUploadAnswer = 1 << 20

// transfer is a request whose body or answer is streamed, because a message may
// be larger than what is kept in memory.
type transfer struct {
	method, path string
	// segment is put behind the path as it is; see request.segment.
	segment string
	// body opens the request's body from its beginning; nil for none.
	body        func() (io.ReadCloser, error)
	size        int64
	contentType string
	// sink takes the body of a 2xx answer; it is called once for each try.
	sink func(io.Reader) error
}

// localError is an error of this side (a full disk), not of the connection.
type localError struct{ err error }

func (e *localError) Error() string { return e.err.Error() }
func (e *localError) Unwrap() error { return e.err }

// stream carries out a transfer, and again after a failure of the connection: a
// download changes nothing, and an upload that nothing refers to is forgotten by
// the server after an hour.
func (t *transport) stream(ctx context.Context, x transfer) error {
	for try := range t.tries {
		err := t.streamOnce(ctx, x)
		if err == nil {
			return nil
		}
		pause, again := t.pauseAfter(err, try)
		if !again || try == t.tries-1 || ctx.Err() != nil {
			return fmt.Errorf("%s %s: %w", x.method, x.path, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
	return nil
}

// pauseAfter tells whether a transfer is tried again, and when.
func (t *transport) pauseAfter(err error, try uint) (time.Duration, bool) {
	if _, local := errors.AsType[*localError](err); local {
		return 0, false
	}
	if limited, ok := errors.AsType[*RateLimitedError](err); ok {
		return limited.RetryAfter, limited.RetryAfter <= longestPause
	}
	_, unreachable := errors.AsType[*UnreachableError](err)
	return t.pause << try, unreachable || errors.Is(err, errBusy)
}

// streamOnce sends it once, alone, under the rate limit.
func (t *transport) streamOnce(ctx context.Context, x transfer) error {
	select {
	case t.gate <- struct{}{}:
		defer func() { <-t.gate }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := t.isStopped(); err != nil {
		return err
	}
	if err := t.limiter.Wait(ctx); err != nil {
		return fmt.Errorf("wait for server.rate: %w", err)
	}
	begin := time.Now()
	r := request{method: x.method, path: x.path, segment: x.segment}
	if x.body != nil {
		r.body = []byte{}
	}
	resp, err := t.streamTrip(ctx, x, r)
	t.tell(r, resp, err, time.Since(begin))
	return err
}

// streamTrip is the network part. The time limit is for silence, not for the
// whole: a large message may take long.
func (t *transport) streamTrip(ctx context.Context, x transfer, r request) (*response, error) {
	reqCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	alarm := time.AfterFunc(t.timeout, cancel)
	defer alarm.Stop()
	req, err := t.streamRequest(reqCtx, x, func() { alarm.Reset(t.timeout) })
	if err != nil {
		return nil, err
	}
	answer, err := t.client.Do(req)
	if err != nil {
		return nil, t.streamFailure(ctx, err)
	}
	defer func() { _ = answer.Body.Close() }()
	resp := &response{status: answer.StatusCode, header: answer.Header, at: time.Now()}
	body := &watchedReader{r: answer.Body, progress: func() { alarm.Reset(t.timeout) }}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		resp.body, _ = io.ReadAll(io.LimitReader(body, maxUploadAnswer)) // the status decides
		if err := t.judge(r, resp); err != nil {
			return resp, err
		}
		return resp, &MalformedError{Reason: fmt.Sprintf("unexpected HTTP status %d", answer.StatusCode)}
	}
	if strings.HasPrefix(x.path, pathDownload) && strings.Contains(answer.Header.Get("Content-Type"), "json") {
		// Before 0.16 a failed login is answered with 200 and an error as JSON: it must
		// not become the content of a message. Contents never come as JSON.
		return resp, &RefusedError{Type: "notAContent", Detail: "the answer to a download is JSON"}
	}
	err = x.sink(body)
	switch {
	case err == nil && answer.ContentLength >= 0 && body.n != answer.ContentLength:
		return resp, &UnreachableError{Reason: "the answer is shorter than announced"}
	case err != nil && body.err != nil:
		return resp, t.streamFailure(ctx, body.err)
	}
	return resp, err
}

func (t *transport) streamRequest(ctx context.Context, x transfer, progress func()) (*http.Request, error) {
	var body io.Reader
	if x.body != nil {
		file, err := x.body()
		if err != nil {
			return nil, &localError{err}
		}
		body = &watchedReader{r: file, c: file, progress: progress}
	}
	req, err := http.NewRequestWithContext(ctx, x.method, t.address(request{path: x.path, segment: x.segment}), body)
	if err != nil {
		return nil, err
	}
	if x.body != nil {
		req.ContentLength = x.size
		req.Header.Set("Content-Type", x.contentType)
	}
	req.Header.Set("User-Agent", t.userAgent)
	req.Header.Set("Authorization", t.creds.header())
	return req, nil
}

func (t *transport) streamFailure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: %w", ctx.Err())
	}
	return unreachable(err, t.timeout)
}

// watchedReader reports progress and keeps the error and the count of what it reads.
type watchedReader struct {
	r        io.Reader
	c        io.Closer
	n        int64
	err      error
	progress func()
}

// Read reads and reports.
func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.n += int64(n)
	if n > 0 {
		w.progress()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// Close closes what is read, if it can be.
func (w *watchedReader) Close() error {
	if w.c == nil {
		return nil
	}
	return w.c.Close()
}
