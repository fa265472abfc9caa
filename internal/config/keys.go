package config

import (
	"slices"
	"strings"
)

// Key describes one key of the configuration for people.
type Key struct {
	// Path is the key; "[]" stands for the items of a list.
	Path string
	// Form is what the value looks like.
	Form string
	// Default is the text of the default; "" if there is none, required if the
	// key must be there.
	Default string
	Doc     string
}

const (
	required    = "required"
	secretForms = "{ file: PATH }, { env: NAME } or { credential: NAME }" //nolint:gosec // no secret, but where one is found
)

// Keys lists every key in the order of the documentation. Maps and lists come
// before what is in them.
func Keys() []Key {
	return slices.Concat(serverKeys(), sourceKeys(), ldapKeys(), sqlKeys(), mapKeys(), expectKeys(),
		policyKeys(), limitKeys(), daemonKeys())
}

func serverKeys() []Key {
	return slices.Concat([]Key{
		{"server", "mapping", required, "The Stalwart server whose accounts are kept in step."},
		{"server.url", "URL", required, "Where the server answers. https; http only to this machine itself."},
		{"server.api_key", secretForms, "", "The API key that the agent uses. Either this, or username and password."},
		{"server.username", "text", "", "The account that the agent logs in with, instead of an API key. " +
			"Stalwart 0.5–0.15 needs it for export and restore, because API keys cannot use JMAP there."},
		{"server.password", secretForms, "", "The password of that account."},
	}, tlsKeys("server.tls", "How the server's certificate is checked."), []Key{
		{"server.generation", "auto or a version", auto, "The version of the server, such as 0.16.3, where it cannot be detected."},
		{"server.rate", "number", "10", "The largest number of requests per second."},
		{"server.timeout", "duration", "30s", "How long a request may take."},
		{"server.delete_timeout", "duration", "15m", "How long a delete may take; large mailboxes take long."},
	})
}

func tlsKeys(path, doc string) []Key {
	return []Key{
		{path, "mapping", "{}", doc + " Without it the certificate authorities of the system count."},
		{path + ".ca_file", "path", "", "Certificates of the only authorities to trust, in PEM form."},
		{path + ".client_cert", "path", "", "A client certificate in PEM form, together with client_key."},
		{path + ".client_key", "path, { file: PATH } or { credential: NAME }", "", "The file with the private key of the client certificate; chmod 600."},
		{path + ".server_name", "text", "", "The name that the certificate must carry, if it is not the host of the URL."},
		{path + ".insecure_skip_verify", "true or false", "false", "Accepts any certificate. Whoever sits in between can then " +
			"show another directory or server; for tests only."},
	}
}

func sourceKeys() []Key {
	return []Key{
		{"sources", "list", required, "The directories. Each needs a name and exactly one of ldap and sql."},
		{"sources[].name", "word", required, "What the source is called in plans, logs and the ledger. Do not change it later: " +
			"the principals of a name that is gone are held as source-gone."},
		{"sources[].policy", "mapping", "{}", "Overrides any key of policy for this source. Patterns of protect are added to the general ones."},
	}
}

