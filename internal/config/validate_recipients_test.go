package config

import (
	"strings"
	"testing"

	"filippo.io/age"
)

func TestRecipients(t *testing.T) {
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	one, two := classic.Recipient().String(), hybrid.Recipient().String()
	load := func(general, own string) (*Config, error) {
		data := strings.NewReplacer("GENERAL", general, "OWN", own).Replace(`
server: { url: https://mail.example.org, api_key: { env: KEY } }
sources:
  - name: staff
    sql: { driver: sqlite, dsn: x.db, query: SELECT 1, lookup: SELECT 1 WHERE 1 = ? }
    map: { id: id, name: "{mail}", same_person: [ n ] }
    policy: { export: OWN }
policy: { export: GENERAL }
`)
		return LoadReader(strings.NewReader(data), "x.yaml")
	}
	cfg, err := load("{ encrypt_to: "+one+" }", "{ keep: 1d }")
	if err != nil || len(cfg.Sources[0].Policy.Export.EncryptTo) != 1 {
		t.Errorf("inherited: %v", err)
	}
	cfg, err = load("{ encrypt_to: "+one+" }", "{ encrypt_to: [ "+two+" ] }")
	if err != nil || cfg.Sources[0].Policy.Export.EncryptTo[0] != two || cfg.Policy.Export.EncryptTo[0] != one {
		t.Errorf("its own: %v", err)
	}
	_, err = load("{}", "{ encrypt_to: [ "+one+", "+two+" ] }")
	if err == nil || !strings.Contains(err.Error(), "cannot be used together") {
		t.Errorf("mixed: %v", err)
	}
	_, err = load("{ encrypt_to: [ "+classic.String()+" ] }", "{}")
	if err == nil || !strings.Contains(err.Error(), "is a secret key") || strings.Contains(err.Error(), classic.String()[15:]) {
		t.Errorf("a secret key: %v", err)
	}
}
