//go:build realservers

package ldap

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"syncagent/internal/ldapsrc"
	"syncagent/internal/testserver"
)

func TestTransports(t *testing.T) {
	s := slapd(t)
	external := func(o *ldapsrc.Options) { o.Bind = ldapsrc.Bind{SASLExternal: true} }
	for name, change := range map[string]func(o *ldapsrc.Options){
		"StartTLS":        func(o *ldapsrc.Options) { o.StartTLS = true; o.TLS.CAFile = s.Certs.CA },
		"ldaps":           func(o *ldapsrc.Options) { o.URLs = []string{s.LDAPSURL}; o.TLS.CAFile = s.Certs.CA },
		"ldapi":           func(o *ldapsrc.Options) { o.URLs = []string{s.LDAPIURL} },
		"ldapi, EXTERNAL": func(o *ldapsrc.Options) { o.URLs = []string{s.LDAPIURL}; external(o) },
		"ldaps, client certificate": func(o *ldapsrc.Options) {
			o.URLs = []string{s.LDAPSURL}
			o.TLS = ldapsrc.TLSOptions{CAFile: s.Certs.CA, ClientCert: s.Certs.Client.Cert, ClientKey: s.Certs.Client.Key}
			external(o)
		},
		"StartTLS, client certificate": func(o *ldapsrc.Options) {
			o.StartTLS = true
			o.TLS = ldapsrc.TLSOptions{CAFile: s.Certs.CA, ClientCert: s.Certs.Client.Cert, ClientKey: s.Certs.Client.Key}
			external(o)
		},
	} {
		t.Run(name, func(t *testing.T) { complete(t, open(t, s, change), users) })
	}
}

func TestCertificatesThatAreRefused(t *testing.T) {
	s := testserver.Slapd(t, testserver.SlapdOptions{Users: 10, TLS: true})
	for _, c := range []struct {
		name string
		pair testserver.Pair
		ca   string
		hint string
	}{
		{"unknown authority", s.Certs.Server, "", "tls.ca_file"},
		{"wrong name", s.Certs.WrongName, s.Certs.CA, "tls.server_name"},
		{"expired", s.Certs.Expired, s.Certs.CA, "Renew"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.ServerCert = c.pair
			s.Restart(t, nil)
			for _, startTLS := range []bool{true, false} {
				_, ev, err := snapshot(t, open(t, s, func(o *ldapsrc.Options) {
					o.StartTLS, o.TLS.CAFile = startTLS, c.ca
					if !startTLS {
						o.URLs = []string{s.LDAPSURL}
					}
				}), nil)
				if err == nil || ev.Complete || ev.Reasons[0].Code != "tls-failed" || !strings.Contains(ev.Reasons[0].Hint, c.hint) {
					t.Errorf("StartTLS %v: %v %+v", startTLS, err, ev)
				}
			}
		})
	}
}

// TestCommandsCanBePasted runs the line that people are shown.
func TestCommandsCanBePasted(t *testing.T) {
	s := slapd(t)
	for _, change := range []func(o *ldapsrc.Options){nil, func(o *ldapsrc.Options) { o.StartTLS = true; o.TLS.CAFile = s.Certs.CA }} {
		lines := open(t, s, change).Commands()
		if len(lines) != 1 || strings.Contains(lines[0], testserver.SyncPassword) {
			t.Fatalf("commands %q", lines)
		}
		ctx, cancel := context.WithTimeout(deadline(t), patience)
		cmd := exec.CommandContext(ctx, "bash", "-c", lines[0])
		cmd.Env = append(cmd.Environ(), "LDAPPASSWORD="+testserver.SyncPassword)
		out, err := cmd.CombinedOutput()
		cancel()
		if n := strings.Count(string(out), "\nentryUUID: "); err != nil || n != users {
			t.Errorf("%s: %v with %d entries\n%.400s", lines[0], err, n, out)
		}
	}
}
