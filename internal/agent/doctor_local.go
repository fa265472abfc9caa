package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"syncagent/internal/audit"
	"syncagent/internal/state"
)

// leastFree is the free space below which a warning is given, in bytes.
const leastFree = 100 << 20

// state looks at the state directory and the ledger in it.
func (d *doctor) state(ctx context.Context) {
	dir := d.cfg.State.Dir
	d.writable("state", dir)
	ledger, err := state.Open(ctx, state.Options{Dir: dir, Mode: state.ReadOnly, Now: d.now})
	if err != nil {
		d.fail("state", "ledger", ExitUntrusted, "restore a backup with: syncagent state restore FILE", err)
		return
	}
	defer func() { _ = ledger.Close() }() // it is a copy in memory
	if !ledger.Exists() {
		d.ok("state", "ledger", "there is none yet: the first run makes it, links people to accounts and changes nothing")
	} else if summary, err := ledger.Summary(ctx); err != nil {
		d.fail("state", "ledger", ExitUntrusted, "", err)
	} else {
		d.ok("state", "ledger", "schema %d, %d runs, %d accounts", summary.Schema, summary.Runs, summary.Accounts)
		if summary.OpenSteps > 0 {
			d.warn("state", "journal", "The next run settles them before anything else.", "%d steps of an interrupted run are open", summary.OpenSteps)
		}
	}
	if err := d.Traces(ctx, ledger); err != nil {
		d.fail("state", "traces", ExitUntrusted, "", trust(err))
	}
}

// auditLog looks at the audit log and the place where it is kept.
func (d *doctor) auditLog(ctx context.Context) {
	file := d.cfg.Audit.File
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.writable("audit", filepath.Dir(file))
		return
	case err != nil:
		d.fail("audit", "file", ExitFailed, "", err)
		return
	case !info.Mode().IsRegular():
		d.fail("audit", "file", ExitUsage, "audit.file must name a file", fmt.Errorf("%s is not a regular file", file))
		return
	}
	d.writable("audit", file)
	head, err := audit.ReadHead(ctx, file, nil)
	if err != nil {
		d.fail("audit", "chain", ExitUntrusted, "look at it with: syncagent audit verify", err)
		return
	}
	d.ok("audit", "chain", "the end of the log verifies; %d records (all of it: syncagent audit verify)", head.Seq)
}

// writable tells whether a file or directory, or the place where it will be
// made, can be written to by us; it writes nothing.
func (d *doctor) writable(subject, path string) {
	place := path
	info, err := os.Stat(place)
	for errors.Is(err, fs.ErrNotExist) && filepath.Dir(place) != place {
		place = filepath.Dir(place)
		info, err = os.Stat(place)
	}
	if err == nil {
		err = unix.Access(place, unix.W_OK)
	}
	if err != nil {
		d.fail(subject, "writable", ExitFailed, "Make it writable for "+login(os.Geteuid())+".", fmt.Errorf("%s cannot be written to: %w", path, err))
		return
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && place == path && int(stat.Uid) != os.Geteuid() {
		d.warn(subject, "owner", "Start syncagent as that user: sudo -u "+login(int(stat.Uid))+" syncagent …", "%s belongs to %s, and we are %s", path, login(int(stat.Uid)), login(os.Geteuid()))
		return
	}
	if info.IsDir() && place == path && info.Mode().Perm()&0o002 != 0 {
		d.warn(subject, "mode", "chmod 700 "+path, "everybody may write to %s", path)
		return
	}
	var space unix.Statfs_t
	if err := unix.Statfs(place, &space); err == nil {
		if free := space.Bavail * uint64(space.Bsize); free < leastFree { //nolint:gosec // a block size is positive
			d.warn(subject, "space", "Free some space: a run that cannot record what it does stops.", "only %d MiB are free for %s", free>>20, path)
			return
		}
	}
	if place != path {
		d.ok(subject, "writable", "%s will be made", path)
		return
	}
	d.ok(subject, "writable", "%s", path)
}

// login is the name of a user, or its number where there is none.
func login(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "#" + strconv.Itoa(uid)
}
