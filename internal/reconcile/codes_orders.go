package reconcile

// orderCodes are about what a person ordered: claim, relink, undo.
var orderCodes = []Code{
	{
		HoldClaimRefused, ClassHold, "A listed account was not claimed",
		"The file of syncagent claim lists an account that is not, or no longer, as the orphans report showed it: it belongs to somebody, has another name, other addresses or another age, or is gone. Only what a person has seen as an orphan is put on the way to deletion.",
		"Make a new report with syncagent orphans --json, look at it, and claim from that.",
	},
	{
		HoldClaimUsed, ClassHold, "An entry carried the name of a claimed account",
		"The account was claimed as an orphan, and since then an entry of the directory carried its name or one of its addresses. So somebody may be its owner after all, and it is never deleted by syncagent.",
		"If the entry is its owner, link it with syncagent relink --by name. If nobody needs the account, delete it on the mail server by hand.",
	},
	{
		HoldRelinkUnproven, ClassHold, "A new link is not proven",
		"The name or the attributes of map.same_person lead from a known account to an entry, but not to exactly one, or both IDs may have lived at the same time, so these may be two people. The link stays as it is.",
		"Look at both with syncagent explain. If an entry is left over in the directory, remove it; if two people share the name, nothing is to be done.",
	},
	{
		HoldNotUndone, ClassHold, "Something cannot be taken back",
		"An undo leaves out what is not as that run left it, what the server cannot give back, and every name or address that is somebody else's now.",
		"Read the reason. A deleted mailbox comes back only from its archive or from a backup of the mail server; a name that was given away must be freed first.",
	},
}