func ldapKeys() []Key {
	const p = "sources[].ldap"
	return slices.Concat([]Key{
		{p, "mapping", "", "A directory that is read over LDAP."},
		{p + ".urls", "list of URLs", required, "Servers of the same directory (ldap, ldaps, ldapi) in the order in which they are tried. " +
			"One server gives the whole snapshot."},
		{p + ".start_tls", "true or false", "false", "Turns TLS on after connecting to an ldap URL."},
	}, tlsKeys(p+".tls", "How the certificate of the directory is checked."), []Key{
		{p + ".bind", "mapping", "{}", "How to log in: dn and password, or sasl. Without it the agent reads as anybody."},
		{p + ".bind.dn", "DN", "", "The account that reads the directory."},
		{p + ".bind.password", secretForms, "", "Its password."},
		{p + ".bind.sasl", "external", "", "Logs in by the client certificate, or by the user of the process over ldapi."},
		{p + ".allow_plaintext_password", "true or false", "false", "Lets the password go over the network without TLS."},
		{p + ".base", "DN or list of DNs", required, "Where the people are."},
		{p + ".scope", "one or subtree", "subtree", "How deep to look: only right below base, or everywhere under it."},
		{p + ".filter", "LDAP filter", required, "Which entries are people. A change of it blows the configuration fuse."},
		{p + ".page_size", "number", "1000", "How many entries the server is asked for at a time."},
		{p + ".timeout", "duration", "30s", "How long each step may take: a page, the bind, StartTLS."},
		{p + ".referrals", "fail or ignore", "fail", "What a referral to another server means: an incomplete snapshot, or nothing."},
		{p + ".lookup_base", "auto or DN", auto, "Where to look for one person again before a removal, without the filter; " +
			"auto is the naming context that contains base."},
		{p + ".leavers", "mapping", "", "Where people who left are moved to: an entry found there by ID counts as missing, " +
			"anywhere else as out of scope. Needs bases or filter. " +
			"Whoever still matches base and filter of the source is present, whatever this says."},
		{p + ".leavers.bases", "list of DNs", "", "Subtrees of people who left."},
		{p + ".leavers.filter", "LDAP filter", "", "What marks people who left."},
	})
}

func sqlKeys() []Key {
	const p = "sources[].sql"
	return []Key{
		{p, "mapping", "", "A directory that is read from a database. Only SELECT is ever sent, in a read-only transaction."},
		{p + ".driver", "sqlite, postgres, mysql or sqlserver", required, "The kind of database; mysql is also for MariaDB."},
		{p + ".dsn", "text or " + secretForms, required, "The data source name of the driver; as a plain text only without a password. " +
			"A relative SQLite path is relative to this file."},
		{p + ".query", "SQL", required, "Gives all people, one row each."},
		{p + ".lookup", "SQL", "", "Gives one person by ID, with one parameter: $1 for postgres, ? for sqlite and mysql, " +
			"@p1 for sqlserver. Without it nobody of this source is ever deleted, because it cannot be checked again."},
		{p + ".addresses", "SQL", "", "Gives (ID, address), one row for each address, instead of map.addresses."},
		{p + ".count", "SQL", "", "Gives the number of people, to check that the query was read to its end; without it the query itself is counted."},
		{p + ".change_probe", "SQL", "", "Gives one value that grows with each change, to notice a database that went back in time. Values of another statement are not compared with the former ones."},
		{p + ".timeout", "duration", "5m", "How long the whole read may take."},
		{p + ".leavers", "mapping", "", "What marks people who left; they count as missing. The query and the lookup have to give the column; " +
			"neither may leave these people out."},
		{p + ".leavers.column", "column", required, "The column that tells it."},
		{p + ".leavers.is", "text or list", required, "The values of people who left."},
	}
}

