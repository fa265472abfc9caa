package ldapsrc

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// tlsConfig reads the certificates anew for each connection, so that renewed
// files count without a restart.
func (o *TLSOptions) tlsConfig(host string) (*tls.Config, error) {
	conf := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         host,
		InsecureSkipVerify: o.InsecureSkipVerify, //nolint:gosec // Only if the administrator wrote so; doctor warns.
	}
	if o.ServerName != "" {
		conf.ServerName = o.ServerName
	}
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read tls.ca_file: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls.ca_file %s holds no certificate in PEM form", o.CAFile)
		}
	}
	if o.ClientCert != "" {
		pair, err := tls.LoadX509KeyPair(o.ClientCert, o.ClientKey)
		if err != nil {
			return nil, fmt.Errorf("read tls.client_cert: %w", err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return conf, nil
}

// tlsHint tells what to do about a certificate that was not accepted.
func tlsHint(err error) string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return "Set tls.ca_file to the certificate of the authority that signed the server's certificate."
	case errors.As(err, &host):
		return "Use the name that the certificate has in the URL, or set tls.server_name to it."
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "Renew the certificate of the directory server, and check the clock of this machine."
	}
	return "Check the certificate of the server and tls.ca_file; for ldap:// with start_tls the server must support StartTLS."
}
