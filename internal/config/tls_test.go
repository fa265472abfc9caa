package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPrivateKeyPath(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"good.pem": 0o640, "open.pem": 0o644} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("key"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	good := filepath.Join(dir, "good.pem")
	for _, c := range []struct{ name, file, want, refuse string }{
		{"file", "{ file: " + good + " }", good, ""},
		{"path", good, good, ""},
		{"credential", "{ credential: good.pem }", good, ""},
		{"open", filepath.Join(dir, "open.pem"), "", "open to everybody"},
		{"none", filepath.Join(dir, "none.pem"), "", "no such file"},
	} {
		cfg, err := LoadReader(strings.NewReader(strings.Replace(exampleText, "api_key:",
			"tls: { client_cert: c.pem, client_key: "+c.file+" }, api_key:", 1)), "test")
		if err != nil {
			t.Fatal(err)
		}
		got, err := cfg.Server.TLS.ClientKey.Path()
		if c.refuse == "" && (err != nil || got != c.want) ||
			c.refuse != "" && (err == nil || !strings.Contains(err.Error(), c.refuse)) {
			t.Errorf("%s: %q, %v; want %q %q", c.name, got, err, c.want, c.refuse)
		}
	}
	if got, err := (PrivateKey{}).Path(); got != "" || err != nil {
		t.Errorf("no key gives %q, %v", got, err)
	}
}

// TestLDAPURLs: the forms of ldapi are not those of other URLs.
func TestLDAPURLs(t *testing.T) {
	for _, u := range []string{"ldapi:///", "ldapi://%2Frun%2Fslapd%2Fldapi", "ldaps://[::1]:636", "ldap://127.0.0.1:3389/"} {
		text := strings.Replace(exampleText, "ldaps://ldap.example.org", `"`+u+`"`, 1)
		if _, err := LoadReader(strings.NewReader(text), "test"); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
}
