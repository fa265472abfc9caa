package ldapsrc

import (
	"errors"
	"strings"
	"testing"
	"time"

	"syncagent/internal/ldaptest"
	"syncagent/internal/reconcile"
)

// short is the time-out where a server hangs: long enough for a busy machine.
const short = 700 * time.Millisecond

// faultCase is one way in which a server misbehaves, and what must come of it.
type faultCase struct {
	name   string
	kind   ldaptest.FaultKind
	page   int
	code   int
	text   string
	wants  string // the code of the reason
	says   string // a part of message or hint
	change func(o *Options)
	server ldaptest.Options
	// nothing demands an error instead of evidence: no server could be read.
	nothing bool
}

func hurry(o *Options) { o.Timeout = short }

var faultCases = []faultCase{
	{name: "closes before the end of the first page", kind: ldaptest.CloseBeforeDone, page: 1, wants: "connection-lost", nothing: true},
	{name: "closes before the end of page 2", kind: ldaptest.CloseBeforeDone, page: 2, wants: "connection-lost", says: "page 2"},
	{name: "closes between pages", kind: ldaptest.CloseAfterPage, page: 2, wants: "connection-lost", says: "page 3"},
	{name: "stalls in the first page", kind: ldaptest.StallPage, page: 1, wants: "timeout", change: hurry, nothing: true},
	{name: "stalls in page 3", kind: ldaptest.StallPage, page: 3, wants: "timeout", says: "page 3", change: hurry},
	{name: "drips", kind: ldaptest.Drip, page: 2, wants: "timeout", change: hurry},
	{name: "never answers", kind: ldaptest.StallConnect, wants: "timeout", change: hurry, nothing: true},
	{name: "never answers a bind", kind: ldaptest.StallBind, wants: "timeout", says: "bind", change: hurry, nothing: true},
	{name: "repeats a page", kind: ldaptest.RepeatPage, page: 2, wants: "duplicate-id"},
	{name: "repeats the first page for ever", kind: ldaptest.RepeatPage, wants: "duplicate-id"},
	{name: "empty cookie on page 1", kind: ldaptest.EmptyCookie, page: 1, wants: "count-differs"},
	{name: "empty cookie on page 2", kind: ldaptest.EmptyCookie, page: 2, wants: "count-differs"},
	{name: "garbled cookie", kind: ldaptest.GarbleCookie, page: 2, wants: "query-failed", says: "cookie"},
	{name: "ignores paging", kind: ldaptest.IgnorePaging, wants: "paging-broken"},
	{name: "ignores paging and cuts at its limit", kind: ldaptest.IgnorePaging, wants: "limit-reached", server: ldaptest.Options{SizeLimit: 20}},
	{name: "drops the control on page 2", kind: ldaptest.DropControl, page: 2, wants: "paging-broken", says: "page 2"},
	{name: "drops the control on the first page", kind: ldaptest.DropControl, page: 1, wants: "paging-broken"},
	{name: "empty pages for ever", kind: ldaptest.EmptyPages, wants: "paging-broken", says: "no end"},
	{name: "empty pages for ever from page 2", kind: ldaptest.EmptyPages, page: 2, wants: "duplicate-id"},
	{name: "time limit on page 2", kind: ldaptest.AnswerCode, page: 2, code: 3, wants: "limit-reached"},
	{name: "size limit on the first page", kind: ldaptest.AnswerCode, page: 1, code: 4, wants: "limit-reached"},
	{name: "size limit on page 3", kind: ldaptest.AnswerCode, page: 3, code: 4, wants: "limit-reached"},
	{name: "size limit without entries", kind: ldaptest.AnswerCodeBare, page: 2, code: 4, wants: "limit-reached"},
	{name: "referral result", kind: ldaptest.AnswerCodeBare, page: 1, code: 10, wants: "referral"},
	{name: "referral result on page 2", kind: ldaptest.AnswerCode, page: 2, code: 10, wants: "referral"},
	{name: "administrative limit", kind: ldaptest.AnswerCode, page: 1, code: 11, wants: "limit-reached", says: "nsLookThroughLimit"},
	{name: "unavailable critical extension", kind: ldaptest.AnswerCodeBare, page: 1, code: 12, wants: "paging-broken"},
	{name: "base is gone", kind: ldaptest.AnswerCodeBare, page: 1, code: 32, wants: "base-missing", nothing: true},
	{name: "base is gone on page 2", kind: ldaptest.AnswerCode, page: 2, code: 32, wants: "base-missing"},
	{name: "credentials revoked in the middle", kind: ldaptest.AnswerCode, page: 2, code: 49, wants: "login-refused"},
	{name: "no access", kind: ldaptest.AnswerCodeBare, page: 1, code: 50, wants: "query-failed", says: "permission"},
	{name: "no access on page 2", kind: ldaptest.AnswerCode, page: 2, code: 50, wants: "query-failed"},
	{name: "busy", kind: ldaptest.AnswerCode, page: 2, code: 51, wants: "query-failed", says: "busy"},
	{name: "unavailable", kind: ldaptest.AnswerCodeBare, page: 1, code: 52, wants: "query-failed", nothing: true},
	{name: "unavailable on page 2", kind: ldaptest.AnswerCode, page: 2, code: 52, wants: "query-failed"},
	{name: "unwilling", kind: ldaptest.AnswerCode, page: 3, code: 53, text: "try later", wants: "query-failed", says: "try later"},
	{name: "an unknown code", kind: ldaptest.AnswerCode, page: 2, code: 9999, wants: "query-failed", says: "9999"},
	{name: "continuation reference", kind: ldaptest.SendReferral, page: 1, wants: "referral", says: "elsewhere"},
	{name: "continuation reference on the last page", kind: ldaptest.SendReferral, page: 4, wants: "referral"},
	{name: "duplicate across pages", kind: ldaptest.DuplicateEntry, page: 3, wants: "duplicate-id"},
	{name: "an entry without ID", kind: ldaptest.DropID, page: 2, wants: "no-id", says: "entryUUID"},
	{name: "notice of disconnection", kind: ldaptest.Disconnect, page: 2, wants: "connection-lost"},
	{name: "notice of disconnection, then goes on", kind: ldaptest.DisconnectOnly, page: 2, wants: "connection-lost", says: "going down"},
	{name: "answers another request", kind: ldaptest.WrongID, page: 2, wants: "query-failed", says: "not asked"},
	{name: "bytes that are no LDAP", kind: ldaptest.Garbage, page: 2, wants: "query-failed", says: "not LDAP"},
	{name: "a message of two gigabytes", kind: ldaptest.Gigantic, page: 2, wants: "query-failed", says: "more than 16777216 bytes"},
	{name: "an entry with wrong lengths", kind: ldaptest.BrokenEntry, page: 2, wants: "query-failed", says: "not LDAP"},
	{name: "wrong password", kind: ldaptest.RefuseBind, code: 49, wants: "login-refused", nothing: true},
	{
		name: "wrong password in Active Directory", kind: ldaptest.RefuseBind, code: 49, wants: "login-refused", nothing: true,
		text: "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 52e, v3839", says: "password of bind.dn is wrong",
	},
	{
		name: "locked in Active Directory", kind: ldaptest.RefuseBind, code: 49, wants: "login-refused", nothing: true,
		text: "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 775, v3839", says: "locked",
	},
	{name: "stronger authentication required", kind: ldaptest.RefuseBind, code: 8, wants: "login-refused", says: "ldaps://", nothing: true},
	{name: "confidentiality required", kind: ldaptest.RefuseBind, code: 13, wants: "login-refused", says: "start_tls", nothing: true},
	{
		name: "Active Directory without a bind", wants: "login-refused", says: "bind.dn", nothing: true,
		server: ldaptest.Options{Vendor: ldaptest.ActiveDirectory, RequireBind: true}, change: func(o *Options) { o.Bind = Bind{} },
	},
	{
		name: "another server without a bind", wants: "query-failed", says: "permission",
		server: ldaptest.Options{RequireBind: true}, change: func(o *Options) { o.Bind = Bind{} },
	},
	{
		name: "the base does not exist", wants: "base-missing", says: "typing", nothing: true,
		change: func(o *Options) { o.Bases = []string{"ou=poeple," + ldaptest.Suffix} },
	},
	{
		name: "the base is hidden", wants: "base-missing", nothing: true,
		server: ldaptest.Options{Hidden: func(string) bool { return true }},
	},
	{name: "the ranges are not given", kind: ldaptest.BreakRange, wants: "range-unread", server: ldaptest.Options{MaxValRange: 2}},
	{name: "the ranges turn in circles", kind: ldaptest.EndlessRange, wants: "range-unread", server: ldaptest.Options{MaxValRange: 2}},
	{name: "no paging, cut at 20", wants: "limit-reached", server: ldaptest.Options{NoPaging: true, SizeLimit: 20}},
	{
		name: "StartTLS refused", kind: ldaptest.RefuseStartTLS, code: 53, wants: "tls-failed", nothing: true,
		change: func(o *Options) { o.StartTLS = true },
	},
}

