package config

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// DSN is the data source name of a database: a plain text without a password,
// or a secret.
type DSN struct {
	plain  string
	secret *Secret
	// dir is what a relative path of an SQLite file is relative to.
	dir string
}

// PlainDSN is a data source name without a password.
func PlainDSN(text string) DSN { return DSN{plain: text} }

// IsZero tells that none is configured.
func (d DSN) IsZero() bool { return d.plain == "" && d.secret == nil }

// Read gives the text, reading a secret anew. For SQLite a relative path is
// made absolute. Errors are those of Secret.Read.
func (d DSN) Read(driver Driver) (string, error) {
	text := d.plain
	if d.secret != nil {
		var err error
		if text, err = d.secret.Read(); err != nil {
			return "", err
		}
	}
	if driver == DriverSQLite {
		text = absoluteSQLite(text, d.dir)
	}
	return text, nil
}

// String is the plain text, or "<secret>".
func (d DSN) String() string {
	if d.secret != nil {
		return redacted
	}
	return d.plain
}

// GoString is like String.
func (d DSN) GoString() string { return d.String() }

// MarshalText is like String.
func (d DSN) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// MarshalYAML is like String.
func (d DSN) MarshalYAML() (any, error) { return d.String(), nil }

func (d *DSN) decodeNode(dec *decoder, n *yaml.Node, path string) {
	d.dir = dec.dir
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		d.plain = n.Value
		return
	}
	var secret Secret
	secret.decodeNode(dec, n, path)
	d.secret = &secret
}

func absoluteSQLite(text, dir string) string {
	path, isURI := strings.CutPrefix(text, "file:")
	if dir == "" || filepath.IsAbs(path) || path == "" || strings.HasPrefix(path, ":memory:") {
		return text
	}
	path = filepath.Join(dir, path)
	if isURI {
		return "file:" + path
	}
	return path
}

var passwordParameter = regexp.MustCompile(`(?i)(^|[\s;?&])(ssl)?(password|passwd|pwd|pass)\s*=\s*[^\s;&]`)

// hasPassword tells whether a data source name carries a password in any of
// the forms that the drivers take. It rather says yes once too often.
func hasPassword(driver Driver, text string) bool {
	if driver == DriverSQLite {
		return false
	}
	if passwordParameter.MatchString(text) {
		return true
	}
	if strings.Contains(text, "://") {
		parsed, err := url.Parse(text)
		if err != nil {
			return true
		}
		password, has := parsed.User.Password()
		return has && password != ""
	}
	// user:password@tcp(host)/db as in MySQL.
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return false
	}
	colon := strings.IndexByte(text[:at], ':')
	return colon >= 0 && colon < at-1
}
