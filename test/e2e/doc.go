// Package e2e proves the main job from outside: the built program, real
// directories (OpenLDAP, PostgreSQL, MariaDB) and the simulated mail server,
// which the program only knows by its URL. The tests carry the build tag
// realservers:
//
//	go test -tags realservers ./test/e2e/
package e2e
