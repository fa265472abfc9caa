// Package testserver starts real directory servers for tests: OpenLDAP's slapd, PostgreSQL and MariaDB.
//
// Each server gets a temporary folder and free ports on 127.0.0.1, and is stopped when the test ends. The servers are
// started directly, never through the service manager, so that a machine's own directory or database is never touched.
// A server also dies with the test process, however that ends (parent-death signal), so that nothing is left running.
//
// It works for root (PostgreSQL and MariaDB refuse to run as root and are started as their package's user) and for an
// ordinary user. Tests that use it carry the build tag realservers. A missing server makes a test fail, never skip: a
// suite that quietly tests nothing is worse than none.
//
// The package must never be imported by anything but tests.
package testserver