func mapKeys() []Key {
	const p = "sources[].map"
	return []Key{
		{p, "mapping", required, "Which attributes or columns mean what."},
		{p + ".id", "attribute, or auto for LDAP", auto, "The identifier that never changes. auto takes what the directory offers " +
			"(entryUUID, objectGUID, nsUniqueId, ipaUniqueID, GUID …) and keeps that choice. Required for SQL."},
		{p + ".id_never_reused", "true or false", "false", "Says that the database never hands an ID out twice. Not needed for UUIDs."},
		{p + ".name", "template", required, "What Stalwart calls the account: its login name (0.5–0.15) or address (0.16+). " +
			"Text with {attribute}; {{ is a brace."},
		{p + ".name_also", "list of templates", "", "Other names under which the server may have made an account of the same person, each with the same life cycle. The order matters."},
		{p + ".addresses", "list of attributes, or of { attribute, prefix }", "", "All mail addresses of a person."},
		{p + ".addresses[].attribute", "attribute", required, "The attribute that holds them."},
		{p + ".addresses[].prefix", "text", "", "Cut off in any letter case; values without it are dropped."},
		{p + ".kind", "mapping", "", "Tells people from groups and administrators. Without it everybody is an individual."},
		{p + ".kind.attribute", "attribute", required, "The attribute that tells it."},
		{p + ".kind.values", "mapping of value to individual, group or admin", "", "What the values mean; the three words themselves " +
			"always do. A value not listed holds kind-unknown: the account is protected."},
		{p + ".enabled", "mapping", "", "How a person who may log in is recognised, by one of absent, is, not, bit_clear. " +
			"A SQL column may do without: then true/t/1/y/yes and false/f/0/n/no count."},
		{p + ".enabled.attribute", "attribute", required, "The attribute that tells it; never one that wrong passwords set."},
		{p + ".enabled.absent", "true", "false", "Enabled if the attribute has no value."},
		{p + ".enabled.is", "text or list", "", "Enabled if the value is one of these; letter case does not matter."},
		{p + ".enabled.not", "text or list", "", "Enabled if the value is none of these."},
		{p + ".enabled.bit_clear", "number", "", "Enabled if this bit is not set; 2 for userAccountControl of Active Directory."},
		{p + ".same_person", "list of attributes", "", "Attributes that prove that two entries are the same person, such as employeeNumber. " +
			"An empty one proves nothing. People of two sources are compared by attributes that have the same name in both."},
		{p + ".created", "attribute", "", "When the person's entry was made, such as createTimestamp."},
	}
}

func expectKeys() []Key {
	const p = "sources[].expect"
	return []Key{
		{p, "mapping", "{}", "What a healthy directory looks like. If it does not, nothing is removed."},
		{p + ".min_entries", "number", "1", "Fewer entries than this make the source unusable."},
		{p + ".max_drop", "percentage", "10%", "If more IDs than this are gone, measured against the largest snapshot of 30 days, absences do not count until approved."},
		{p + ".canaries", "text or list", "", "People who must always be there, by name, address or ID."},
	}
}

func policyKeys() []Key {
	const p = "policy"
	return []Key{
		{p, "mapping", "{}", "What may be done to accounts."},
		{p + ".rename", "apply or report", "apply", "Whether accounts are renamed, or renames only reported."},
		{p + ".missing", "report, suspend or delete", "report", "What happens to the account of a person who is gone."},
		{p + ".suspend", "false or mapping", "false", "When the access of a missing person is cut; false is never."},
		{p + ".suspend.runs", "number", "2", "After so many counted reads without the person …"},
		{p + ".suspend.time", "duration", "0s", "… and so much time."},
		{p + ".grace", "mapping", "{}", "How long the account of a missing person is kept before it is deleted."},
		{p + ".grace.runs", "number", "3", "So many counted reads without the person must have passed …"},
		{p + ".grace.time", "duration", "14d", "… and so much time."},
		{p + ".grace.spacing", "duration", "1h", "A miss counts at least this long after the last one that counted."},
		{p + ".disabled", "none or suspend", "none", "What happens to the account of a disabled person. It is never deleted for it."},
		{p + ".export", "mapping", "{}", "The archive of an account, made and verified before it is deleted."},
		{p + ".export.required", "true or false", "true", "Holds a delete until there is a verified archive."},
		{p + ".export.dir", "path", "archive in state.dir", "Where archives are kept."},
		{p + ".export.keep", "duration", "365d", "How long archives are kept; 0s is for ever."},
		{p + ".export.encrypt_to", "text or list", "", "Public keys of age (age1…) that archives are encrypted to. Only who has one of the secret " +
			"keys can restore; syncagent needs none to export and verify."},
		{p + ".name_reuse", "park or hold", "park", "What happens to the account of a person who is gone when somebody else gets the name: " +
			"moved aside with its access cut, or left alone with an alarm."},
		{p + ".twin", "replace-empty, merge or hold", "replace-empty", "What happens to an account that the server made by itself under a renamed " +
			"person's new name: it is moved aside, and destroyed if it is proven to be empty; merge copies its mail into the real mailbox first."},
		{p + ".tombstones", "duration", "365d", "How long a name or address remembers its owner."},
		{p + ".purge", "after-deletes, never or a cron expression", "after-deletes", "When the server is told to drop the data of deleted accounts. " +
			"It concerns the whole server, so a source cannot override it."},
		{p + ".protect", "text or list", "", "Never touched. Compared with names, addresses and IDs; * is any run of characters, letter case does not " +
			"matter; without @ also compared with the part before the @."},
		{p + ".approvals", "number", "1", "How many persons must approve what a guard blocked."},
		{p + ".limits", "mapping", "{}", "How much may happen in any 24 hours, per source and per domain: min(count, max(3, percent of the living " +
			"principals)). A week allows five times that. 0 is none; there is no unlimited."},
	}
}

