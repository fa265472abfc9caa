// Package schedule decides when the daemon runs: by the timetable, by a signal, or to make up for a run that was missed.
//
// Whatever the trigger, runs never overlap: there is one gate. A panic in a run ends that run and nothing else. The
// timetable is a value of robfig/cron v3 (config has parsed it and closed the traps of its parser); the traps of its
// runner are closed here:
//
//   - The job that cron starts only knocks at the gate, so cron's chain of wrappers, of which one order stops all runs
//     after the first panic, is not needed.
//   - cron waits on the monotonic clock, which stands still while a machine is suspended; a check every minute finds
//     runs that are overdue by the wall clock.
//   - cron's Stop does not cancel jobs and waits without a deadline; [Runner.Stop] does both.
//   - cron writes to standard output unless told otherwise; here it is silent.
//
// The package knows nothing of directories or mail servers, and does no I/O.
package schedule
