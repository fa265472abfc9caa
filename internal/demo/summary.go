package demo

import (
	"path/filepath"
	"strings"
)

// Summary is what came of the demonstration, for machines.
type Summary struct {
	Users int    `json:"users"`
	Dir   string `json:"dir"`
	// Steps are the runs that the story tells of, in their order.
	Steps []Step `json:"steps"`
	// Renamed, TwinsRemoved, Parked and Deleted count accounts; Protected those
	// that were held as protected when their time had come.
	Renamed      int `json:"renamed"`
	TwinsRemoved int `json:"twins_removed"`
	Parked       int `json:"parked"`
	Deleted      int `json:"deleted"`
	Protected    int `json:"protected"`
	Purges       int `json:"purges"`
	// Exported counts verified archives, Restored the messages that went from one
	// into another mailbox.
	Exported int `json:"exported"`
	Restored int `json:"restored"`
	// Checked is how many logins were tried to see whose mail they open.
	Checked      int   `json:"logins_checked"`
	AuditRecords int64 `json:"audit_records"`
	DurationMS   int64 `json:"duration_ms"`
	// Try are commands to go on with.
	Try []string `json:"try"`
}

// Step is one run.
type Step struct {
	What     string `json:"what"`
	Command  string `json:"command"`
	ExitCode int    `json:"exit_code"`
	Summary  string `json:"summary"`
	// Codes are the reasons why something was blocked.
	Codes []string `json:"codes,omitempty"`
}

// ending tells where everything is and what to try next.
func (w *world) ending() {
	commands := func(file string) []string {
		return []string{
			"syncagent status -c " + file,
			"syncagent history -c " + file,
			"syncagent explain " + w.cast.joan.Login + " -c " + file,
			"syncagent explain " + w.cast.admin.Login + " -c " + file,
			"syncagent audit show --name " + w.cast.alexK.Login + " -c " + file,
			"syncagent audit verify -c " + file,
			"syncagent check -c " + file,
		}
	}
	w.sum.Try = commands(quoted(filepath.Join(w.dir, "syncagent.yaml")))
	t := w.tell
	t.blank()
	t.line(t.paint(bold, "Everything is left in "+w.dir))
	if t.short {
		return
	}
	t.say("syncagent.yaml, directory.sqlite, state/, audit.jsonl. The simulated mail server has ended with this "+
		"demonstration (%.1f s), so nothing can be changed any more, but all of this can be looked at:", float64(w.sum.DurationMS)/1000)
	for _, line := range append([]string{"cd " + quoted(w.dir)}, commands("syncagent.yaml")...) {
		t.line("     " + line)
	}
}

// quoted makes a path one word for a shell.
func quoted(path string) string {
	if !strings.ContainsFunc(path, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./@", r)
	}) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
