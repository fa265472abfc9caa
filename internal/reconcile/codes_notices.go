package reconcile

// noticeCodes are worth telling and hold nothing back.
var noticeCodes = []Code{
	{
		NoticeFirstRun, ClassNotice, "First run",
		"The agent sees this source for the first time. It links entries to accounts by name, reports what it finds, and changes nothing on the mail server.",
		"Read the report. From the next run on the policy is in force.",
	},
	{
		NoticeOrphan, ClassNotice, "An account without an entry",
		"The mail server has an account that no entry of any source carries as its name. It may be a leaver's from before the agent, or one made by hand.",
		"List them with syncagent orphans. Those that should go can be handed over with syncagent claim; others are left alone.",
	},
	{
		NoticeDrift, ClassNotice, "An account lacks an address that the directory lists",
		"At the first run an account does not have an address that the directory lists for its person. A first run changes nothing, and the agent never adds an address by itself; only together with a rename it writes what the directory lists.",
		"If the person should be reached under that address, add it to the account on the mail server.",
	},
	{
		NoticeAlreadyRenamed, ClassNotice, "The account was renamed already",
		"The account has the new name already; somebody renamed it by hand. The agent records it.",
		"Nothing.",
	},
	{
		NoticeFoundSuspended, ClassNotice, "The account was found suspended",
		"The account was denied to log in before the agent knew it. The agent will not open it by itself, because a person closed it.",
		"Nothing, if it should stay closed.",
	},
	{
		NoticeFoundParked, ClassNotice, "A parked account was found",
		"The server has an account with a name of the form that the agent uses for moving aside. It may stem from an earlier installation.",
		"See whether a backup of an earlier ledger is at hand (syncagent state restore). Otherwise look into the account.",
	},
	{
		NoticeAddressAdmin, ClassNotice, "An address that a person added is kept",
		"The account has an address that the directory never listed. It is taken for one that an administrator added; it is kept, and carried over in a rename.",
		"Nothing, or remove the address on the mail server.",
	},
	{
		NoticeAddressLeftOut, ClassNotice, "Addresses were left out",
		"Addresses in the directory without an @, or in a domain that the mail server does not have, were left out.",
		"Correct them in the directory, or create the domain on the mail server.",
	},
	{
		NoticePatternUnmatched, ClassNotice, "A pattern matches nobody",
		"A pattern of policy.protect or expect.canaries matches no one. It may be misspelt, and then it protects nobody.",
		"Correct or remove the pattern.",
	},
	{
		NoticeReferralIgnored, ClassNotice, "References to other servers were ignored",
		"The directory referred to other servers, and referrals: ignore says not to mind. People who are only there are not seen.",
		"Nothing, if that part holds none of your users.",
	},
	{
		NoticeServerUpgraded, ClassNotice, "The mail server was upgraded",
		"The mail server is of a newer generation than before. Known accounts carry on under the same IDs with their new names, and this was proven and recorded.",
		"Nothing.",
	},
}

// readingCodes are warnings about single values of a source.
var readingCodes = []Code{
	{
		NoticeNameUnusable, ClassNotice, "A name was left out",
		"A name in the directory is empty, too long or contains characters that no account name may have, so it was left out. If no name remains, the entry is held as no-name.",
		"Correct the name in the directory, or map.name.",
	},
	{
		NoticeNamesCut, ClassNotice, "An entry has too many names",
		"An entry gives so many names that the agent looked at the first ones only.",
		"Use attributes with few values in map.name and map.name_also.",
	},
	{
		NoticeAddressNoDomain, ClassNotice, "An address has no domain",
		"An address in the directory has no @ and was left out.",
		"Correct the address in the directory, or the mapping.",
	},
	{
		NoticeAddressUnusable, ClassNotice, "An address was left out",
		"An address in the directory contains characters that no address may have, or is too long, so it was left out.",
		"Correct the address in the directory.",
	},
	{
		NoticeCreatedUnreadable, ClassNotice, "A creation time could not be read",
		"The value of map.created is not a time that the agent can read. The entry counts as one without a creation time, so the age of an account proves nothing for it.",
		"Map an attribute that holds a time, such as createTimestamp or whenCreated.",
	},
	{
		NoticeValueNotUTF8, ClassNotice, "A value is not valid text",
		"A value of an entry is not valid UTF-8, so it may be any name or address. The entry counts as present, and nothing is changed for it.",
		"Correct the value in the directory.",
	},
}

// serverCodes are warnings about the mail server and about access that could
// not be cut.
var serverCodes = []Code{
	{
		NoticeAccessNotCut, ClassNotice, "Passwords and tokens still open the account",
		"An account was moved aside, but the server refused to cut its access.",
		"Give the agent the permission that syncagent doctor names, or cut the access by hand.",
	},
	{
		NoticeCredentialsNotCut, ClassNotice, "App passwords or API keys may be left",
		"An account was closed, but its app passwords and API keys could not be found or not all be removed.",
		"Remove them on the mail server, or give the agent the permission that syncagent doctor names.",
	},
	{
		NoticeSessionsNotCut, ClassNotice, "Open sessions go on",
		"An account was closed, but IMAP sessions that are open at that moment go on until they end. They cannot be closed from outside.",
		"If it is urgent, restart the mail server or cut the connections there.",
	},
	{
		NoticeApprovalUnfinished, ClassNotice, "More persons must approve",
		"What a guard blocks was approved, but policy.approvals asks for more persons than have approved it so far. One person counts once, however the name is written; each part of an approval expires by itself.",
		"Let another person look at the plan and run syncagent approve with the same hash.",
	},
	{
		NoticeProbeChanged, ClassNotice, "The change probe was defined anew",
		"sql.change_probe is another statement than at the last accepted reading, so that its values cannot be compared with those seen before. This reading is believed without that comparison, once; its value is what later ones are compared with. As long as the age cannot be told, a name that goes back to an earlier one waits for a second reading.",
		"Nothing, if the statement was changed on purpose.",
	},
	{
		NoticeOlderAccepted, ClassNotice, "The directory was set back, with approval",
		"The source tells an older position than one seen before, and a person approved that. It is believed as it is now, and the present position is what later readings are compared with. Guards, grace and look-ups are in force as ever.",
		"Nothing. People who joined after the moment that the directory was set back to are missing from now on: put them back into the directory before their grace ends.",
	},
	{
		NoticeClockSkew, ClassNotice, "The clocks differ",
		"The clock of the mail server and the clock here differ by more than they should. The age of accounts is judged by these times.",
		"Let both machines keep their time with NTP.",
	},
	{
		NoticeInsecureTLS, ClassNotice, "The certificate is not checked",
		"insecure_skip_verify is set, so anybody in between could pretend to be the server.",
		"Set tls.ca_file to the authority that signed the certificate, and remove insecure_skip_verify.",
	},
	{
		NoticeOldRelease, ClassNotice, "The mail server is an old release",
		"The release of the mail server has known faults that matter to the agent; what it cannot do safely there, it does not do.",
		"Upgrade the mail server when you can.",
	},
	{
		NoticeRecoveryAdmin, ClassNotice, "The agent logs in as the recovery administrator",
		"The login of the agent is the server's fallback administrator, which may do everything.",
		"Give the agent an API key or an account of its own, with the permissions that syncagent doctor lists.",
	},
}
