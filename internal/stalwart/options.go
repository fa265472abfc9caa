package stalwart

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

// Defaults of Options.
const (
	DefaultRate          = 10.0
	DefaultTimeout       = 30 * time.Second
	DefaultDeleteTimeout = 15 * time.Minute
	DefaultMaxResponse   = 64 << 20
)

// Options tell Dial where the server is and how to log in.
type Options struct {
	// URL is the base address of the server, https://mail.example.org. A path is
	// kept as a prefix; user, query and fragment are refused.
	URL string
	// Username and Password log in with Basic; APIKey alone with Bearer (before
	// 0.16 as Basic; there it is NAME:SECRET or api_… and works since 0.13). Exactly
	// one of Password and APIKey is set. They are read at each Dial, so that a new
	// secret is taken without a restart.
	Username string
	Password func() (string, error)
	APIKey   func() (string, error)
	// AllowPlaintext permits an http URL to another host than loopback.
	AllowPlaintext bool
	TLS            TLSOptions
	// Rate is the largest number of requests per second; zero means DefaultRate.
	Rate float64
	// Timeout is for one request; DeleteTimeout is how long AwaitDestroyed and
	// AwaitPurge wait if the context has no earlier deadline, and before 0.16 how
	// long one delete may take, whatever the context says.
	Timeout       time.Duration
	DeleteTimeout time.Duration
	// Generation is "auto" (or empty), or a version such as "0.16.18" or "0.11.8"
	// where the requests without credentials that detection starts with are not
	// answered, or the version cannot be told.
	Generation string
	UserAgent  string
	// MaxResponse is the largest accepted answer in bytes.
	MaxResponse int64
	// Observe, if set, is told about every request, for a debug log. It is called
	// after the answer, from the goroutine of the call.
	Observe func(Call)
}

// TLSOptions say whom to trust. The zero value trusts the system's authorities.
type TLSOptions struct {
	CAFile             string
	ClientCert         string
	ClientKey          string
	ServerName         string
	InsecureSkipVerify bool
}

// Call is one request as told to Options.Observe. It has no secrets.
type Call struct {
	// Methods are the JMAP methods, empty for other requests.
	Methods  []string
	Method   string
	Path     string
	Status   int // zero if there was no answer
	Duration time.Duration
	// Curl is the request as a command to paste, with secrets replaced.
	Curl string
	Err  error
}

// withDefaults fills in what is zero.
func (o Options) withDefaults() Options {
	if o.Rate <= 0 {
		o.Rate = DefaultRate
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.DeleteTimeout <= 0 {
		o.DeleteTimeout = DefaultDeleteTimeout
	}
	if o.MaxResponse <= 0 {
		o.MaxResponse = DefaultMaxResponse
	}
	if o.UserAgent == "" {
		o.UserAgent = "syncagent"
	}
	return o
}

// base checks the URL and gives it without a final slash.
func (o Options) base() (*url.URL, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		// The text of the error may repeat a password that stands in the URL.
		return nil, &OptionsError{"server.url", "is not an address such as https://mail.example.org"}
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, &OptionsError{"server.url", "must not contain a user, a query or a fragment"}
	}
	if u.Scheme == "http" && !o.AllowPlaintext && !isLoopback(u.Hostname()) {
		return nil, &OptionsError{"server.url", "http would send the secret over the network unprotected; use https"}
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// login reads the secret.
func (o Options) login() (credentials, error) {
	switch {
	case o.APIKey != nil && o.Password != nil:
		return credentials{}, &OptionsError{"server", "has both api_key and password; exactly one is needed"}
	case o.APIKey != nil:
		secret, err := readSecret(o.APIKey)
		if err != nil {
			return credentials{}, fmt.Errorf("read the API key: %w", err)
		}
		return credentials{secret: secret}, nil
	case o.Password != nil && o.Username != "":
		secret, err := readSecret(o.Password)
		if err != nil {
			return credentials{}, fmt.Errorf("read the password of the mail server: %w", err)
		}
		return credentials{username: o.Username, secret: secret}, nil
	}
	return credentials{}, &OptionsError{"server", "needs api_key, or username and password"}
}

// readSecret trims the line end that files have, and refuses what no header can
// carry.
func readSecret(read func() (string, error)) (string, error) {
	secret, err := read()
	if err != nil {
		return "", err
	}
	secret = strings.TrimSpace(secret)
	if secret == "" {
		return "", errors.New("it is empty")
	}
	if strings.ContainsAny(secret, "\r\n\x00") {
		return "", errors.New("it has more than one line")
	}
	return secret, nil
}

// config builds the TLS configuration.
func (o TLSOptions) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: o.ServerName}
	c.InsecureSkipVerify = o.InsecureSkipVerify
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read server.tls.ca_file: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, &OptionsError{"server.tls.ca_file", "has no certificate in PEM form"}
		}
	}
	if o.ClientCert != "" || o.ClientKey != "" {
		pair, err := tls.LoadX509KeyPair(o.ClientCert, o.ClientKey)
		if err != nil {
			return nil, &OptionsError{"server.tls.client_cert", "cannot be used with client_key"}
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
