package crash

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"syncagent/internal/archive"
	"syncagent/internal/audit"
	"syncagent/internal/reconcile"
	"syncagent/internal/stalwarttest"
)

// archived wants, for each leaver whose account was destroyed, a verified
// archive with the person's mail, told in the audit log before the intent of the
// delete; and nothing unfinished left.
func (l *life) archived(ctx context.Context, ref *reference) error {
	dir := filepath.Join(l.dir, "archive")
	stored, err := archive.Stores(dir)
	if err != nil {
		return err
	}
	hashes, whose := map[string]string{}, map[reconcile.AccountID]int{}
	var errs []error
	for _, s := range stored {
		verified, err := archive.Verify(s.Path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		hashes[verified.ManifestSHA256] = string(s.Account)
		whose[s.Account] = s.Counts["Email"]
	}
	for _, w := range l.server.Writes() {
		id := stalwarttest.AccountID(w.ID)
		if w.Object != "Account" || w.Error != "" || w.Op != "destroy" || !ref.leaver[id] {
			continue
		}
		if n, ok := whose[reconcile.AccountID(id)]; !ok || n != 1 {
			errs = append(errs, fmt.Errorf("account %s was destroyed; archived: %v, with %d messages", id, ok, n))
		}
	}
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			errs = append(errs, fmt.Errorf("%s was left in the directory of archives", entry.Name()))
		}
	}
	return errors.Join(append(errs, err, l.exportsTold(ctx, ref, hashes))...)
}

// exportsTold wants the hash of an archive of the account in the audit log
// before each intent to delete a leaver's account.
func (l *life) exportsTold(ctx context.Context, ref *reference, hashes map[string]string) error {
	var errs []error
	told := map[string]bool{}
	err := audit.Show(ctx, []string{filepath.Join(l.dir, "audit", "audit.jsonl")}, audit.Filter{}, func(rec audit.Record) error {
		account, _ := rec.Fields["account"].(string)
		switch {
		case rec.Event == "export" && rec.Phase == "done":
			hash, _ := rec.Fields["manifest_sha256"].(string)
			told[account] = told[account] || hashes[hash] == account
		case rec.Event == "delete" && rec.Phase == "intent" && ref.leaver[stalwarttest.AccountID(account)] && !told[account]:
			errs = append(errs, fmt.Errorf("audit record %d: account %s is deleted, but no archive of it was told before", rec.Seq, account))
		}
		return nil
	})
	return errors.Join(append(errs, err)...)
}
