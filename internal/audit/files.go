package audit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files gives the files of a log, oldest first: the file itself and what
// logrotate made of it beside it (its name with ".1", ".2.gz", "-20261123" and
// the like). The order is that of their first records; files that hold none
// come last, before the file itself.
func Files(ctx context.Context, file string) ([]string, error) {
	names, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		return nil, fmt.Errorf("find audit logs: %w", err)
	}
	type found struct {
		file  string
		first int64
	}
	var old []found
	for _, name := range names {
		suffix, beside := strings.CutPrefix(name.Name(), filepath.Base(file))
		if !beside || suffix == "" || !strings.ContainsRune(".-", rune(suffix[0])) || !name.Type().IsRegular() {
			continue
		}
		path := filepath.Join(filepath.Dir(file), name.Name())
		first, err := firstSeq(ctx, path)
		if err != nil {
			return nil, fmt.Errorf("find audit logs: %w", err)
		}
		old = append(old, found{path, first})
	}
	slices.SortStableFunc(old, func(a, b found) int {
		switch {
		case a.first < b.first:
			return -1
		case a.first > b.first:
			return 1
		}
		return strings.Compare(a.file, b.file)
	})
	var files []string
	for _, f := range old {
		files = append(files, f.file)
	}
	if _, err := os.Stat(file); err == nil || len(files) == 0 {
		files = append(files, file)
	}
	return files, nil
}

// errEnough ends a scan early.
var errEnough = errors.New("enough")

// firstSeq is the number of the first record of a file.
func firstSeq(ctx context.Context, file string) (int64, error) {
	first := int64(math.MaxInt64)
	err := scanFile(ctx, file, func(l scannedLine) error {
		if l.err != nil {
			return nil //nolint:nilerr // Verify tells what is wrong with it.
		}
		first = l.record.Seq
		return errEnough
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return first, err
}
