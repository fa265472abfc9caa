package stalwarttest

import (
	"fmt"
	"slices"
)

// contract says how to replay one recording.
type contract struct {
	file          string
	noDomainAlias bool
	ldap          bool
	options       func(*Options)
	prepare       func(*replay)         // what the recording had before its first exchange
	hooks         map[int]func(*replay) // what happened before an exchange and is not told in words that can be parsed
	users         map[int]string        // login names of exchanges
	skip          map[int]string        // exchanges left out, and why
}

// contracts is the table of all recordings of 0.16.18. Not replayed at all:
//
//   - batch-figures: has no exchanges, only speeds.
var contracts = []contract{
	{
		file:    "account-creation",
		prepare: func(r *replay) { r.group("e", "team@example.test"); r.next("h") },
		users:   map[int]string{1: "cr1@example.test"},
	},
	{
		file: "account-get-query",
		prepare: func(r *replay) {
			r.s.AddMailingList("gqlist@example.test", nil, nil)
			r.next("e")
		},
	},
	{file: "address-reuse", prepare: func(r *replay) { r.next("bc") }, hooks: map[int]func(*replay){
		1: func(r *replay) { r.user = "ru@example.test" },
	}},
	{
		file: "alias",
		prepare: func(r *replay) {
			r.have("w", "al1@example.test")
			mustDeliver(r.t, r.s, "al1@example.test", "first mail of the old owner")
			r.secrets["Basic <user by old address, cached>"] = basic("al1@example.test", password)
			r.seen("al1@example.test")
			r.secrets["Basic <user by new address>"] = basic("al1.new@example.test", password)
			r.secrets["Basic <stranger>"] = basic("al1@example.test", "pw-stranger")
			r.secrets["Basic <old owner>"] = basic("al1.new@example.test ", password)
			r.have("y", "al2@example.test")
			r.have("z", "al3@example.test")
			r.next("x")
		},
		users: map[int]string{3: "al1@example.test", 17: "al2@example.test"},
		hooks: map[int]func(*replay){
			6: func(r *replay) {
				r.change("al1@example.test", func(d *Record) { d.Secret = "pw-stranger" })
			},
			11: func(r *replay) { r.s.nextID = 0; r.next("x") },
		},
	},
	{file: "alias-removed", prepare: func(r *replay) { r.next("7") }, hooks: map[int]func(*replay){
		6: func(r *replay) { mustLogin(r.t, r.s, "ar1@example.test", password) },
		8: func(r *replay) {
			r.have("2", "ar3@example.test", "ar.move@example.test")
			r.have("0", "ar4@example.test")
		},
	}},
	{file: "concurrent-writes", prepare: func(r *replay) { r.have("ry", "cw@example.test") }, hooks: map[int]func(*replay){
		1: func(r *replay) { r.s.Inject(Fault{FailMethod: "x:Account/set"}) },
	}},
	{
		file: "credentials",
		prepare: func(r *replay) {
			id := r.have("rx", "cdb1@example.test")
			r.s.AddAppPassword(id, "phone")
			r.s.AddAPIKey(id, APIKey{})
			r.s.AddAppPassword(id, "phone")
			r.s.AddAPIKey(id, APIKey{})
		},
		hooks: map[int]func(*replay){9: func(r *replay) { mustLogin(r.t, r.s, "cdb1@example.test", password) }},
	},
	{file: "destroy", prepare: prepareDestroy, hooks: map[int]func(*replay){1: (*replay).settle}},
	{
		file: "detection",
		prepare: func(r *replay) {
			r.next("c")
			r.directory.Put(r.userRecord("alice@example.test", nil))
			r.user = "alice@example.test"
			r.secrets["Basic <' Alice@Example.TEST '>"] = basic(" Alice@Example.TEST ", password)
			r.secrets["Basic <user without domain>"] = basic("alice", password)
			r.secrets["Basic <unknown user>"] = basic("nobody@example.test", password)
		},
	},
	{
		file:    "domains",
		prepare: func(r *replay) { r.next("d") },
		skip: map[int]string{
			7: "settings of the recorded server's own installation; TestSettings checks what a client reads of them",
		},
	},
	{
		file: "envelope",
		hooks: map[int]func(*replay){
			5: func(*replay) {}, 15: func(r *replay) { r.have("c", "alice@example.test") },
		},
	},
	{file: "export", prepare: prepareExport, hooks: map[int]func(*replay){
		0: func(r *replay) { fillExport(r) }, 12: (*replay).settle, 14: (*replay).settle,
	}},
	{file: "forbidden", prepare: prepareForbidden},
	{
		file: "ldap", noDomainAlias: true, ldap: true,
		prepare: func(r *replay) {
			r.secrets["Basic <user by alias>"] = basic("ld1.alias@example.test", password)
			r.secrets["Basic <user, empty password>"] = basic("ld1@example.test", "")
			r.secrets["Basic <'*@example.test'>"] = basic("*@example.test", password)
			r.secrets["Basic <stranger>"] = basic("ld1.new@example.test", "pw-stranger")
		},
		hooks: map[int]func(*replay){
			10: func(r *replay) { r.next("f") },
			12: func(r *replay) {
				r.change("ld1.new@example.test", func(d *Record) { d.Secret = "pw-stranger" })
				r.secrets["Basic <user>"] = basic("ld1.new@example.test", "pw-stranger")
			},
			15: func(r *replay) { r.secrets["Basic <user>"] = basic("ld2.mixed@example.test", password) },
		},
		skip: map[int]string{0: "settings of the recorded server's own directory"},
	},
	{
		file:    "limits",
		options: func(o *Options) { o.RequestsPerMinute, o.AnonymousRequests, o.AuthBanRate = 1000, 100, 5 },
		prepare: prepareLimits,
		hooks: map[int]func(*replay){
			1:  func(r *replay) { r.many(999, "203.0.113.7", basic(r.user, password)) },
			4:  func(r *replay) { r.many(1100, "203.0.113.9", r.secrets["Bearer <apikey>"]) },
			5:  func(r *replay) { r.many(100, "203.0.113.8", "") },
			9:  func(r *replay) { r.s.AddAPIKey(r.s.AgentID(), APIKey{}) },
			10: func(r *replay) { r.many(1, "203.0.113.11", r.secrets["Bearer <apikey>"]) },
			11: func(r *replay) { r.busy(maxConcurrentRequests) },
			14: func(r *replay) { r.busy(0) },
			26: func(r *replay) { r.user = "li2@example.test" },
			33: func(r *replay) { r.user = "li3@example.test" },
			7:  func(r *replay) { r.user = "li4@example.test" },
			35: func(r *replay) { r.s.Unban("203.0.113.10") },
		},
		skip: map[int]string{
			15: "settings of bans are Options here", 25: "x:BlockedIp is not simulated, see Server.Ban", 34: "see Server.Unban",
		},
	},
	{
		file: "old-client",
		prepare: func(r *replay) {
			r.directory.Put(r.userRecord("alice@example.test", nil))
			r.user = "alice@example.test"
		},
	},
	{
		file: "paging", noDomainAlias: true,
		prepare: func(r *replay) {
			for i := range 1234 {
				r.s.AddAccount(AccountSpec{Address: fmt.Sprintf("p%05d@example.test", i)})
			}
		},
		hooks: map[int]func(*replay){25: func(r *replay) {
			newClient(r.t, r.s).call(`[["x:Account/set",{"destroy":["k"]},"0"]]`)
		}},
	},
	{file: "primary-alias-swap", prepare: func(r *replay) { r.next("sd") }},
	{
		file: "purge",
		prepare: func(r *replay) {
			r.have("rg", "pu1@example.test")
			r.have("rh", "pu2@example.test")
		},
		hooks: map[int]func(*replay){1: (*replay).settle, 5: (*replay).settle, 9: (*replay).settle},
		skip: map[int]string{
			2: "shows the parent task and its shards in one answer: a race with the server's workers",
			3: "the same; TestPurge looks at the shards",
		},
	},
	{file: "recreate", prepare: func(r *replay) { r.next("rd") }},
	{
		file:    "removed-user",
		prepare: prepareRemoved("rm", "re1@example.test", "removed user"),
	},
	{
		file: "rename",
		prepare: func(r *replay) {
			r.have("n", "rn1@example.test")
			mustDeliver(r.t, r.s, "rn1@example.test", "before the rename")
			r.have("o", "rn2@example.test", "rn2.alias@example.test")
			r.have("p", "rn3@example.test")
			r.have("q", "rn4@example.test")
			r.group("r", "rngroup@example.test")
			r.s.AddMailingList("first@example.test", nil, nil)
			r.s.AddMailingList("rnlist@example.test", []string{"rnlist.alias@example.test"}, nil)
		},
	},
	{file: "rename-effects", prepare: prepareRenameEffects, hooks: map[int]func(*replay){
		1: func(r *replay) { mustLogin(r.t, r.s, "ef1@example.test", password) },
	}},
	{
		file: "rename-swap",
		prepare: func(r *replay) {
			for i, name := range []string{"swa", "swb", "swc", "swd"} {
				r.have(string("stuv"[i]), name+"@example.test")
				mustDeliver(r.t, r.s, name+"@example.test", "mail of original "+name)
			}
		},
		hooks: map[int]func(*replay){5: func(r *replay) {
			if got := r.s.Subjects("s"); !slices.Contains(got, "after swap to swb@example.test") {
				r.t.Errorf("account s (was swa) holds %v after the swap", got)
			}
		}},
	},
	{file: "restore", prepare: prepareRestore, hooks: map[int]func(*replay){
		18: func(r *replay) { r.directory.Remove("rs1@example.test"); r.directory.Remove("rs2@example.test") },
		19: func(r *replay) { r.s.SetQuota("r1", 100) },
	}},
	{
		file:    "shadow",
		prepare: func(r *replay) { r.next("1") },
		hooks: map[int]func(*replay){
			1:  func(r *replay) { r.next("3") },
			11: func(r *replay) { r.next("ba") },
			13: func(r *replay) { r.secrets["Basic <user by old address>"] = basic("sh2@example.test", password) },
		},
	},
	{file: "suspend", prepare: prepareRemoved("sb", "su1e@example.test", "suspended user")},
}
