package stalwarttest

import "time"

// Options describe a simulated server. The zero value is a usable server with the domain example.org, an
// administrator "admin" with the password "admin", and one API key with all permissions.
type Options struct {
	// Generation is "" for 0.16.18, or a version from "0.5" to "0.15.5" with the management API of that time. Then
	// accounts are principals with any name, see [Server.AddPrincipal], and a [Record] of the directory has the login
	// name as Name and all addresses as Aliases.
	Generation string
	Domains    []Domain  // the first is the default domain; example.org if empty
	Directory  Directory // the external directory; nil = an empty MapDirectory

	// Now tells the time written into objects (createdAt, due …); nil = time.Now.
	// How long tasks take is measured by the real clock, so that a standing clock does not stop them.
	Now func() time.Time
	// TaskDelay is how long background work stays visible: a DestroyAccount task, and all shards of one purge.
	// Zero: until the request after the one that queued it (a purge: one more, with its shards visible).
	TaskDelay time.Duration

	Admin    Credentials // recovery administrator (Basic); admin/admin if empty
	Agent    string      // local part of the administrator account that owns the API keys; "dirsync" if empty
	AgentKey APIKey      // API key of the agent account; Secret "" = a generated one, see Server.APIKey

	// Archiving is how long deleted accounts are archived (an Enterprise feature): their DestroyAccount tasks stay
	// pending with a due time that far away, and never run here.
	Archiving time.Duration
	// AdvertisedURL is the base of apiUrl, downloadUrl and uploadUrl in the session document. Empty: a host that
	// does not exist, as is frequent in practice, so that a client which trusts it fails. See also RelativeURLs.
	AdvertisedURL string

	RequestsPerMinute int           // rate limit of an authenticated account; 0 = none
	AnonymousRequests int           // rate limit per minute of one address without (known) credentials; 0 = none
	AuthBanRate       int           // failed logins that an address or a login name may make; 0 = no bans, nor for scanning
	UploadTTL         time.Duration // how long an unused upload survives a purge; 1 h if 0
	MaxObjects        int           // maxObjectsInGet and maxObjectsInSet; 500 if 0
	TrustForwarded    bool          // take the client's address from X-Forwarded-For; loopback is then exempt from limits, as on a real server
}

// RelativeURLs as Options.AdvertisedURL makes the session document give paths only, as a server in recovery mode does.
const RelativeURLs = "relative"

// Domain is a mail domain with its aliases.
type Domain struct {
	Name    string
	Aliases []string
}

// Credentials are a login name and its password.
type Credentials struct {
	Name     string
	Password string
}

// APIKey is an API key. Nil Permissions inherit all of the owner's.
type APIKey struct {
	Secret      string
	Permissions []string
}

func (o *Options) setDefaults() {
	if len(o.Domains) == 0 {
		o.Domains = []Domain{{Name: "example.org"}}
	}
	if o.Directory == nil {
		o.Directory = &MapDirectory{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Admin == (Credentials{}) {
		o.Admin = Credentials{Name: "admin", Password: "admin"}
	}
	if o.Agent == "" {
		o.Agent = "dirsync"
	}
	if o.AdvertisedURL == "" {
		o.AdvertisedURL = "https://mail.internal.invalid"
	}
	if o.UploadTTL == 0 {
		o.UploadTTL = time.Hour
	}
	if o.MaxObjects == 0 {
		o.MaxObjects = 500
	}
}