func limitKeys() []Key {
	defaults := []struct{ kind, count, percent, doc string }{
		{"delete", "20", "2%", "Deletes of accounts."},
		{"suspend", "50", "5%", "Accounts whose access is cut."},
		{"rename", "100", "10%", "Renames."},
		{"release", "100", "10%", "Addresses taken from accounts."},
		{"park", "10", "1%", "Accounts moved aside."},
		{"twin", "20", "2%", "Accounts made by the server itself that are moved aside."},
	}
	var keys []Key
	for _, l := range defaults {
		path := "policy.limits." + l.kind
		keys = append(keys,
			Key{path, "mapping or count", "{}", l.doc},
			Key{path + ".count", "number", l.count, "At most so many."},
			Key{path + ".percent", "percentage", l.percent, "At most this share of the living principals, but 3 in any case."})
	}
	return keys
}

func daemonKeys() []Key {
	return []Key{
		{"schedule", "mapping", "{}", "When the daemon (syncagent run) works."},
		{"schedule.cron", "cron expression", "*/15 * * * *", "Five fields, or @hourly, @daily, @every 30m and the like. " +
			"If day of month and day of week are both given, either is enough."},
		{"schedule.timezone", "time zone", "UTC", "Such as Europe/Paris. With UTC no run is skipped or doubled when the clock changes."},
		{"schedule.splay", "duration", "30s", "Each run starts up to so much later, at random, so that not all servers ask at once."},
		{"schedule.catch_up", "true or false", "true", "Runs at the start if a run was missed."},
		{"state", "mapping", "{}", "Where the ledger is kept."},
		{"state.dir", "path", defaultStateDir, "The directory of the ledger; it belongs to the user that syncagent runs as."},
		{"state.postgres", "mapping", "", "A shared ledger for several nodes."},
		{"audit", "mapping", "{}", "Where the audit log is kept."},
		{"audit.file", "path", defaultAudit, "The audit log. If state.dir is not the default, this is audit.jsonl in it."},
		{"audit.sign_key", secretForms, "", "Signs each record of the audit log (HMAC-SHA-256, at least 16 bytes), so that nobody without the key can write a new chain."},
		{"listen", "HOST:PORT", "", "Where the daemon answers health, metrics and the status page, such as 127.0.0.1:9810; empty is off."},
		{"log", "mapping", "{}", "What is logged to standard error."},
		{"log.level", "debug, info, warn or error", "info", "The least severe level that is logged."},
		{"log.format", "auto, console or json", auto, "auto is console on a terminal and json elsewhere."},
		{"notify", "list", "", "Who is told about what happened."},
	}
}

// genericPath replaces the numbers in a path by "[]", as in Key.Path. A policy
// of a source is looked up as the general one.
func genericPath(path string) string {
	var b strings.Builder
	skip := false
	for _, r := range path {
		switch {
		case r == '[':
			skip = true
			b.WriteString("[]")
		case r == ']':
			skip = false
		case !skip:
			b.WriteRune(r)
		}
	}
	if rest, ok := strings.CutPrefix(b.String(), "sources[].policy."); ok {
		return "policy." + rest
	}
	return b.String()
}
