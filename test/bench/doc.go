// Package bench measures whole runs against real servers. It is not part of the tests: figures are printed, never judged,
// since machines differ. See run.sh.
package bench
