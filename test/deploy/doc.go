// Package deploy holds the tests of the files in deploy/: systemd accepts the units, and they keep their hardening.
package deploy
