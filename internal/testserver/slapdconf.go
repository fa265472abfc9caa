package testserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The tree and the accounts of every [Slapd].
const (
	BaseDN    = "dc=example,dc=test"
	PeopleDN  = "ou=people," + BaseDN
	LeaversDN = "ou=leavers," + BaseDN
	GroupsDN  = "ou=groups," + BaseDN

	AdminDN         = "cn=admin," + BaseDN // the root DN: no limit and no access rule applies to it
	AdminPassword   = "admin-secret"
	SyncDN          = "cn=sync,ou=service," + BaseDN // reads without limits
	SyncPassword    = "sync-secret"
	LimitedDN       = "cn=limited,ou=service," + BaseDN // has slapd's default limit of 500 entries
	LimitedPassword = "limited-secret"
)

// DefaultLimits are the limits lines that a [Slapd] has unless told otherwise.
const DefaultLimits = `limits dn.exact="` + SyncDN + `" size=unlimited time=unlimited`

// DefaultACL are the access rules that a [Slapd] has unless told otherwise. Passwords are always protected before them.
const DefaultACL = `access to * by users read by * none`

// SlapdOptions say what a slapd holds and how it answers. The zero value is an empty tree without TLS.
type SlapdOptions struct {
	Users    int                // generated users u0000000 … in ou=people
	EachUser func(i int) string // further LDIF lines of user i
	LDIF     string             // further entries, loaded after the users
	Limits   string             // "limits …" lines (slapd.conf); empty = DefaultLimits
	ACL      string             // "access …" lines (slapd.conf); empty = DefaultACL
	TLS      bool               // ldaps:// and StartTLS
	Global   string             // further lines before the database, such as "security simple_bind=128"
	Database string             // further lines in the database section, such as an overlay
}

// conf writes slapd.conf and returns its path. The facts in it (module names, the maxsize that 100,000 entries need,
// "[+]" in authz-regexp) are of OpenLDAP 2.5.
func (s *SlapdServer) conf() (string, error) {
	o, b := s.opts, &strings.Builder{}
	for _, schema := range []string{"core", "cosine", "inetorgperson", "nis"} {
		fmt.Fprintf(b, "include %s/%s.schema\n", s.schemaDir, schema)
	}
	if s.moduleDir != "" {
		fmt.Fprintf(b, "modulepath %s\nmoduleload back_mdb\nmoduleload syncprov\nmoduleload memberof\n", s.moduleDir)
	}
	fmt.Fprintf(b, "pidfile %s/slapd.pid\nargsfile %s/slapd.args\n", s.Dir, s.Dir)
	if s.Certs != nil {
		fmt.Fprintf(b, "TLSCACertificateFile %s\nTLSCertificateFile %s\nTLSCertificateKeyFile %s\nTLSVerifyClient allow\n",
			s.Certs.CA, s.ServerCert.Cert, s.ServerCert.Key)
		fmt.Fprintf(b, "authz-regexp \"^cn=sync$\" \"%s\"\n", SyncDN)
	}
	fmt.Fprintf(b, "authz-regexp \"gidNumber=%d[+]uidNumber=%d,cn=peercred,cn=external,cn=auth\" \"%s\"\n",
		os.Getgid(), os.Getuid(), SyncDN)
	fmt.Fprintf(b, "%s\n\ndatabase mdb\nmaxsize 4294967296\nsuffix \"%s\"\nrootdn \"%s\"\nrootpw %s\ndirectory %s/db\n",
		o.Global, BaseDN, AdminDN, AdminPassword, s.Dir)
	fmt.Fprintf(b, "dbnosync\nindex objectClass,uid,mail,employeeNumber,entryUUID,entryCSN,member,memberOf eq\n")
	fmt.Fprintf(b, "%s\naccess to attrs=userPassword by self write by anonymous auth by * none\n%s\n",
		or(o.Limits, DefaultLimits), or(o.ACL, DefaultACL))
	fmt.Fprintf(b, "overlay syncprov\nsyncprov-checkpoint 1000 10\nsyncprov-sessionlog 1000\noverlay memberof\n%s\n", o.Database)
	path := filepath.Join(s.Dir, "slapd.conf")
	return path, os.WriteFile(path, []byte(b.String()), 0o600)
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
