package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	yaml "go.yaml.in/yaml/v4"
)

func TestSecretRead(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) *Secret {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return FileSecret(path)
	}
	t.Setenv("SECRET_SET", "from env\n")
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	write("cred", "from systemd", 0o400)
	for _, c := range []struct {
		name         string
		secret       *Secret
		want, refuse string
	}{
		{"file", write("a", "hunter2\n", 0o600), "hunter2", ""},
		{"group may read", write("b", "hunter2\r\n", 0o640), "hunter2", ""},
		{"only one newline", write("c", " hunter2 \n\n", 0o600), " hunter2 \n", ""},
		{"world may read", write("d", "hunter2", 0o644), "", "chmod 600"},
		{"world may write", write("e", "hunter2", 0o602), "", "chmod 600"},
		{"empty", write("f", "\n", 0o600), "", "is empty"},
		{"NUL", write("g", "hunter2\x00", 0o600), "", "NUL"},
		{"large", write("h", strings.Repeat("hunter2", 10_000), 0o600), "", "64 KiB"},
		{"directory", FileSecret(dir), "", "directory"},
		{"no file", FileSecret(filepath.Join(dir, "none")), "", "no such file"},
		{"env", EnvSecret("SECRET_SET"), "from env", ""},
		{"no env", EnvSecret("SECRET_UNSET"), "", "is not set"},
		{"credential", &Secret{formCredential, "cred"}, "from systemd", ""},
		{"zero", &Secret{}, "", "no secret"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.secret.Read()
			if c.refuse == "" {
				if err != nil || got != c.want {
					t.Fatalf("got %q, %v; want %q", got, err, c.want)
				}
				return
			}
			var secretErr *SecretError
			if !errors.As(err, &secretErr) {
				t.Fatalf("got %q, %v; want a SecretError", got, err)
			}
			if text := err.Error() + " " + secretErr.Hint(); !strings.Contains(text, c.refuse) || strings.Contains(text, "hunter2") {
				t.Errorf("the error is %q; want %q in it and no secret", text, c.refuse)
			}
		})
	}
	if _, err := FileSecret(filepath.Join(dir, "none")).Read(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there gives %v", err)
	}
}

func TestSecretRereads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	secret := FileSecret(path)
	for _, want := range []string{"first", "second"} {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := secret.Read(); err != nil || got != want {
			t.Fatalf("got %q, %v; want %q", got, err, want)
		}
	}
}

// TestSecretNeverPrinted prints secrets in every way that Go knows.
func TestSecretNeverPrinted(t *testing.T) {
	secret := FileSecret("hunter2")
	holder := struct {
		Value   Secret
		Pointer *Secret
		Key     PrivateKey
		DSN     DSN
	}{*secret, secret, PrivateKey{*secret}, DSN{secret: secret}}
	var texts []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%T"} {
		texts = append(texts, fmt.Sprintf(verb, secret), fmt.Sprintf(verb, *secret), fmt.Sprintf(verb, holder))
	}
	asJSON, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Dump(holder)
	if err != nil {
		t.Fatal(err)
	}
	texts = append(texts, string(asJSON), string(asYAML), secret.String(), secret.GoString())
	for _, text := range texts {
		if strings.Contains(text, "hunter2") || strings.Contains(text, "68756e746572") {
			t.Errorf("printed: %s", text)
		}
	}
	if !strings.Contains(string(asJSON), `"\u003csecret\u003e"`) || !strings.Contains(string(asYAML), redacted) {
		t.Errorf("not marked as secret: %s %s", asJSON, asYAML)
	}
}

func TestDSN(t *testing.T) {
	for _, c := range []struct {
		driver Driver
		text   string
		want   bool
	}{
		{DriverPostgres, "postgres://sync@db/school", false},
		{DriverPostgres, "postgres://sync:x@db/school", true},
		{DriverPostgres, "postgres://sync@db/school?password=x", true},
		{DriverPostgres, "host=/run user=sync dbname=school", false},
		{DriverPostgres, "host=db user=sync password = x", true},
		{DriverMySQL, "sync@unix(/run/mysqld/mysqld.sock)/school?parseTime=true", false},
		{DriverMySQL, "sync:x@tcp(db:3306)/school", true},
		{DriverMySQL, "sync:p@ss@tcp(db:3306)/school", true},
		{DriverMySQL, "tcp(db:3306)/school", false},
		{DriverSQLServer, "sqlserver://sync:x@db?database=school", true},
		{DriverSQLServer, "server=db;user id=sync;pwd=x", true},
		{DriverSQLServer, "sqlserver://db?database=school&trusted_connection=yes", false},
		{DriverSQLite, "file:people.db?mode=ro", false},
	} {
		if got := hasPassword(c.driver, c.text); got != c.want {
			t.Errorf("%s %q: a password %t, want %t", c.driver, c.text, got, c.want)
		}
	}
	for text, want := range map[string]string{
		"people.db": "/etc/x/people.db", "file:people.db?mode=ro": "file:/etc/x/people.db?mode=ro",
		"/srv/p.db": "/srv/p.db", ":memory:": ":memory:", "file:/srv/p.db": "file:/srv/p.db",
	} {
		got, err := DSN{plain: text, dir: "/etc/x"}.Read(DriverSQLite)
		if err != nil || got != want {
			t.Errorf("%q gives %q, %v; want %q", text, got, err, want)
		}
	}
}
