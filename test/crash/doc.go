// Package crash proves that work which was cut short is finished exactly once:
// runs of the real binary that are killed, whose mail server misbehaves, or
// whose disk is full, and the runs after them.
//
// A run with every kind of action at once is made without a disturbance first.
// Then the same world is made anew for each request of that run, the run is
// disturbed there, and the runs after it must end with the same accounts and
// the same writes. What must never happen: an account that is written twice,
// one that nobody planned for is touched, a leaver is deleted without a verified
// archive, or a person opens somebody else's mail.
//
// Without further ado a sample of the moments is taken; SYNCAGENT_CRASH_LONG=1
// takes all of them.
package crash
