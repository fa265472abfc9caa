package stalwart

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

// errMissing is a 404: the path is not there.
var errMissing = errors.New("HTTP 404 Not Found")

// problem is the part of an application/problem+json body that decides. Its
// detail can echo the request, so it is never shown.
type problem struct {
	Type   string `json:"type"`
	Detail string `json:"detail"`
	Limit  string `json:"limit"`
}

// judge turns the HTTP status of an answer into an error. Only a 5xx leaves it
// open whether a write was done.
func (t *transport) judge(r request, resp *response) error {
	if t.rest {
		return t.judgeREST(r, resp)
	}
	var p problem
	_ = json.Unmarshal(resp.body, &p) // an answer without a problem document has an empty one
	switch s := resp.status; {
	case s >= 200 && s < 300:
		return nil
	case s >= 300 && s < 400:
		if r.write || r.body != nil {
			return &MalformedError{Reason: "it redirects to " + redirectTarget(resp.header) + ", which is not followed"}
		}
		return nil
	case s == http.StatusUnauthorized && r.anonymous:
		return &UnauthorizedError{challenged: resp.header.Get("WWW-Authenticate") != ""}
	case s == http.StatusUnauthorized:
		return t.stop(&UnauthorizedError{})
	case s == http.StatusPaymentRequired:
		return t.stop(&UnauthorizedError{SecondFactor: true})
	case s == http.StatusForbidden:
		return t.stop(forbidden(p))
	case s == http.StatusNotFound:
		return errMissing
	case s == http.StatusTooManyRequests:
		return t.tooMany(resp.header)
	case s == http.StatusBadRequest || s == http.StatusRequestEntityTooLarge:
		return badRequest(s, p)
	case s >= 500:
		return serverTrouble(r, s)
	}
	return &MalformedError{Reason: fmt.Sprintf("unexpected HTTP status %d", resp.status)}
}

// forbidden tells a ban (the detail is just "Forbidden", for every request) from
// a missing permission to log in; both end the client's work.
func forbidden(p problem) error {
	if p.Type != "" && p.Detail != "Forbidden" {
		return &ForbiddenError{Permission: "authenticate", Login: true}
	}
	return &BannedError{Status: http.StatusForbidden}
}

// tooMany tells a rate limit from a ban: the ban comes without Retry-After.
func (t *transport) tooMany(header http.Header) error {
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		return &RateLimitedError{RetryAfter: time.Duration(max(1, seconds)) * time.Second}
	}
	if at, err := http.ParseTime(value); err == nil {
		return &RateLimitedError{RetryAfter: max(time.Second, time.Until(at).Round(time.Second))}
	}
	return t.stop(&BannedError{Status: http.StatusTooManyRequests})
}

func badRequest(status int, p problem) error {
	switch {
	case p.Limit == "maxConcurrentRequests":
		return errBusy
	case p.Limit != "" || status == http.StatusRequestEntityTooLarge:
		return &TooLargeError{What: "the request"}
	}
	return &MalformedError{Reason: fmt.Sprintf("it does not accept the request (HTTP %d)", status)}
}

func serverTrouble(r request, status int) error {
	err := &UnreachableError{
		Reason: fmt.Sprintf("HTTP %d %s", status, http.StatusText(status)),
		Status: status,
		hint: "look at the server's log; a login by password fails so when the server's own directory is down, " +
			"an API key does not depend on it",
	}
	if r.write {
		return &UncertainError{Cause: err}
	}
	return err
}

// redirectTarget shows where a redirect goes, without its path or query.
func redirectTarget(header http.Header) string {
	u, err := url.Parse(header.Get("Location"))
	if err != nil || u.Host == "" {
		return "another path"
	}
	return u.Scheme + "://" + u.Host
}

// unreachable says in words why there was no answer.
func unreachable(err error, timeout time.Duration) *UnreachableError {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // without the address
	}
	const where = "check server.url, the network, and that the server runs"
	const trust = "set server.tls.ca_file to the authority that signed the server's certificate, " +
		"or server.tls.server_name to the name in it"
	if c, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return &UnreachableError{Reason: "its certificate is not trusted: " + c.Err.Error(), hint: trust}
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return &UnreachableError{Reason: "its certificate is for another name", hint: trust}
	}
	if d, ok := errors.AsType[*net.DNSError](err); ok {
		return &UnreachableError{Reason: fmt.Sprintf("the name %q cannot be resolved", d.Name), hint: where}
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return &UnreachableError{Reason: "connection refused", hint: where}
	}
	if n, ok := errors.AsType[net.Error](err); ok && n.Timeout() {
		return &UnreachableError{Reason: fmt.Sprintf("no answer within %s", timeout), hint: where + "; or raise server.timeout"}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		return &UnreachableError{Reason: "it closed the connection without an answer", hint: where +
			"; older servers do that to addresses that they have banned (server.blocked-ip)"}
	}
	return &UnreachableError{Reason: err.Error(), hint: where}
}
