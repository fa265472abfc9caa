package config

// LDAP is how a directory is read over LDAP.
type LDAP struct {
	// URLs are servers of the same directory (ldap, ldaps or ldapi), in the order
	// in which they are tried.
	URLs     []string `yaml:"urls"`
	StartTLS bool     `yaml:"start_tls"`
	TLS      TLS      `yaml:"tls"`
	Bind     Bind     `yaml:"bind"`
	// AllowPlaintextPassword lets the password go over a connection without TLS.
	AllowPlaintextPassword bool   `yaml:"allow_plaintext_password"`
	Base                   Texts  `yaml:"base"`
	Scope                  Scope  `yaml:"scope"`
	Filter                 string `yaml:"filter"`
	PageSize               int    `yaml:"page_size"`
	// Timeout is for each step: a page, the bind, StartTLS.
	Timeout   Duration  `yaml:"timeout"`
	Referrals Referrals `yaml:"referrals"`
	// LookupBase is "auto" or a DN.
	LookupBase string       `yaml:"lookup_base"`
	Leavers    *LDAPLeavers `yaml:"leavers"`
}

// Bind is how the agent logs in to the directory: DN with Password, SASL
// "external", or nothing at all (anonymous).
type Bind struct {
	DN       string  `yaml:"dn"`
	Password *Secret `yaml:"password"`
	SASL     string  `yaml:"sasl"`
}

// LDAPLeavers is where the directory keeps people who left: Bases or Filter.
type LDAPLeavers struct {
	Bases  []string `yaml:"bases"`
	Filter string   `yaml:"filter"`
}

// Scope is how deep a search goes.
type Scope string

// The scopes.
const (
	ScopeOne     Scope = "one"
	ScopeSubtree Scope = "subtree"
)

// Referrals tells what a referral in an answer means.
type Referrals string

// The values of referrals: ReferralsFail makes the snapshot incomplete.
const (
	ReferralsFail   Referrals = "fail"
	ReferralsIgnore Referrals = "ignore"
)

// SQL is how a directory is read from a database.
type SQL struct {
	Driver      Driver      `yaml:"driver"`
	DSN         DSN         `yaml:"dsn"`
	Query       string      `yaml:"query"`
	Lookup      string      `yaml:"lookup"`
	Addresses   string      `yaml:"addresses"`
	Count       string      `yaml:"count"`
	ChangeProbe string      `yaml:"change_probe"`
	Timeout     Duration    `yaml:"timeout"`
	Leavers     *SQLLeavers `yaml:"leavers"`
}

// SQLLeavers is the column that marks people who left.
type SQLLeavers struct {
	Column string `yaml:"column"`
	Is     Texts  `yaml:"is"`
}

// Driver is the kind of database.
type Driver string

// The drivers.
const (
	DriverSQLite    Driver = "sqlite"
	DriverPostgres  Driver = "postgres"
	DriverMySQL     Driver = "mysql"
	DriverSQLServer Driver = "sqlserver"
)

// Map tells which attributes or columns mean what.
type Map struct {
	// ID is an attribute or column, or "auto" (LDAP only).
	ID            string `yaml:"id"`
	IDNeverReused bool   `yaml:"id_never_reused"`
	// Name is a template: text with {attribute}; "{{" is a brace.
	Name      string       `yaml:"name"`
	NameAlso  Texts        `yaml:"name_also"`
	Addresses []AddressMap `yaml:"addresses"`
	Kind      *KindMap     `yaml:"kind"`
	Enabled   *EnabledMap  `yaml:"enabled"`
	// SamePerson lists attributes that prove that two entries are one person.
	SamePerson Texts `yaml:"same_person"`
	// Created is the attribute with the entry's creation time.
	Created string `yaml:"created"`
}

// AddressMap is one attribute that holds addresses. Values without Prefix are
// dropped, the others lose it.
type AddressMap struct {
	Attribute string `yaml:"attribute"`
	Prefix    string `yaml:"prefix"`
}

// KindMap maps the values of an attribute to individual, group or admin.
type KindMap struct {
	Attribute string          `yaml:"attribute"`
	Values    map[string]Kind `yaml:"values"`
}

// Kind is what sort of principal a value of map.kind stands for.
type Kind string

// The kinds.
const (
	KindIndividual Kind = "individual"
	KindGroup      Kind = "group"
	KindAdmin      Kind = "admin"
)

// EnabledMap tells how an attribute says that a person may log in. At most one
// of Absent, Is, Not and BitClear is set; none is only allowed for SQL and
// reads the column as true or false.
type EnabledMap struct {
	Attribute string `yaml:"attribute"`
	// Absent: enabled if the attribute has no value.
	Absent bool `yaml:"absent"`
	// Is: enabled if the value is one of these. Not: if it is none of these.
	Is  Texts `yaml:"is"`
	Not Texts `yaml:"not"`
	// BitClear: enabled if this bit (a power of two) of a number is not set.
	BitClear int64 `yaml:"bit_clear"`
}

// Expect is what a healthy snapshot looks like.
type Expect struct {
	MinEntries int     `yaml:"min_entries"`
	MaxDrop    Percent `yaml:"max_drop"`
	Canaries   Texts   `yaml:"canaries"`
}
