package archive

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"syncagent/internal/reconcile"
)

// journal remembers which object of the archive became which one of the
// account. It only saves comparing: a line that is missing (killed between the
// server's answer and the line) is made up for by the comparison.
type journal struct {
	file    *os.File
	account reconcile.AccountID
	made    map[string]string // kind and archived ID → ID in the account
}

type journalLine struct {
	Archive string              `json:"archive"` // hash of the manifest
	Account reconcile.AccountID `json:"account"`
	Kind    string              `json:"kind"`
	From    string              `json:"from"`
	To      string              `json:"to"`
}

func openJournal(path, archive string, account reconcile.AccountID) (*journal, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, fileMode) //nolint:gosec // beside the archive
	if err != nil {
		return nil, fmt.Errorf("open the journal of the restore: %w", err)
	}
	j := &journal{file: f, account: account, made: map[string]string{}}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var line journalLine
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Archive == archive && line.Account == account {
			j.made[line.Kind+" "+line.From] = line.To
		}
	}
	if err := lines.Err(); err != nil {
		return nil, errors.Join(fmt.Errorf("read the journal of the restore: %w", err), f.Close())
	}
	return j, nil
}

func (j *journal) note(archive, kind, from, to string) error {
	j.made[kind+" "+from] = to
	data, err := json.Marshal(journalLine{archive, j.account, kind, from, to})
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(append([]byte{'\n'}, data...), '\n')); err != nil {
		return fmt.Errorf("write the journal of the restore: %w", err)
	}
	return nil
}
