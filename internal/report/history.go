package report

import (
	"fmt"
	"time"
)

// HistoryView is what `syncagent history` shows, newest first as the caller
// gives it.
type HistoryView struct {
	Runs []HistoryRow `json:"runs"`
}

// HistoryRow is one run.
type HistoryRow struct {
	Run     string    `json:"run"`
	Started time.Time `json:"started"`
	// DurationMS is in milliseconds.
	DurationMS int64 `json:"duration_ms"`
	// Trigger is what started it: schedule, signal, a person's command.
	Trigger  string `json:"trigger,omitempty"`
	ExitCode int    `json:"exit_code"`
	// Outcome is the exit code in words, such as "done" or "blocked".
	Outcome string `json:"outcome"`
	// Summary is the closing line of the run's report; see Summary.
	Summary string `json:"summary"`
	// Plan is the hash of its plan.
	Plan string `json:"plan,omitempty"`
}

func (r HistoryRow) line() string {
	return moment(r.Started) + ": " + r.words()
}

// words are outcome and summary, without saying "done" twice.
func (r HistoryRow) words() string {
	if r.Summary != "" && (r.Outcome == "done" || r.Outcome == "") {
		return r.Summary
	}
	return joined(" – ", r.Outcome, r.Summary)
}

func (r HistoryRow) tone() tone {
	switch r.ExitCode {
	case 0:
		return tonePlain
	case 2, 3:
		return toneWarn
	}
	return toneBad
}

func (r HistoryRow) wire() HistoryRow {
	r.Started = second(r.Started)
	return r
}

func (h HistoryView) layout(o Options) document {
	d := document{title: "syncagent: history", summary: people(len(h.Runs), "run", "runs")}
	if len(h.Runs) == 0 {
		d.summary = "no run yet"
		return d
	}
	g := group{}
	for _, r := range h.Runs {
		it := item{symbol: "·", tone: r.tone(), name: moment(r.Started), text: r.words()}
		if r.ExitCode != 0 {
			it.symbol = "!"
		}
		if o.Verbose {
			took := time.Duration(r.DurationMS) * time.Millisecond
			it.details = append(it.details, joined(", ", "run "+r.Run, r.Trigger, "took "+took.String(),
				fmt.Sprintf("exit code %d", r.ExitCode), r.Plan))
		} else {
			it.details = append(it.details, "run "+r.Run)
		}
		g.items = append(g.items, it)
	}
	d.sections = []section{{title: "Runs", groups: []group{g}}}
	return d
}

func (h HistoryView) wire() any {
	h.Runs = each(h.Runs, HistoryRow.wire)
	return h
}
