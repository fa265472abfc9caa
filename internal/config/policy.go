package config

// Policy is what may be done to accounts.
type Policy struct {
	Rename  RenameMode  `yaml:"rename"`
	Missing MissingMode `yaml:"missing"`
	// Suspend is when access is cut; its zero value is never ("false").
	Suspend  Suspend       `yaml:"suspend"`
	Grace    Grace         `yaml:"grace"`
	Disabled DisabledMode  `yaml:"disabled"`
	Export   Export        `yaml:"export"`
	Reuse    NameReuseMode `yaml:"name_reuse"`
	Twin     TwinMode      `yaml:"twin"`
	// Tombstones is how long a name or address remembers its owner.
	Tombstones Duration `yaml:"tombstones"`
	Purge      Purge    `yaml:"purge"`
	Protect    Texts    `yaml:"protect"`
	Approvals  int      `yaml:"approvals"`
	Limits     Limits   `yaml:"limits"`
}

// RenameMode is what a rename in the directory leads to.
type RenameMode string

// The values of policy.rename.
const (
	RenameApply  RenameMode = "apply"
	RenameReport RenameMode = "report"
)

// MissingMode is what happens to the account of a person who is gone.
type MissingMode string

// The values of policy.missing.
const (
	MissingReport  MissingMode = "report"
	MissingSuspend MissingMode = "suspend"
	MissingDelete  MissingMode = "delete"
)

// Suspend is when the access of a missing person is cut: after Runs counted
// reads and Time. On is false for "suspend: false".
type Suspend struct {
	On   bool     `yaml:"-"`
	Runs int      `yaml:"runs"`
	Time Duration `yaml:"time"`
}

// Grace is how long an account of a missing person is kept: Runs counted reads
// and Time must both have passed; reads closer than Spacing count once.
type Grace struct {
	Runs    int      `yaml:"runs"`
	Time    Duration `yaml:"time"`
	Spacing Duration `yaml:"spacing"`
}

// DisabledMode is what happens to the account of a person whose entry is
// disabled.
type DisabledMode string

// The values of policy.disabled.
const (
	DisabledNone    DisabledMode = "none"
	DisabledSuspend DisabledMode = "suspend"
)

// Export is the archive that is made before a delete.
type Export struct {
	Required bool   `yaml:"required"`
	Dir      string `yaml:"dir"`
	// Keep is how long archives are kept; zero is for ever.
	Keep Duration `yaml:"keep"`
	// EncryptTo are age recipients; without any, archives are not encrypted.
	EncryptTo Texts `yaml:"encrypt_to"`
}

// NameReuseMode is what happens to an account whose name another person got.
type NameReuseMode string

// The values of policy.name_reuse.
const (
	ReusePark NameReuseMode = "park"
	ReuseHold NameReuseMode = "hold"
)

// TwinMode is what happens to an account that the server made by itself under
// a renamed person's new name.
type TwinMode string

// The values of policy.twin.
const (
	TwinReplaceEmpty TwinMode = "replace-empty"
	TwinMerge        TwinMode = "merge"
	TwinHold         TwinMode = "hold"
)

// Purge is when the server is told to drop the data of deleted accounts.
type Purge struct {
	Mode PurgeMode
	// Cron is the expression of PurgeCron, else empty.
	Cron string
}

// PurgeMode tells what leads to a purge.
type PurgeMode string

// The values of policy.purge; PurgeCron stands for any cron expression.
const (
	PurgeAfterDeletes PurgeMode = "after-deletes"
	PurgeNever        PurgeMode = "never"
	PurgeCron         PurgeMode = "cron"
)

// String is the text as in the configuration.
func (p Purge) String() string {
	if p.Mode == PurgeCron {
		return p.Cron
	}
	return string(p.Mode)
}

// Limits bounds each kind of action per source and per domain in any 24 hours.
type Limits struct {
	Delete  Limit `yaml:"delete"`
	Suspend Limit `yaml:"suspend"`
	Rename  Limit `yaml:"rename"`
	Release Limit `yaml:"release"`
	Park    Limit `yaml:"park"`
	Twin    Limit `yaml:"twin"`
}

// Limit allows min(Count, max(3, Percent of the living principals)). Count is
// zero if either was configured as zero: then nothing of the kind is done.
type Limit struct {
	Count   int     `yaml:"count"`
	Percent Percent `yaml:"percent"`
}
