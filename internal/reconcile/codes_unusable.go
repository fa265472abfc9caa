package reconcile

// unusableCodes say why a source cannot be believed in this run.
var unusableCodes = []Code{
	{
		UnusableIncomplete, ClassUnusable, "The source was not read to the end",
		"The reading of the directory did not end as a complete one must. Whoever is not in it may simply not have been read, so nobody counts as missing. What was read may still prove that somebody is there.",
		"See the reasons beside it. The next complete run goes on; this cannot be approved.",
	},
	{
		UnusableEmpty, ClassUnusable, "The source is empty",
		"The directory answered without an error, but listed nobody. A wrong base, a filter that matches nothing or a lost permission look like this.",
		"Check base, filter and the permissions of the agent's login. This cannot be approved.",
	},
	{
		UnusableFloor, ClassUnusable, "The source lists fewer entries than expected",
		"The directory lists fewer entries than expect.min_entries. So the reading is not believed.",
		"Check the directory. If the organisation really is that small now, lower expect.min_entries. This cannot be approved.",
	},
	{
		UnusableOlderSnapshot, ClassUnusable, "The answer is older than one seen before",
		"The source tells how far its data go (contextCSN, highestCommittedUSN, sql.change_probe), and that is behind what a reading told that was accepted before; or a mark that was told before is missing, for instance the contextCSN of one of several providers. A replica that lags, or that is being loaded, looks like this, and so does a directory that was restored from a backup or whose counter was set back. People who joined since then would look gone, and names would go back to earlier ones.",
		"Usually a replica lags: check the replication, and the next run goes on once it has caught up. If the directory was restored, its counter set back or a provider's server ID removed on purpose, approve this once: from then on the new position counts. A server that hides its marks from the agent's login must be allowed to show them.",
	},

	{
		UnusableUnreachable, ClassUnusable, "The source could not be reached",
		"No server of the source could be reached, because of the network, the name or the port.",
		"Check the addresses of the source and the network; syncagent doctor tries each one.",
	},
	{
		UnusableLoginRefused, ClassUnusable, "The source refused the login",
		"The directory or database refused the agent's login.",
		"Check name and password of the agent's login; the password may have expired.",
	},
	{
		UnusableSecret, ClassUnusable, "A secret of the source could not be read",
		"The file, variable or credential that holds the password or key of the source is missing, empty, not readable, or readable by others. Nothing was sent to the source.",
		"Give the file to the user that runs syncagent, with mode 0600, or set the variable.",
	},
	{
		UnusableTLS, ClassUnusable, "The connection could not be secured",
		"The certificate of the source was not accepted, or the source does not offer encryption. The agent does not send a password over a connection that is not secured.",
		"Set tls.ca_file to the authority that signed the certificate, or correct the host name.",
	},
	{
		UnusableTimeout, ClassUnusable, "The source did not answer in time",
		"The source took longer than the configured timeout.",
		"Check the load of the directory, lower page_size, or raise timeout.",
	},
	{
		UnusableConnectionLost, ClassUnusable, "The connection broke off",
		"The connection to the directory or database ended before everybody was read. Whoever was not read yet would look gone, so the reading is not believed.",
		"Usually the next run succeeds. If not, look at the log of the directory and at firewalls that cut long connections.",
	},
	{
		UnusableLimitReached, ClassUnusable, "The directory cut its answer at a limit",
		"The directory gave a part of the entries and said that a limit of size, time or administration was reached.",
		"Raise the limits of the agent's login on the directory server, or lower page_size.",
	},
	{
		UnusablePagingBroken, ClassUnusable, "Reading page by page did not work",
		"The directory did not return the mark for the next page, repeated one, or does not support reading by pages.",
		"Check the version and the settings of the directory server; syncagent doctor shows what it supports.",
	},
	{
		UnusableReferral, ClassUnusable, "A part of the directory is on another server",
		"The directory answered that some entries are on another server (a referral). The agent did not read them there.",
		"Read from a server that holds everything, for instance a global catalogue, or set referrals: ignore if that part holds none of your users.",
	},
	{
		UnusableBaseMissing, ClassUnusable, "The base does not exist",
		"The directory has no entry at the configured base, or hides it from the agent's login.",
		"Check base, and the permissions of the agent's login.",
	},
	{
		UnusableQueryFailed, ClassUnusable, "The query failed",
		"The directory or database reported an error while it was read.",
		"See the message of the directory beside it.",
	},
	{
		UnusableColumnMissing, ClassUnusable, "A mapped column does not exist",
		"The mapping names a column or an attribute that the source does not have.",
		"Correct the mapping or the query; syncagent check and doctor show the columns.",
	},
	{
		UnusableNoID, ClassUnusable, "An entry has no stable ID",
		"At least one entry came without a stable ID. Without it a person cannot be told from another, so the whole reading is not believed.",
		"Check that the agent's login may read the attribute of map.id; operational attributes need their own permission on some servers.",
	},
	{
		UnusableBadID, ClassUnusable, "A stable ID is not valid",
		"The stable ID of an entry is not in the form it must have, has several values, or is longer than 255 bytes.",
		"Check map.id: it should name an attribute that never changes, such as entryUUID or objectGUID.",
	},
	{
		UnusableDuplicateID, ClassUnusable, "Two entries have the same stable ID",
		"The same stable ID came twice. Two persons under one key cannot be kept apart, so the whole reading is not believed.",
		"Check map.id, and for SQL whether the query joins a table that gives several rows for one person.",
	},
	{
		UnusableRangeUnread, ClassUnusable, "An attribute was not read to its end",
		"The directory gave only a part of the values of an attribute (ranged retrieval), and the rest could not be read.",
		"Check the limits of the directory server, or map another attribute.",
	},
	{
		UnusableCountDiffers, ClassUnusable, "The count does not agree",
		"The source was asked how many entries there are, and the number differs from those that were read.",
		"For SQL, check that count has the same conditions as query. Otherwise usually the next run agrees.",
	},
}
