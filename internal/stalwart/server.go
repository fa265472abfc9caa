package stalwart

import (
	"context"
	"time"

	"syncagent/internal/reconcile"
)

// Server is the mail server as the agent uses it. All methods may be called
// concurrently; requests go out one after the other. Once the credentials were
// refused or a ban was seen, every method gives that error without asking (see
// Stopped).
type Server interface {
	Reader
	Writer
	Remover
	Maintainer
	// Info tells what Dial found out.
	Info() Info
	// Close ends the connection. The server must not be used afterwards.
	Close()
}

// Reader looks at accounts and changes nothing, except that Contents makes the
// default mailboxes of an account that was never used.
type Reader interface {
	Rules(ctx context.Context) (reconcile.NameRules, error)
	// CheckName tells why no account can be given a name, CheckAddressable why the
	// account that has it cannot be addressed; nil if it can. They ask nobody.
	CheckName(name string) error
	CheckAddressable(name string) error
	// Expect tells where accounts were seen last; only a hint.
	Expect(names map[reconcile.AccountID]string)
	Accounts(ctx context.Context, after reconcile.AccountID, yield func(reconcile.Account) error) error
	Get(ctx context.Context, ids []reconcile.AccountID) (found []reconcile.Account, gone []reconcile.AccountID, err error)
	FindByName(ctx context.Context, name string) ([]reconcile.Account, error)
	FindByAddress(ctx context.Context, address string) ([]reconcile.Account, error)
	Contents(ctx context.Context, id reconcile.AccountID) (reconcile.Contents, error)
}

// Writer changes identities and access of accounts.
type Writer interface {
	WriteIdentities(ctx context.Context, writes []reconcile.IdentityWrite) ([]error, error)
	Park(ctx context.Context, write reconcile.IdentityWrite, cut bool) (ParkResult, error)
	CanSuspend(ctx context.Context, id reconcile.AccountID) error
	Suspend(ctx context.Context, id reconcile.AccountID) (before string, err error)
	Resume(ctx context.Context, id reconcile.AccountID, before string) error
}

// Remover destroys accounts.
type Remover interface {
	Destroy(ctx context.Context, ids []reconcile.AccountID) ([]error, error)
	AwaitDestroyed(ctx context.Context, ids []reconcile.AccountID) (map[reconcile.AccountID]Destruction, error)
}

// Maintainer starts what the server does in the background.
type Maintainer interface {
	Purge(ctx context.Context) (reconcile.PurgeResult, error)
	AwaitPurge(ctx context.Context) (reconcile.PurgeResult, error)
	InvalidateCaches(ctx context.Context) error
}

// GenerationJMAP is the generation of 0.16 and later.
const GenerationJMAP = "jmap-0.16"

// Info is what Dial found out about a server.
type Info struct {
	// Generation is GenerationJMAP, or "rest-0.15" and the like ("rest-0.7-0.8"
	// where two cannot be told apart).
	Generation string
	// Version is the release, or "0.16+" for one that is not known, or a range
	// such as "0.10.0 to 0.10.2"; for people.
	Version string
	// Edition is "oss", "community" or "enterprise".
	Edition string
	// Fingerprint identifies the server across restarts: a hash over the URL and,
	// on 0.16, the ID and creation time of its oldest domain.
	Fingerprint string
	// Self is the account that the client logs in with, SelfName its login name.
	// With an API key before 0.16 Self is empty.
	Self     reconcile.AccountID
	SelfName string
	// AscendingIDs is true if later accounts have higher IDs, so that Accounts can
	// start after one: since 0.12. Otherwise only a whole listing shows what is new.
	AscendingIDs bool
	// SlowListing is true if a listing costs one request for each account: before
	// 0.10.
	SlowListing bool
	// RowFirst is true if a delete removes the account before its data, so that an
	// account that is gone does not prove that its data is: in 0.15.
	RowFirst bool
	// Never are the abilities that the version does not have, or must not be made
	// to use, whatever the permissions are: "delete", "rename", "suspend". Sorted.
	Never []string
	// Can tells what the permissions allow, Missing what to add for the rest.
	Can     Abilities
	Missing []MissingPermissions
	// Skew is the server's clock minus the local one, whole seconds.
	Skew time.Duration
	// Warnings are worth a line for people.
	Warnings []reconcile.Reason
}

// Abilities tell what the credentials may do.
type Abilities struct {
	// List is to see all accounts and domains; nothing works without it.
	List bool
	// Rename is to change names and addresses, also for release and park.
	Rename bool
	// Delete is to destroy accounts and to see the server finish.
	Delete bool
	// Purge is to start the blob purge and to watch it.
	Purge bool
	// Suspend is to cut the access of ordinary users, with the undo proven.
	Suspend bool
	// Export is to read everything in an account.
	Export bool
	// Restore is to put the contents of an archive into an account.
	Restore bool
	// Twin is to look into an account (Contents).
	Twin bool
	// Credentials is to destroy app passwords and API keys of an account.
	Credentials bool
	// InvalidateCaches is to end cached logins.
	InvalidateCaches bool
}

// MissingPermissions lists what an ability lacks, sorted.
type MissingPermissions struct {
	Ability     string
	Permissions []string
}

// jmapServer is the implementation for 0.16 and later.
type jmapServer struct {
	http          *transport
	info          Info
	limits        limits
	permissions   map[string]bool
	domains       domainCache
	roles         roleCache
	deleteTimeout time.Duration
	// poll is the first pause between two looks at the tasks.
	poll  time.Duration
	purge purgeState
}

var _ Server = (*jmapServer)(nil)

// Info tells what Dial found out.
func (s *jmapServer) Info() Info { return s.info }

// Close ends the connection.
func (s *jmapServer) Close() { s.http.client.CloseIdleConnections() }
