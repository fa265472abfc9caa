package config

// DefaultPath is where the configuration is looked for when nobody says
// otherwise.
const DefaultPath = "/etc/syncagent/syncagent.yaml"

// Config is the whole configuration with defaults filled in and relative paths
// made absolute. It is a value: nothing changes it after Load, so any number of
// goroutines may read it.
type Config struct {
	Server   Server   `yaml:"server"`
	Sources  []Source `yaml:"sources"`
	Policy   Policy   `yaml:"policy"`
	Schedule Schedule `yaml:"schedule"`
	State    State    `yaml:"state"`
	Audit    Audit    `yaml:"audit"`
	// Listen is the address of health, metrics and status page; empty is off.
	Listen string   `yaml:"listen" config:"empty"`
	Log    Log      `yaml:"log"`
	Notify NotBuilt `yaml:"notify"`

	// File names where the configuration came from, for messages.
	File string `yaml:"-"`
	// Warnings are risky settings that are no errors, in the order of the file.
	Warnings []Problem `yaml:"-"`
}

// Server is the Stalwart server. Either APIKey or Username with Password is
// set.
type Server struct {
	URL      string  `yaml:"url"`
	APIKey   *Secret `yaml:"api_key"`
	Username string  `yaml:"username"`
	Password *Secret `yaml:"password"`
	TLS      TLS     `yaml:"tls"`
	// Generation is "auto" or a version such as "0.16.3".
	Generation string `yaml:"generation"`
	// Rate is the largest number of requests per second.
	Rate          float64  `yaml:"rate"`
	Timeout       Duration `yaml:"timeout"`
	DeleteTimeout Duration `yaml:"delete_timeout"`
}

// Source is one directory: LDAP or SQL, exactly one of them is set.
type Source struct {
	Name   string `yaml:"name"`
	LDAP   *LDAP  `yaml:"ldap"`
	SQL    *SQL   `yaml:"sql"`
	Map    Map    `yaml:"map"`
	Expect Expect `yaml:"expect"`
	// Policy is what counts for this source: the general policy with this
	// source's own settings over it. Protect holds the patterns of both.
	Policy Policy `yaml:"policy"`
}

// Schedule tells when the daemon runs. Use Timetable to ask for times.
type Schedule struct {
	// Cron has five fields, or is a descriptor such as "@hourly".
	Cron     string `yaml:"cron"`
	Timezone string `yaml:"timezone"`
	// Splay is the longest random delay before a run.
	Splay Duration `yaml:"splay"`
	// CatchUp runs at start if a run was missed while the daemon was down.
	CatchUp bool `yaml:"catch_up"`
}

// State is where the ledger is kept.
type State struct {
	Dir      string   `yaml:"dir"`
	Postgres NotBuilt `yaml:"postgres"`
}

// SourceNamed gives the source of a name, nil if there is none.
func (c *Config) SourceNamed(name string) *Source {
	for i := range c.Sources {
		if c.Sources[i].Name == name {
			return &c.Sources[i]
		}
	}
	return nil
}

// Audit is where the audit log is kept.
type Audit struct {
	File string `yaml:"file"`
	// SignKey signs each record (HMAC-SHA-256); nil is unsigned.
	SignKey *Secret `yaml:"sign_key"`
}

// Key reads the key that signs the records; nil if they are not signed. Errors
// are those of Secret.Read.
func (a Audit) Key() ([]byte, error) {
	if a.SignKey == nil {
		return nil, nil
	}
	key, err := a.SignKey.Read()
	return []byte(key), err
}

// Log is how much is logged and in which form.
type Log struct {
	Level  LogLevel  `yaml:"level"`
	Format LogFormat `yaml:"format"`
}

// LogLevel is the least severe level that is logged.
type LogLevel string

// The log levels.
const (
	LevelDebug LogLevel = "debug"
	LevelInfo  LogLevel = "info"
	LevelWarn  LogLevel = "warn"
	LevelError LogLevel = "error"
)

// LogFormat is the form of a log line.
type LogFormat string

// The log formats. LogAuto is console on a terminal and JSON elsewhere.
const (
	LogAuto    LogFormat = "auto"
	LogConsole LogFormat = "console"
	LogJSON    LogFormat = "json"
)
