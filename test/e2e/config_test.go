//go:build realservers

package e2e

import (
	"fmt"

	"syncagent/internal/testserver"
)

// ldapConfig is an LDAP source of the configuration.
type ldapConfig struct {
	url      string
	bind     string
	password string
	base     string
	filter   string
	pageSize int
	timeout  string
}

func usual(url string) ldapConfig {
	return ldapConfig{
		url: url, bind: testserver.SyncDN, password: testserver.SyncPassword, base: testserver.PeopleDN,
		filter: "(objectClass=inetOrgPerson)", pageSize: 1000, timeout: "30s",
	}
}

func (c ldapConfig) source(h *home) string {
	h.write("ldap-password", c.password)
	bind := ""
	if c.bind != "" { // else anonymous
		bind = fmt.Sprintf("bind: { dn: %q, password: { file: ldap-password } }", c.bind)
	}
	return fmt.Sprintf(`
  - name: staff
    ldap:
      urls: [ %s ]
      %s
      base: %q
      filter: %q
      page_size: %d
      timeout: %s
    map: { name: "{mail}", addresses: [ mail ], same_person: [ employeeNumber ] }
`, c.url, bind, c.base, c.filter, c.pageSize, c.timeout)
}

// deleting is the policy of these tests: everything by default, but leavers are
// deleted, and no time has to pass between the three reads. Deleting without an
// export is a choice that an administrator has to make.
const deleting = `
  missing: delete
  grace: { runs: 3, time: 0s, spacing: 1ms }
  export: { required: false }
`

// configure writes the configuration. The rate is what a loopback server
// stands; the limits are the defaults.
func (h *home) configure(m *mail, sources, policy string) {
	h.t.Helper()
	h.write("api-key", m.APIKey())
	h.write("syncagent.yaml", fmt.Sprintf(`
server: { url: %s, api_key: { file: api-key }, rate: 1000 }
sources:%spolicy:%sstate: { dir: ../state }
audit: { file: %s }
`, m.url, sources, policy, h.auditFile()))
}
