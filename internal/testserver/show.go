package testserver

import (
	"errors"
	"fmt"
	"os"
	"testing"
)

// Show keeps a text that people should see after the tests: "go test" prints
// nothing of a test that passes. It goes to the file that $SYNCAGENT_SHOW names,
// and nowhere if that is empty.
func Show(t testing.TB, title, text string) {
	t.Helper()
	if err := Append(title, text); err != nil {
		t.Error(err)
	}
}

// Append is Show for a TestMain.
func Append(title, text string) error {
	path := os.Getenv("SYNCAGENT_SHOW")
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("show %s: %w", title, err)
	}
	_, err = fmt.Fprintf(file, "--- %s\n%s\n", title, text)
	return errors.Join(err, file.Close())
}
