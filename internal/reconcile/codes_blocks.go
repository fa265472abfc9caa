package reconcile

import "fmt"

// blockCodes stop a whole stage of a source.
var blockCodes = []Code{
	{
		BlockDrop, ClassBlock, "Too many people vanished at once",
		"The directory lists far fewer of the known people than in the last 30 days, more than expect.max_drop allows. That is what a broken replication, a lost permission or an accident in the directory looks like. The absences are noted, but the time to deletion does not start.",
		"Check the directory. If the people really left, approve once; that also sets the new baseline.",
	},
	{
		BlockCanary, ClassBlock, "A canary is missing",
		"An entry that must always be there (expect.canaries) was not found. So the reading may lack more than this one entry, and nobody counts as missing.",
		"Check whether the agent's login may still read the whole directory. If the canary left for good, choose another one in expect.canaries.",
	},
	{
		BlockFuse, ClassBlock, "The configuration of the source changed",
		"Base, filter, mapping or target changed since the last run that was applied. A smaller filter looks just like people who left, so nothing is removed until a person has seen who leaves the scope.",
		"Look at the list of people who leave the scope in this report, then approve or take the change back.",
	},
	{
		BlockNamesLost, ClassBlock, "Many entries lost their name",
		"Many entries that had a name have none now. That is what a lost permission to read an attribute looks like, not what people do.",
		"Check that the agent's login may read the attributes of map.name. If they really have none, approve once.",
	},
	{
		BlockAddressesLost, ClassBlock, "Many entries lost all their addresses",
		"Many entries that listed addresses list none now. That is what a lost permission or a renamed attribute looks like, so no address is released.",
		"Check that the agent's login may read the attributes of map.addresses. If they really have none, approve once.",
	},
	{
		BlockIDChurn, ClassBlock, "Many people came back under new IDs",
		"Many IDs vanished while the same names came back under new IDs. The directory was probably moved or loaded anew. Every one of these people would count as gone.",
		"Check the pairs with syncagent relink --dry-run, then run syncagent relink.",
	},
	{
		BlockIDAttributeChanged, ClassBlock, "The stable ID comes from another attribute",
		"The attribute that gave the stable IDs until now is not there any more, or map.id was changed. All known people would look gone.",
		"Put the earlier attribute back into map.id. To change over, use syncagent relink --by attribute.",
	},
	{
		BlockDirectoryChanged, ClassBlock, "Another directory answered",
		"The server that answered serves another directory or database than before. Who is missing in one directory may be present in the other.",
		"Check the addresses of the source. If the directory was moved on purpose, approve once or use syncagent relink.",
	},
	{
		BlockServerChanged, ClassBlock, "The mail server is not the one that was known",
		"Known accounts were read as a sample, and more than a tenth of them are not as they were: other IDs, names or creation times; or the server was upgraded to 0.16 (or is of an older generation than before), and the known accounts do not carry on under their IDs with names that became addresses. The mail server was probably replaced, restored from a backup, or is another one. Every write is stopped.",
		"Check server.url. After a move or a restore use syncagent relink --dry-run to see the new links, then syncagent relink.",
	},
	{
		BlockLedgerLost, ClassBlock, "The ledger is lost or old",
		"The ledger is empty or older than the audit log or the mail server shows. A lost memory is not a first run: renames and people who left would be taken for something else. Every command that writes stops (exit code 8).",
		"Restore the ledger from a backup (syncagent state restore), or make it anew from the audit log (syncagent state rebuild). Only if you mean to start over: syncagent sync --adopt-anew.",
	},
	{
		BlockPermissionsMissing, ClassBlock, "The agent lacks permissions on the mail server",
		"The server refuses something that this stage needs. The agent does not start what it could not finish.",
		"syncagent doctor names each missing permission and how to give it.",
	},
}

// limitPages makes the codes of the limits, over 24 hours and over a week.
func limitPages() []Code {
	kinds := []struct{ code, key, many string }{
		{BlockLimitDelete, "delete", "deletions"},
		{BlockLimitSuspend, "suspend", "suspensions"},
		{BlockLimitRename, "rename", "renames"},
		{BlockLimitRelease, "release", "releases of addresses"},
		{BlockLimitPark, "park", "accounts to move aside"},
		{BlockLimitTwin, "twin", "second mailboxes to remove"},
		{BlockLimitRelink, "rename", "new links"},
	}
	var list []Code
	for _, k := range kinds {
		list = append(list, limitPage(k.code, k.key, k.many, "24 hours"),
			limitPage(k.code+weekSuffix, k.key, k.many, "seven days"))
	}
	return list
}

func limitPage(code, key, many, span string) Code {
	return Code{
		code, ClassBlock, fmt.Sprintf("Too many %s in %s", many, span),
		fmt.Sprintf("More %s are due within %s than policy.limits.%s allows for the source or for one domain, with those counted that were done already. A mistake in the directory should touch a few mailboxes at most. None of them is done: the stage is all or nothing.", many, span, key),
		fmt.Sprintf("Look at the list. If it is right, approve it; if such numbers are usual here, raise policy.limits.%s.", key),
	}
}
