package config

import "time"

const (
	day             = 24 * time.Hour
	defaultStateDir = "/var/lib/syncagent"
	defaultAudit    = "/var/log/syncagent/audit.jsonl"
)

// defaults is a configuration in which every key has its default. The paths
// that depend on state.dir are filled in by fillPaths.
func defaults() *Config {
	return &Config{
		Server: Server{
			Generation:    "auto",
			Rate:          10,
			Timeout:       Duration(30 * time.Second),
			DeleteTimeout: Duration(15 * time.Minute),
		},
		Policy: defaultPolicy(),
		Schedule: Schedule{
			Cron:     "*/15 * * * *",
			Timezone: "UTC",
			Splay:    Duration(30 * time.Second),
			CatchUp:  true,
		},
		State: State{Dir: defaultStateDir},
		Log:   Log{Level: LevelInfo, Format: LogAuto},
	}
}

func defaultPolicy() Policy {
	return Policy{
		Rename:     RenameApply,
		Missing:    MissingReport,
		Grace:      Grace{Runs: 3, Time: Duration(14 * day), Spacing: Duration(time.Hour)},
		Disabled:   DisabledNone,
		Export:     Export{Required: true, Keep: Duration(365 * day)},
		Reuse:      ReusePark,
		Twin:       TwinReplaceEmpty,
		Tombstones: Duration(365 * day),
		Purge:      Purge{Mode: PurgeAfterDeletes},
		Approvals:  1,
		Limits: Limits{
			Delete:  Limit{Count: 20, Percent: 2},
			Suspend: Limit{Count: 50, Percent: 5},
			Rename:  Limit{Count: 100, Percent: 10},
			Release: Limit{Count: 100, Percent: 10},
			Park:    Limit{Count: 10, Percent: 1},
			Twin:    Limit{Count: 20, Percent: 2},
		},
	}
}

// defaultSource has the defaults of a source; its policy starts as the general
// one.
func defaultSource(general Policy) Source {
	return Source{
		Policy: general,
		Expect: Expect{MinEntries: 1, MaxDrop: 10},
	}
}

func defaultLDAP() LDAP {
	return LDAP{
		Scope:      ScopeSubtree,
		PageSize:   1000,
		Timeout:    Duration(30 * time.Second),
		Referrals:  ReferralsFail,
		LookupBase: auto,
	}
}

func defaultSQL() SQL {
	return SQL{Timeout: Duration(5 * time.Minute)}
}

// auto is the value that leaves a choice to the program.
const auto = "auto"
