package ldapsrc

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// server is one URL of the list, taken apart.
type server struct {
	url     string // as to be shown; it never has a secret
	network string // tcp or unix
	address string // host:port or the path of the socket
	host    string // for the certificate
	tls     bool   // encrypted from the start
	local   bool   // nobody else can read the connection: a socket or loopback
}

func (s server) String() string { return s.url }

// defaultSocket is where servers listen for ldapi:// without a path.
const defaultSocket = "/var/run/slapd/ldapi"

func parseServer(text string) (server, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return server{}, fmt.Errorf("url %q: use ldap://HOST, ldaps://HOST or ldapi://%%2Fpath", redactURL(text))
	}
	switch strings.ToLower(scheme) {
	case "ldap":
		return parseTCP("ldap", rest, "389", false)
	case "ldaps":
		return parseTCP("ldaps", rest, "636", true)
	case "ldapi":
		return parseSocket(rest)
	}
	return server{}, fmt.Errorf("url %q: the scheme must be ldap, ldaps or ldapi", redactURL(text))
}

// redactURL hides what stands before an "@", which might be a password.
func redactURL(text string) string {
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		return "…" + text[at:]
	}
	return text
}

func parseTCP(scheme, rest, port string, encrypted bool) (server, error) {
	shown := scheme + "://" + redactURL(rest)
	u, err := url.Parse(scheme + "://" + rest)
	if err != nil {
		return server{}, fmt.Errorf("url %q is not valid", shown)
	}
	host := u.Hostname()
	switch {
	case u.User != nil:
		return server{}, fmt.Errorf("url %q: name and password do not belong here; use bind", shown)
	case host == "":
		return server{}, fmt.Errorf("url %q has no host", shown)
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return server{}, fmt.Errorf("url %q: only scheme, host and port; the base is a setting of its own", shown)
	}
	if u.Port() != "" {
		port = u.Port()
	}
	ip := net.ParseIP(host)
	return server{
		url: scheme + "://" + u.Host, network: "tcp", address: net.JoinHostPort(host, port), host: host, tls: encrypted,
		local: strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback(),
	}, nil
}

// parseSocket reads both common forms: ldapi://%2Frun%2Fldapi and ldapi:///run/ldapi.
func parseSocket(rest string) (server, error) {
	path, err := url.PathUnescape(rest)
	if err != nil {
		return server{}, fmt.Errorf("url %q: the path of the socket is not well escaped: %w", "ldapi://"+rest, err)
	}
	if path == "" || path == "/" {
		path = defaultSocket
	}
	if !strings.HasPrefix(path, "/") {
		return server{}, fmt.Errorf("url %q: write the whole path of the socket, such as ldapi://%%2Frun%%2Fslapd%%2Fldapi", "ldapi://"+rest)
	}
	return server{url: "ldapi://" + url.QueryEscape(path), network: "unix", address: path, host: "localhost", local: true}, nil
}
