// Package ldaptest is a small LDAPv3 server in memory that misbehaves on
// demand, for tests of whatever reads a directory.
//
// It answers binds, the rootDSE and searches with filters, scopes, paging
// (RFC 2696), ranged attributes, StartTLS, ldaps and ldapi as real products
// do, and breaks any of these rules when told so by a Fault. It keeps no
// secrets and checks no permissions beyond what a test asks for: it must never
// be reachable from outside the machine, and listens on loopback only.
package ldaptest
