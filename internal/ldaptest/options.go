package ldaptest

import "crypto/tls"

// Vendor is the product that a server plays.
type Vendor int

// The vendors. They differ in the rootDSE and in a few habits.
const (
	OpenLDAP Vendor = iota
	ActiveDirectory
	DS389
	EDirectory
	// Unknown has a rootDSE without any sign of its maker.
	Unknown
	// Silent hides its rootDSE altogether.
	Silent
)

// The defaults of Options.
const (
	Suffix       = "dc=example,dc=test"
	People       = "ou=people," + Suffix
	BindDN       = "cn=sync," + Suffix
	BindPassword = "sync-secret"
)

// Options say what a server is like. The zero value is an OpenLDAP without TLS
// on a free loopback port.
type Options struct {
	Vendor Vendor
	// Socket, where set, is the path of a Unix socket to listen on instead of TCP.
	Socket string
	// TLS, where set, is used for StartTLS, or with LDAPS from the first byte.
	TLS   *tls.Config
	LDAPS bool
	// NoPaging makes a server that has no paging and says so in its rootDSE.
	NoPaging bool
	// ConstantCookie gives the cookie "0" with every page, as 389 does.
	ConstantCookie bool
	// RequireBind refuses searches before a bind, the rootDSE apart.
	RequireBind bool
	// SizeLimit cuts unpaged answers with code 4 and pages silently, as Active
	// Directory's MaxPageSize does; 0 = none.
	SizeLimit int
	// MaxValRange gives attributes with more values in ranges; 0 = never.
	MaxValRange int
	// OddCase spells the names of attributes as nobody would.
	OddCase bool
	// CSN is the contextCSN of the suffix (OpenLDAP) or the highestCommittedUSN
	// (Active Directory).
	CSN string
	// Hidden hides entries, as access rules do: without any word.
	Hidden func(dn string) bool
	// Unsearchable are attributes that can be read but not searched by.
	Unsearchable []string
	// Faults are the ways in which the server misbehaves.
	Faults []Fault
}

// FaultKind is one way to misbehave.
type FaultKind int

// The faults. Unless said otherwise they strike at page Fault.Page (from 1, 0
// = each) of a search below the suffix with a paging control, or at a search
// without one.
const (
	// CloseBeforeDone sends half of the entries and closes the connection.
	CloseBeforeDone FaultKind = iota + 1
	// CloseAfterPage answers the page and closes the connection.
	CloseAfterPage
	// StallPage sends half of the entries and then nothing more.
	StallPage
	// Drip sends the answer one byte every 20 ms.
	Drip
	// StallConnect accepts connections and never answers anything.
	StallConnect
	// StallTLS answers StartTLS, then never shakes hands; with LDAPS at once.
	StallTLS
	// StallBind never answers a bind.
	StallBind
	// RefuseStartTLS answers StartTLS with code Fault.Code.
	RefuseStartTLS
	// RefuseBind answers a bind with Fault.Code and Fault.Message.
	RefuseBind
	// RepeatPage gives the cookie of this page again, so that it comes for ever.
	RepeatPage
	// EmptyCookie gives an empty cookie although there is more.
	EmptyCookie
	// GarbleCookie gives a cookie that the server itself refuses with code 53.
	GarbleCookie
	// SkipPage gives a cookie that jumps over a page.
	SkipPage
	// IgnorePaging answers with everything at once, without the control.
	IgnorePaging
	// DropControl leaves the paging control out of the answer.
	DropControl
	// EmptyPages gives pages without entries, with a cookie, for ever.
	EmptyPages
	// AnswerCode ends the page with Fault.Code after half of the entries.
	AnswerCode
	// AnswerCodeBare ends the page with Fault.Code and without entries or control.
	AnswerCodeBare
	// SendReferral adds a continuation reference (tag 19).
	SendReferral
	// DuplicateEntry sends the first entry of the search again, in place of one of
	// the page.
	DuplicateEntry
	// DropID leaves the ID attributes out of the last entry of the page.
	DropID
	// Disconnect sends the notice of disconnection (message ID 0) and closes.
	Disconnect
	// DisconnectOnly sends that notice before the page and goes on.
	DisconnectOnly
	// WrongID answers under another message ID.
	WrongID
	// Garbage sends bytes that are no BER.
	Garbage
	// Gigantic announces a message of two gigabytes.
	Gigantic
	// BrokenEntry sends an entry whose inner lengths do not fit.
	BrokenEntry
	// BreakRange refuses to give the rest of a ranged attribute.
	BreakRange
	// EndlessRange gives the same range again and again.
	EndlessRange
)

// Fault is one misbehaviour.
type Fault struct {
	Kind    FaultKind
	Page    int
	Code    int
	Message string
}
