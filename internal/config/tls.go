package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// TLS is how a TLS connection is checked and made. The zero value checks
// against the system's certificate authorities.
type TLS struct {
	CAFile             string     `yaml:"ca_file"`
	ClientCert         string     `yaml:"client_cert"`
	ClientKey          PrivateKey `yaml:"client_key"`
	ServerName         string     `yaml:"server_name"`
	InsecureSkipVerify bool       `yaml:"insecure_skip_verify"`
}

// PrivateKey is where a private key is found: a secret, or just the path of a
// file.
type PrivateKey struct{ Secret }

func (k *PrivateKey) decodeNode(d *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode && !isNull(n) && !strings.ContainsAny(n.Value, "\r\n") &&
		!strings.HasPrefix(n.Value, "-----") {
		k.Secret = *FileSecret(d.absolute(n.Value))
		return
	}
	k.Secret.decodeNode(d, n, path)
}

// Load reads the certificates anew and gives a configuration for clients with
// at least TLS 1.2. ServerName is only set if it is configured.
func (t TLS) Load() (*tls.Config, error) {
	out := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         t.ServerName,
		InsecureSkipVerify: t.InsecureSkipVerify, //nolint:gosec // configured, and check warns
	}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read ca_file: %w", err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca_file %s contains no certificate in PEM form", t.CAFile)
		}
	}
	if t.ClientCert != "" {
		pair, err := t.clientPair()
		if err != nil {
			return nil, err
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}

func (t TLS) clientPair() (tls.Certificate, error) {
	cert, err := os.ReadFile(t.ClientCert)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read client_cert: %w", err)
	}
	key, err := t.ClientKey.Read()
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read client_key: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, []byte(key))
	if err != nil {
		// The cause of the library may quote parts of the key.
		return tls.Certificate{}, errors.New("client_cert and client_key are no pair in PEM form")
	}
	return pair, nil
}
