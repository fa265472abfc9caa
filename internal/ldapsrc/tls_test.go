package ldapsrc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"syncagent/internal/ldaptest"
	"syncagent/internal/reconcile"
)

// authority is a private CA with one server certificate, made once.
type authority struct {
	pem   []byte
	good  tls.Certificate
	other tls.Certificate // for another name
	old   tls.Certificate // expired
}

var makeAuthority = sync.OnceValues(func() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, root, root, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	issue := func(serial int64, name string, until time.Duration) (tls.Certificate, error) {
		leaf := &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
			NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(until),
		}
		if name == "localhost" {
			leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
		}
		der, err := x509.CreateCertificate(rand.Reader, leaf, root, &key.PublicKey, key)
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
	}
	a := &authority{pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
	if a.good, err = issue(2, "localhost", time.Hour); err != nil {
		return nil, err
	}
	if a.other, err = issue(3, "other.example.test", time.Hour); err != nil {
		return nil, err
	}
	a.old, err = issue(4, "localhost", -time.Hour)
	return a, err
})

func testAuthority(t testing.TB) *authority {
	t.Helper()
	a, err := makeAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func serverTLS(t testing.TB) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{testAuthority(t).good}, MinVersion: tls.VersionTLS12}
}

func caFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, testAuthority(t).pem, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTLS(t *testing.T) {
	a := testAuthority(t)
	for _, c := range []struct {
		name string
		cert tls.Certificate
		ca   bool
		says string // "" = works
		more func(o *Options)
	}{
		{name: "private authority", cert: a.good, ca: true},
		{name: "unknown authority", cert: a.good, says: "tls.ca_file"},
		{name: "another name", cert: a.other, ca: true, says: "tls.server_name"},
		{name: "another name that is configured", cert: a.other, ca: true, more: func(o *Options) { o.TLS.ServerName = "other.example.test" }},
		{name: "expired", cert: a.old, ca: true, says: "Renew the certificate"},
		{name: "not verified", cert: a.old, more: func(o *Options) { o.TLS.InsecureSkipVerify = true }},
	} {
		for _, ldaps := range []bool{true, false} {
			t.Run(c.name+map[bool]string{true: ", ldaps", false: ", StartTLS"}[ldaps], func(t *testing.T) {
				server := fill(ldaptest.New(t, ldaptest.Options{LDAPS: ldaps, TLS: &tls.Config{Certificates: []tls.Certificate{c.cert}, MinVersion: tls.VersionTLS12}}), 15)
				source := open(t, server, func(o *Options) {
					o.StartTLS = !ldaps
					if c.ca {
						o.TLS.CAFile = caFile(t)
					}
					if c.more != nil {
						c.more(o)
					}
				})
				entries, ev, err := snapshot(t, source)
				if c.says == "" {
					if err != nil || !ev.Complete || len(entries) != 15 {
						t.Fatalf("%v, %+v", err, ev)
					}
					return
				}
				if ev.Complete || err == nil || ev.Reasons[0].Code != reconcile.UnusableTLS || !strings.Contains(ev.Reasons[0].Hint, c.says) {
					t.Errorf("%v, %+v", err, ev)
				}
				if server.Binds() != 0 {
					t.Error("the password went out over a connection that was not trusted")
				}
			})
		}
	}
}

func TestTLSHangs(t *testing.T) {
	for _, ldaps := range []bool{true, false} {
		server := ldaptest.New(t, ldaptest.Options{LDAPS: ldaps, TLS: serverTLS(t), Faults: []ldaptest.Fault{{Kind: ldaptest.StallTLS}}})
		_, ev, err := snapshot(t, open(t, server, func(o *Options) { o.StartTLS = !ldaps; o.Timeout = short }))
		if err == nil || ev.Reasons[0].Code != reconcile.UnusableTimeout {
			t.Errorf("ldaps %v: %v %+v", ldaps, err, ev)
		}
	}
}