// TestFaults is the table "fault → no snapshot that could delete, a clear
// reason, and that within a deadline".
func TestFaults(t *testing.T) {
	for _, c := range faultCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			checkFault(t, c)
		})
	}
}

func checkFault(t *testing.T, c faultCase) {
	options := c.server
	options.TLS = serverTLS(t)
	server := fill(ldaptest.New(t, options), 35)
	server.Add(dn(3), with(person(3), "mail", mail(3), "a@example.test", "b@example.test", "c@example.test", "d@example.test"))
	if c.kind != 0 {
		server.Change(func(o *ldaptest.Options) {
			o.Faults = []ldaptest.Fault{{Kind: c.kind, Page: c.page, Code: c.code, Message: c.text}}
		})
	}
	start := time.Now()
	entries, ev, err := snapshot(t, open(t, server, c.change))
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("took %v", took)
	}
	if ev.Complete {
		t.Fatalf("complete with %d of 35 entries", len(entries))
	}
	if c.nothing != errors.Is(err, ErrUnusable) || !c.nothing && err != nil {
		t.Errorf("error %v, want one that is ErrUnusable: %v", err, c.nothing)
	}
	if len(ev.Reasons) == 0 {
		t.Fatal("no reason")
	}
	reason := ev.Reasons[0]
	if c.wants != "" && reason.Code != c.wants {
		t.Errorf("reason %+v, want %s", reason, c.wants)
	}
	if _, known := reconcile.CodeInfo(reason.Code); !known {
		t.Errorf("the code %q is not in the registry", reason.Code)
	}
	if reason.Hint == "" || !strings.Contains(reason.Message+reason.Hint, c.says) {
		t.Errorf("reason %+v, want %q in it and a hint", reason, c.says)
	}
	if c.nothing && len(entries) > 0 {
		t.Errorf("%d entries from a server that could not be read", len(entries))
	}
	t.Logf("%s: %s (%s)", reason.Code, reason.Message, reason.Hint)
}

