package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// What a full disk leaves of a ledger at its very first opening is not a
// damaged ledger: nothing was ever in it.
func TestFullDiskAtFirstOpening(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	failed, mounted := 0, false
	for size := 4; size <= 160; size += 12 {
		t.Run(fmt.Sprintf("%dk", size), func(t *testing.T) {
			dir := t.TempDir()
			mount := func(options string) {
				if out, err := exec.CommandContext(context.Background(), "mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput(); err != nil {
					t.Skipf("mount: %s", out)
				}
			}
			mount(fmt.Sprintf("size=%dk", size))
			t.Cleanup(func() { _ = exec.CommandContext(context.Background(), "umount", dir).Run() })
			mounted = true
			l, err := Open(t.Context(), Options{Dir: dir, Mode: ReadWrite})
			if err == nil {
				_ = l.Close()
				return
			}
			failed++
			if !errors.Is(err, ErrDiskFull) && !errors.Is(err, ErrIO) {
				t.Errorf("error %v, want the disk named", err)
			}
			if l := openCopy(t, dir); l.Exists() {
				t.Error("a reader takes what was left for a ledger")
			}
			mount("remount,size=10m")
			if l := openLedger(t, dir); l.Exists() || living(t, l) != 0 {
				t.Error("what was left counts as a ledger")
			}
		})
	}
	if mounted && failed == 0 {
		t.Error("no size was too small")
	}
}
