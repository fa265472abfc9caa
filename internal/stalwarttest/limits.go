package stalwarttest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// limiter counts requests and failed logins.
type limiter struct {
	window   map[string]int // requests in the current minute by account or address
	started  time.Time
	failures map[string]int // failed logins by address and by login name
	banned   map[string]bool
	running  map[uint64]int // requests in progress by account
}

const maxConcurrentRequests = 4

func newLimiter() limiter {
	return limiter{window: map[string]int{}, failures: map[string]int{}, banned: map[string]bool{}, running: map[uint64]int{}}
}

// count adds a request and gives the 429 answer if the limit is passed.
func (l *limiter) count(who string, limit int) (response, bool) {
	if limit == 0 {
		return response{}, false
	}
	if time.Since(l.started) > time.Minute {
		clear(l.window)
		l.started = time.Now()
	}
	l.window[who]++
	if l.window[who] <= limit {
		return response{}, false
	}
	wait := strconv.Itoa(max(1, int(time.Until(l.started.Add(time.Minute)).Seconds())))
	r := problem(http.StatusTooManyRequests, map[string]any{
		"title":  "Too Many Requests",
		"detail": "Your request has been rate limited. Please try again in a few seconds.",
	})
	r.header.Set("Retry-After", wait)
	r.header.Set("RateLimit-Policy", `"requests";q=`+strconv.Itoa(limit))
	r.header.Set("RateLimit", `"requests";r=0;t=`+wait)
	return r, true
}

// failed counts a failed login and gives 401, or 429 without Retry-After when it just banned the address. A login
// name over the limit bans every further address that fails with it.
func (l *limiter) failed(ip, login string, limit int) response {
	if limit > 0 {
		l.failures["ip "+ip]++
		if login != "" {
			l.failures["login "+login]++
		}
		if l.failures["ip "+ip] > limit || l.failures["login "+login] > limit {
			l.banned[ip] = true
			return problem(http.StatusTooManyRequests, map[string]any{
				"title":  "Too Many Authentication Attempts",
				"detail": "Your request has been rate limited. Please try again in a few minutes.",
			})
		}
	}
	return unauthorized()
}

// scanned bans an address that asks for a path of well-known attacks. Below /api/, and for paths that are redirected,
// it does not.
func (s *Server) scanned(path, ip string) {
	if s.opt.AuthBanRate == 0 || strings.HasPrefix(path, "/api/") || strings.Count(path, "/") < 2 || s.exempt(ip) {
		return
	}
	for _, part := range []string{".php", ".cgi", ".asp", "/wp-", "/php", "/cgi-bin", "xmlrpc", "../", "joomla", "wordpress"} {
		if strings.Contains(path, part) {
			s.Ban(ip)
			return
		}
	}
}

// Ban blocks a client address, as fail2ban does: 403 for everything. Unban ends it.
func (s *Server) Ban(ip string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits.banned[ip] = true
}

// Unban ends a ban and forgets the failures counted.
func (s *Server) Unban(ip string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.limits.banned, ip)
	clear(s.limits.failures)
}