// TestWhatOnlyGuardsCanSee holds the cases in which the protocol is flawless
// and the evidence has to help the guards: numbers, positions, digest.
func TestWhatOnlyGuardsCanSee(t *testing.T) {
	server := fill(ldaptest.New(t, ldaptest.Options{CSN: "20261122133954.653295Z#000000#001#000000"}), 35)
	source := open(t, server, nil)
	_, before := complete(t, source)

	t.Run("nobody", func(t *testing.T) {
		entries, ev := complete(t, open(t, server, func(o *Options) { o.Filter = "(objectClass=inetOrgPersno)" }))
		if len(entries) != 0 || ev.Entries != 0 || len(ev.Warnings) != 1 || ev.Warnings[0].Code != reconcile.UnusableEmpty {
			t.Errorf("%d entries, evidence %+v", len(entries), ev)
		}
	})
	t.Run("60 percent", func(t *testing.T) {
		server.Change(func(o *ldaptest.Options) {
			// "uid=u034,…": those whose number ends in 0 to 3.
			o.Hidden = func(dn string) bool { return strings.HasPrefix(dn, "uid=") && dn[7] < '4' }
		})
		defer server.Change(func(o *ldaptest.Options) { o.Hidden = nil })
		entries, ev := complete(t, source)
		if len(entries) != 19 || ev.Entries != len(entries) || ev.Digest == before.Digest {
			t.Errorf("%d entries, evidence %+v", len(entries), ev)
		}
	})
	t.Run("an old replica", func(t *testing.T) {
		server.Change(func(o *ldaptest.Options) { o.CSN = "20261120080000.000000Z#000000#001#000000" })
		_, ev := complete(t, source)
		if ev.Positions["001"] >= before.Positions["001"] || ev.Directory != before.Directory {
			t.Errorf("positions %v and before %v", ev.Positions, before.Positions)
		}
	})
	t.Run("a skipped page", func(t *testing.T) {
		server.Change(func(o *ldaptest.Options) { o.Faults = []ldaptest.Fault{{Kind: ldaptest.SkipPage, Page: 1}} })
		_, ev, _ := snapshot(t, source)
		if ev.Entries != 25 {
			t.Errorf("%d entries", ev.Entries)
		}
	})
}

func TestEntryMovedBetweenPages(t *testing.T) {
	server := fill(ldaptest.New(t, ldaptest.Options{}), 35)
	server.OnPage(func(page int) {
		if page == 2 {
			server.Move(dn(2), "uid=u002,ou=new,"+ldaptest.People)
		}
	})
	_, ev, err := snapshot(t, open(t, server, nil))
	if err != nil || ev.Complete || ev.Reasons[0].Code != reconcile.UnusableDuplicateID {
		t.Errorf("error %v, evidence %+v", err, ev)
	}
}
