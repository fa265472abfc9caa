package testserver

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/google/uuid"
)

// UserUUID is the entryUUID (and SQL id) of generated user i, the same in every run.
func UserUUID(i int) string {
	return uuid.NewMD5(uuid.NameSpaceOID, []byte(UserName(i))).String()
}

// UserName is the uid of generated user i: u0000000, then u0000001.
func UserName(i int) string { return fmt.Sprintf("u%07d", i) }

// UserMail is the address of generated user i.
func UserMail(i int) string { return UserName(i) + "@example.test" }

// UserDN is the distinguished name of generated user i.
func UserDN(i int) string { return "uid=" + UserName(i) + "," + PeopleDN }

var (
	givenNames = []string{"Anna", "Bruno", "Chloé", "David", "Émile", "Fatima", "Günther", "Hana", "Ivan", "Jürgen", "Kofi", "Lena"}
	surnames   = []string{"Smith", "Müller", "Nuñez", "Okafor", "Ivanova", "Tanaka", "Larsson", "Costa", "Dubois", "Novák"}
)

// person returns the given name and surname of generated user i.
func person(i int) (given, sur string) {
	return givenNames[i%len(givenNames)], surnames[i/len(givenNames)%len(surnames)]
}

// WriteLDIF writes the tree that [Slapd] loads: the base, ou=people with n users, ou=leavers, ou=groups, ou=service
// with the accounts that read. each, if not nil, returns further lines for user i, every one with its line end.
func WriteLDIF(w io.Writer, n int, each func(i int) string) error {
	b := bufio.NewWriterSize(w, 1<<20)
	fmt.Fprintf(b, "dn: %s\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n\n", BaseDN)
	for _, ou := range []string{"people", "leavers", "groups", "service"} {
		fmt.Fprintf(b, "dn: ou=%s,%s\nobjectClass: organizationalUnit\nou: %s\n\n", ou, BaseDN, ou)
	}
	for _, a := range []struct{ cn, password string }{{"sync", SyncPassword}, {"limited", LimitedPassword}} {
		fmt.Fprintf(b, "dn: cn=%s,ou=service,%s\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"+
			"cn: %s\nuserPassword: %s\n\n", a.cn, BaseDN, a.cn, a.password)
	}
	for i := range n {
		given, sur := person(i)
		fmt.Fprintf(b, "dn: %s\nobjectClass: inetOrgPerson\nuid: %s\n%s%s%smail: %s\nemployeeNumber: %d\nentryUUID: %s\n"+
			"createTimestamp: 20200101000000Z\n",
			UserDN(i), UserName(i), ldifLine("cn", given+" "+sur), ldifLine("sn", sur), ldifLine("givenName", given),
			UserMail(i), i, UserUUID(i))
		if each != nil {
			b.WriteString(each(i))
		}
		b.WriteByte('\n')
	}
	return b.Flush()
}

// ldifLine writes one attribute, in base64 if it is not plain ASCII (RFC 2849).
func ldifLine(name, value string) string {
	for i := range len(value) {
		if value[i] >= 0x80 {
			return name + ":: " + base64.StdEncoding.EncodeToString([]byte(value)) + "\n"
		}
	}
	return name + ": " + value + "\n"
}
