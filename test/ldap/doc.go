// Package ldap holds the tests of internal/ldapsrc against a real OpenLDAP.
// They carry the build tag realservers:
//
//	go test -tags realservers ./test/ldap/
package ldap
