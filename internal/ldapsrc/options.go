package ldapsrc

import (
	"time"

	"syncagent/internal/mapping"
)

// The defaults of Options.
const (
	DefaultPageSize = 1000
	DefaultTimeout  = 30 * time.Second
)

// The values of Options.Referrals.
const (
	ReferralsFail   = "fail"
	ReferralsIgnore = "ignore"
)

// Auto lets the source choose: the ID attribute, the look-up base.
const Auto = "auto"

// Options say where a directory is and how its entries are read. New checks
// them.
type Options struct {
	// Name is the name of the source in the configuration.
	Name string
	// URLs are the servers of one directory in the order in which they are
	// tried: ldap://host[:port], ldaps://host[:port], ldapi://%2Fpath%2Fsocket.
	URLs []string
	// StartTLS upgrades ldap:// connections before anything else is sent.
	StartTLS bool
	TLS      TLSOptions
	Bind     Bind
	// AllowPlaintextPassword lets a password go over a TCP connection without
	// TLS to another host than this one.
	AllowPlaintextPassword bool
	// Bases are the entries below which the people are. They must not overlap.
	Bases []string
	// Scope is "subtree" (the default) or "one".
	Scope string
	// Filter selects the people; empty is (objectClass=*).
	Filter string
	// PageSize is the number of entries asked for at once; 0 is DefaultPageSize.
	PageSize int
	// Timeout is the longest time for each step: dial, TLS, bind, one page; 0 is
	// DefaultTimeout.
	Timeout time.Duration
	// Referrals is ReferralsFail (the default) or ReferralsIgnore.
	Referrals string
	// LookupBase is where single identities are looked up: a DN, or Auto (the
	// default) for the naming contexts that contain the bases.
	LookupBase string
	Leavers    Leavers
	// ID is the attribute that holds the stable ID, or Auto (the default).
	ID string
	// KeepID is the attribute that Auto chose in an earlier run; it stays.
	KeepID string
	// Map says what becomes of the attributes.
	Map mapping.Spec
	// Observe, where set, receives a line for each step worth a debug message,
	// with key-value pairs. It never receives a secret. It may be called by one
	// goroutine at a time for each Snapshot or LookupSession.
	Observe func(message string, keyvals ...any)
}

// TLSOptions say how a server proves who it is, and how we do.
type TLSOptions struct {
	// CAFile holds the certificates of the authorities to trust, PEM; empty for
	// those of the system.
	CAFile string
	// ClientCert and ClientKey are PEM files; both or none.
	ClientCert string
	ClientKey  string
	// ServerName is the name that the certificate must have; empty for the host
	// of the URL.
	ServerName         string
	InsecureSkipVerify bool
}

// Bind says as whom to read. Without DN and SASLExternal the source reads as
// anonymous.
type Bind struct {
	DN string
	// Password gives the password of DN. It is called for each connection, so
	// that a changed secret is picked up. An empty one is refused: servers take
	// it for an anonymous bind and answer success (RFC 4513 §5.1.2).
	Password func() (string, error)
	// SASLExternal binds as whom the transport shows: the local user on ldapi://,
	// the client certificate on TLS.
	SASLExternal bool
}

// Leavers is the place or the mark of people who left. An entry found there
// counts as missing, one found anywhere else as out of scope.
type Leavers struct {
	Bases  []string
	Filter string
}

func (o *Options) observe(message string, keyvals ...any) {
	if o.Observe != nil {
		o.Observe(message, keyvals...)
	}
}

func (o Options) withDefaults() Options {
	if o.Scope == "" {
		o.Scope = scopeSubtree
	}
	if o.Filter == "" {
		o.Filter = anyEntry
	}
	if o.PageSize == 0 {
		o.PageSize = DefaultPageSize
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Referrals == "" {
		o.Referrals = ReferralsFail
	}
	if o.LookupBase == "" {
		o.LookupBase = Auto
	}
	if o.ID == "" {
		o.ID = Auto
	}
	return o
}
