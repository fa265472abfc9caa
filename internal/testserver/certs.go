package testserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Certs are the files of a throw-away certification authority (PEM, ECDSA P-256).
type Certs struct {
	CA        string // the authority's certificate
	Server    Pair   // for localhost and 127.0.0.1
	WrongName Pair   // for other.example.test only
	Expired   Pair   // for localhost, expired yesterday
	Client    Pair   // subject CN=sync, for SASL EXTERNAL
}

// Pair is a certificate file and its key file.
type Pair struct{ Cert, Key string }

// NewCerts makes an authority and its certificates in dir.
func NewCerts(t TB, dir string) *Certs {
	t.Helper()
	a := authority{t: t, dir: dir}
	a.key = a.newKey()
	a.cert = &x509.Certificate{
		Subject: pkix.Name{CommonName: "syncagent test CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	ca := a.issue("ca", a.cert, a.cert, a.key)
	local := func() *x509.Certificate {
		return &x509.Certificate{Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	}
	expired := local()
	expired.NotAfter = time.Now().Add(-24 * time.Hour)
	return &Certs{
		CA:        ca.Cert,
		Server:    a.leaf("server", local()),
		WrongName: a.leaf("wrongname", &x509.Certificate{Subject: pkix.Name{CommonName: "other"}, DNSNames: []string{"other.example.test"}}),
		Expired:   a.leaf("expired", expired),
		Client:    a.leaf("client", &x509.Certificate{Subject: pkix.Name{CommonName: "sync"}}),
	}
}

type authority struct {
	t    TB
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	last int64
}

func (a *authority) newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatalf("test key: %v", err)
	}
	return key
}

func (a *authority) leaf(name string, c *x509.Certificate) Pair {
	c.KeyUsage = x509.KeyUsageDigitalSignature
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	return a.issue(name, c, a.cert, a.newKey())
}

func (a *authority) issue(name string, c, parent *x509.Certificate, key *ecdsa.PrivateKey) Pair {
	a.t.Helper()
	a.last++
	c.SerialNumber = big.NewInt(a.last)
	c.NotBefore = time.Now().Add(-48 * time.Hour)
	if c.NotAfter.IsZero() {
		c.NotAfter = time.Now().Add(48 * time.Hour)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatalf("test certificate %s: %v", name, err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatalf("test key %s: %v", name, err)
	}
	p := Pair{Cert: filepath.Join(a.dir, name+".crt"), Key: filepath.Join(a.dir, name+".key")}
	a.write(p.Cert, "CERTIFICATE", der)
	a.write(p.Key, "PRIVATE KEY", keyDER)
	return p
}

func (a *authority) write(path, kind string, der []byte) {
	a.t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatalf("test certificate: %v", err)
	}
}
