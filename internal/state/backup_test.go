package state

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBackupAndRestore(t *testing.T) {
	ctx := t.Context()
	l := openLedger(t, t.TempDir())
	missing := settled("staff", 2)
	missing.State = 2
	record(t, l, settled("staff", 1), missing)
	file := filepath.Join(t.TempDir(), "backup.db")
	if err := l.Backup(ctx, file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	want(t, l.Backup(ctx, file), fs.ErrExist)

	before := files(t, filepath.Dir(file))
	sum, err := CheckBackup(ctx, file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]Counts{"staff": {Active: 1, Missing: 1}}, sum.Principals); diff != "" || sum.Schema != 3 {
		t.Error(diff, sum.Schema)
	}
	if diff := cmp.Diff(before, files(t, filepath.Dir(file))); diff != "" {
		t.Errorf("checking changed the backup: %.500s", diff)
	}

	target := filepath.Join(t.TempDir(), "state")
	if _, err := RestoreBackup(ctx, Options{Dir: target}, file); err != nil {
		t.Fatal(err)
	}
	if n := living(t, openLedger(t, target)); n != 1 {
		t.Errorf("%d living after the restore", n)
	}
	_, err = RestoreBackup(ctx, Options{Dir: target}, file)
	want(t, err, fs.ErrExist)

	// A reader can back up too.
	second := filepath.Join(t.TempDir(), "second.db")
	if err := openCopy(t, target).Backup(ctx, second); err != nil {
		t.Fatal(err)
	}
	if _, err := CheckBackup(ctx, second); err != nil {
		t.Error(err)
	}
	empty := filepath.Join(t.TempDir(), "empty.db")
	want(t, openCopy(t, t.TempDir()).Backup(ctx, empty), ErrNotFound)
}

func TestCheckBackupRefuses(t *testing.T) {
	ctx := t.Context()
	_, err := CheckBackup(ctx, filepath.Join(t.TempDir(), "missing"))
	want(t, err, fs.ErrNotExist)
	for name, spoil := range map[string]func(string) error{
		"cut":     func(f string) error { return os.Truncate(f, 8192) },
		"empty":   func(f string) error { return os.Truncate(f, 0) },
		"not one": func(f string) error { return os.WriteFile(f, []byte("hello, this is a text"), 0o600) },
	} {
		l := openLedger(t, t.TempDir())
		record(t, l, settled("staff", 1))
		file := filepath.Join(t.TempDir(), "backup.db")
		if err := l.Backup(ctx, file); err != nil {
			t.Fatal(err)
		}
		if err := spoil(file); err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(t.TempDir(), "state")
		if _, err := RestoreBackup(ctx, Options{Dir: target}, file); err == nil {
			t.Errorf("%s: restored", name)
		}
		if _, err := os.Stat(target); err == nil {
			t.Errorf("%s: something was made", name)
		}
	}
}
