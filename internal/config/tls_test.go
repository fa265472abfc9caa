package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// selfSigned writes a certificate and its key.
func selfSigned(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestTLSLoad(t *testing.T) {
	dir := t.TempDir()
	cert, key := selfSigned(t, dir)
	good := TLS{CAFile: cert, ClientCert: cert, ClientKey: PrivateKey{*FileSecret(key)}, ServerName: "ldap.example.org"}
	got, err := good.Load()
	if err != nil {
		t.Fatal(err)
	}
	if got.RootCAs == nil || len(got.Certificates) != 1 || got.ServerName != "ldap.example.org" ||
		got.MinVersion != tls.VersionTLS12 || got.InsecureSkipVerify {
		t.Errorf("got %+v", got)
	}
	plain, err := TLS{}.Load()
	if err != nil || plain.RootCAs != nil || plain.InsecureSkipVerify || plain.MinVersion != tls.VersionTLS12 {
		t.Errorf("the zero value gives %+v, %v", plain, err)
	}
	open := filepath.Join(dir, "open.pem")
	data, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(open, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o644); err != nil { //nolint:gosec // the mode that must be refused
		t.Fatal(err)
	}
	for want, bad := range map[string]TLS{
		"no such file":        {CAFile: filepath.Join(dir, "none")},
		"no certificate":      {CAFile: key},
		"open to everybody":   {ClientCert: cert, ClientKey: PrivateKey{*FileSecret(open)}},
		"no pair in PEM form": {ClientCert: cert, ClientKey: PrivateKey{*FileSecret(cert)}},
	} {
		if _, err := bad.Load(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}
