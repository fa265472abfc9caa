package health

// Kind is the Prometheus type of a metric.
type Kind string

// The kinds in use.
const (
	Gauge   Kind = "gauge"
	Counter Kind = "counter"
)

// Metric describes one metric for people; docs/reference/metrics.md is held to this table by a test.
type Metric struct {
	Name   string
	Kind   Kind
	Labels []string
	Help   string
}

// The names of all metrics of the product, in the order of the reference. Times are Unix seconds, durations seconds.
const (
	nameBuild         = "syncagent_build_info"
	nameLastRun       = "syncagent_last_run_timestamp_seconds"
	nameLastSuccess   = "syncagent_last_success_timestamp_seconds"
	nameLastExit      = "syncagent_last_run_exit_code"
	nameLastDuration  = "syncagent_last_run_duration_seconds"
	nameStageDuration = "syncagent_last_run_stage_duration_seconds"
	nameNext          = "syncagent_next_run_timestamp_seconds"
	nameRunning       = "syncagent_run_in_progress"
	nameRuns          = "syncagent_runs_total"
	nameEntries       = "syncagent_source_entries"
	nameComplete      = "syncagent_source_complete"
	nameMissing       = "syncagent_source_missing"
	nameBlocked       = "syncagent_blocked"
	nameActions       = "syncagent_actions_total"
	nameHolds         = "syncagent_holds"
	nameAudit         = "syncagent_audit_position"
	nameLease         = "syncagent_lease_holder"
)

// Table lists every metric.
var Table = []Metric{
	{nameBuild, Gauge, []string{"version"}, "Always 1; the label tells the version."},
	{nameLastRun, Gauge, nil, "When the last run began. 0 = none yet."},
	{nameLastSuccess, Gauge, nil, "When the last run that ended with exit code 0 began. 0 = none yet. Alert if it is much older than the schedule's interval."},
	{nameLastExit, Gauge, nil, "The exit code of the last run, as in the table of exit codes. -1 = none yet."},
	{nameLastDuration, Gauge, nil, "How long the last run took."},
	{nameStageDuration, Gauge, []string{"stage"}, "How long each stage of the last run took."},
	{nameNext, Gauge, nil, "When the schedule starts the next run, without splay. 0 = never."},
	{nameRunning, Gauge, nil, "1 while a run is under way."},
	{nameRuns, Counter, []string{"trigger", "exit_code"}, "Runs since the daemon started."},
	{nameEntries, Gauge, []string{"source"}, "Entries that the last read of the source gave."},
	{nameComplete, Gauge, []string{"source"}, "1 if the last read of the source was complete. 0 = nothing of it may be removed; alert on it."},
	{nameMissing, Gauge, []string{"source"}, "People who are missing from the source and wait for their grace to end."},
	{nameBlocked, Gauge, []string{"stage"}, "1 if a guard blocked the stage in the last run; it waits for a person. Alert on it."},
	{nameActions, Counter, []string{"kind", "outcome"}, "Actions since the daemon started."},
	{nameHolds, Gauge, []string{"code"}, "Actions that the last run did not take, by the code of the reason."},
	{nameAudit, Gauge, nil, "Number of the last audit record."},
	{nameLease, Gauge, nil, "1 if this node is the one that may write."},
}
