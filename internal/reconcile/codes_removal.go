package reconcile

// removalCodes are about people who are not in the directory any more.
var removalCodes = []Code{
	{
		HoldMissingReported, ClassHold, "The person is gone; this is only reported",
		"The directory does not list this person any more, and the configuration says policy.missing: report. So the mailbox stays, and can still be opened with app passwords.",
		"Set policy.missing to suspend or delete when you are content with what the reports show.",
	},
	{
		HoldOutOfScope, ClassHold, "The person exists, but outside what is read",
		"The agent looked the stable ID up without the filter and found the person elsewhere in the directory: outside the configured base, or not matching the filter. That is not the same as gone.",
		"If people are moved there when they leave, name the place under leavers. If not, widen base or filter. Nothing is removed for it.",
	},
	{
		HoldRecheckBlind, ClassHold, "The absence could not be checked again",
		"Before it cuts off or deletes anything, the agent asks the directory about this one person once more, and asks about a person who is known to be there on the same connection. That second question got no answer, so an answer of \"not there\" proves nothing.",
		"Check that the agent's login may read the whole directory (syncagent doctor shows it), and for SQL that lookup is set. A source that cannot look up by ID cannot delete.",
	},
	{
		HoldRecheckFound, ClassHold, "The person was found after all",
		"The reading of the directory lacked this person, but a direct look-up found them by ID, name or address. So the person is not gone.",
		"Usually nothing: the next run sees the person again. If it stays so, filter, permissions or replication hide the entry from the reading.",
	},
	{
		HoldStillUsed, ClassHold, "A living entry still uses the name or an address",
		"The person is gone, but some living entry carries the account's name or one of its addresses. Removing the account could take the mail of a person who is there.",
		"Find the entry with syncagent explain. If the same person has a new ID, use syncagent relink; if the address passed to a colleague, remove it from the old account.",
	},
	{
		HoldUnboundMissing, ClassHold, "The person left before the account was known",
		"The person is gone, and the agent never learned for certain which account was theirs. An account of that name exists, but it may be another person's, so it is not deleted.",
		"Look at whose mail is in the account. If it is the leaver's, hand it over with syncagent claim.",
	},
	{
		HoldMixed, ClassHold, "The mailbox may hold the mail of two persons",
		"This account had a name that already belonged to somebody else in a reading of the directory, so another person may have received or read mail in it. It was moved aside and is never deleted without a person's approval.",
		"Look into the mailbox, give each person what is theirs, then approve the deletion or delete it by hand.",
	},
	{
		HoldExportUnavailable, ClassHold, "The mailbox cannot be exported",
		"policy.export.required is on, and the agent has no way to export this mailbox: the server's version, its login, or a permission does not allow it. Without a verified archive nothing is deleted.",
		"Look at syncagent doctor. On Stalwart 0.5 to 0.15 an export needs username and password instead of an API key.",
	},
	{
		HoldExportFailed, ClassHold, "The export failed or could not be verified",
		"The archive of this mailbox could not be written, or reading it back gave other counts than the server. Without a verified archive nothing is deleted.",
		"Check free space and permissions of the archive directory and the message above. The next run tries again.",
	},
	{
		HoldSuspendNotReversible, ClassHold, "Access cannot be cut in a way that can be taken back",
		"The agent only cuts access if it can restore exactly what was there before, and for this account it cannot read that or could not write it back.",
		"Cut the access by hand on the server if you want it, or give the agent the permission that syncagent doctor names.",
	},
	{
		HoldDeleteUnsupported, ClassHold, "This version of the server must not delete accounts",
		"The version of the mail server may give one account ID to two accounts (0.12.0), so that a deletion could remove the mail of somebody else. The agent deletes nothing on it.",
		"Upgrade the mail server to 0.12.2 or later. If it is another version that reports this one, set server.generation to the exact version.",
	},
	{
		HoldCutDelete, ClassHold, "A deletion was cut in the middle",
		"A deletion was interrupted: the server no longer lists the account, but it is not proven that all of its data is gone. The agent reports it once and does not try again on an ID that no longer exists.",
		"If you need proof that the data is gone, look at the server's store as its manual describes. Otherwise nothing.",
	},
}

// accountCodes are about links between entries, accounts and sources.
var accountCodes = []Code{
	{
		HoldSourceGone, ClassHold, "The person's source is not configured any more",
		"The person was known from a source that the configuration no longer has. That is a change of the configuration, not a departure, so nobody of that source counts as missing.",
		"Put the source back. If it is gone for good, list the accounts with syncagent orphans and hand over those you want removed with syncagent claim.",
	},
	{
		HoldSourceIncomplete, ClassHold, "Another source could not be read",
		"Another source was not read to the end in this run, and it could own the name or an address that this change would take. The change waits until every source has answered.",
		"See the reasons of that source in this report. The next complete run goes on.",
	},
	{
		HoldRelinkProposed, ClassHold, "The same person seems to have a new ID",
		"A known ID vanished and the same person seems to be there under a new one, for instance because the directory was moved, an entry was made anew, or the account was made anew on the server. Without a link the old ID would count as missing.",
		"Check the pairs with syncagent relink --dry-run, then run syncagent relink.",
	},
	{
		HoldAccountGone, ClassHold, "The account is not on the server any more",
		"The server no longer has the account that belongs to this person. Somebody removed it, or the server was restored from a backup. The agent creates no accounts and looks for no substitute.",
		"If it was removed on purpose, nothing. If the account is there under another ID, use syncagent relink.",
	},
	{
		HoldAccountChanged, ClassHold, "The account is not as it was when the plan was made",
		"Immediately before the action the account was read again, and its ID, name, kind or creation time differs from what the decision was based on. So the action was not taken.",
		"Nothing, if somebody changed the account on purpose: the next run decides anew.",
	},
}
