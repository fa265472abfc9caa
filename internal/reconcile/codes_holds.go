package reconcile

// holdCodes are about names: entries without a usable one, renames and twins.
var holdCodes = []Code{
	{
		HoldNoName, ClassHold, "The entry has no name",
		"The directory lists this person, but the attributes that make up the account name are missing or empty. The person counts as present, so nothing is cut off or deleted; but without a name nothing can be linked or renamed either.",
		"Fill in the attributes that map.name uses, or correct map.name. The next run goes on by itself.",
	},
	{
		HoldNameAmbiguous, ClassHold, "The entry has several possible names",
		"The template of the account name gives several names because an attribute has several values, and none of them is the name that the agent knows. Picking one would be a guess, and a wrong guess gives a mailbox the wrong login.",
		"Leave one value in the attribute, or use an attribute in map.name that has only one value.",
	},
	{
		HoldNameUnsafe, ClassHold, "The name cannot be sent to the server safely",
		"The name contains characters that versions of the mail server read differently in a request, for instance control characters, invisible direction marks or a slash. A request with such a name could reach another person's account, so the agent sends none. Other names cannot be given at all: the server would store them differently, or has two accounts whose names differ in the case of letters only.",
		"Correct the name in the directory. If the name is right, rename the account by hand in the server's web interface; the agent records it in its next run.",
	},
	{
		HoldDomainUnknown, ClassHold, "The mail server does not have this domain",
		"The new name is in a domain that the mail server does not know. A rename into it would make the mailbox unreachable.",
		"Create the domain on the mail server first, or correct the name in the directory.",
	},
	{
		HoldKindUnknown, ClassHold, "The kind of the entry is not known",
		"The value that tells persons, groups and administrators apart is not one that map.kind lists. The agent only ever touches what is proven to be a plain user; everything else is protected.",
		"Add the value to map.kind.values, or correct it in the directory.",
	},
	{
		HoldEnabledUnknown, ClassHold, "It is not clear whether the entry is enabled",
		"The attribute of map.enabled has a value that means neither yes nor no. The person is treated as enabled, and access is not cut for it.",
		"Correct the value in the directory, or change map.enabled so that it covers the value.",
	},
	{
		HoldProtected, ClassHold, "The account is protected",
		"The account belongs to an administrator, is a group, is the agent's own login, is on the protect list, or was protected by a person. The agent never touches such an account, whatever the directory says.",
		"If it should be managed after all, remove it from policy.protect or use syncagent unprotect. Groups and administrators are always left to you.",
	},
	{
		HoldOlderThanPerson, ClassHold, "The account is older than the person",
		"The account has the name of this entry, but it was made before the entry was. So it may hold the mail of somebody who bore the name earlier, and linking it would hand that mail to the wrong person.",
		"Look at whose mail is in the account. If it is this person's, link the two with syncagent relink NAME; if not, move the account aside on the server.",
	},
	{
		HoldAccountUnproven, ClassHold, "It is not proven whose account this is",
		"An account with the name of a new entry exists, but nothing proves that it was made for this person. It may hold somebody else's mail. After a change of base, filter or mapping this is so for everybody whom the change brought in, unless map.created tells that the entry is older than the account.",
		"Look at whose mail is in the account. If it is this person's, link the two with syncagent relink NAME; if not, move the account aside on the server.",
	},
	{
		HoldRenameUnproven, ClassHold, "The new name may belong to another person",
		"The same key has a new name, but the key comes from a database that may hand out a key again after somebody left, and no second attribute proves that it is the same person. A rename could open one person's mail to another.",
		"Map an attribute that stays with a person, such as an employee number, under map.same_person; or set map.id_never_reused: true if the database never gives a key out twice.",
	},
	{
		HoldRenameReported, ClassHold, "The rename is only reported",
		"The name changed in the directory, and the configuration says policy.rename: report. So the agent tells you and leaves the account as it is. Until the account is renamed, the mail server may make a new, empty mailbox under the new name.",
		"Rename the account by hand, or set policy.rename: apply.",
	},
	{
		HoldRenameUnsupported, ClassHold, "The server cannot do this rename",
		"The version of the mail server, or what the agent may do on it, has no safe way to make this change of name together with the addresses.",
		"Look at syncagent doctor, which names the permission or version that is missing. Stalwart 0.7 to 0.9 refuses every rename of accounts of an external directory: upgrade to 0.10 or later. Deletes go on meanwhile.",
	},
	{
		HoldRenameWaiting, ClassHold, "The name passes from one person to another and waits",
		"This name belonged to another person until now. Not every server of the directory gives the new state yet, so a rename now could put two persons on one mailbox. The agent waits for one run.",
		"Nothing. The next run makes the change, or says what is still in the way.",
	},
	{
		HoldNameReturns, ClassHold, "The name goes back to an earlier one",
		"The person had this name before, and the directory does not tell how old its answer is. A server that lags behind would look just the same, so a second complete reading must agree first.",
		"Nothing. The next complete run makes the change if the directory still says so.",
	},
	{
		HoldNameConflict, ClassHold, "Two persons claim the same name",
		"Two living entries have the same name. The mail server gives a name to one account only, and the agent does not choose between two persons.",
		"Give one of the two entries another name in the directory.",
	},
	{
		HoldNameTaken, ClassHold, "The new name is taken",
		"Another account has the name that this account should get, and that account is neither free to move nor proven to be a mailbox that the server made by itself.",
		"Find out whose account it is with syncagent explain. Rename it or remove it on the server, or correct the directory.",
	},
	{
		HoldNameReused, ClassHold, "The name was given to another person",
		"A new or other person now has the name of somebody whose mailbox still exists. As the mail server knows a mailbox by its name, the new person can open the old person's mail. With policy.name_reuse: hold the agent leaves it so and raises this alarm.",
		"Act soon: rename the old mailbox on the server, or set policy.name_reuse: park so that the agent moves it aside. If both are the same person, use syncagent relink.",
	},
	{
		HoldSwapStranded, ClassHold, "An exchange of names stopped half-way",
		"Several persons exchanged names, the exchange was cut in the middle, and meanwhile another account took the name that was next. The account stays under its temporary name, with all its mail.",
		"Look at syncagent explain for the account and free the name it waits for. The next run finishes the exchange.",
	},
	{
		HoldSamePersonDiffers, ClassHold, "The entry seems to be another person now",
		"The stable ID is the same, but an attribute of map.same_person changed together with the name, or is empty. The key may have been given to another person, who must not get the mailbox.",
		"If it is the same person, correct the attribute in the directory, or link the entry with syncagent relink. If not, move the old account aside on the server.",
	},
	{
		HoldUndone, ClassHold, "A person took this change back",
		"A change of this account was taken back with syncagent undo. The agent leaves the account alone until the entry in the directory changes.",
		"Correct the entry in the directory. As soon as it differs, the agent decides anew. Or end the hold with syncagent undo RUN --let-go.",
	},
	{
		HoldTwinNotEmpty, ClassHold, "The second mailbox is not empty",
		"After the rename in the directory the mail server made a second mailbox under the new name, and it holds mail, or other data that cannot be merged (contacts, calendars, files, Sieve scripts). It was moved aside and is kept; nothing in it was lost.",
		"Move what is needed into the real mailbox, for instance with syncagent export and restore, then empty or delete the second mailbox; or choose policy.twin: merge. The agent looks again when something changed.",
	},
	{
		HoldTwinUnproven, ClassHold, "The second mailbox could not be looked into",
		"A second mailbox under the new name was moved aside, but the agent could not read all of it, so it is not proven empty. It is kept.",
		"Look at syncagent doctor for missing permissions, or look into the mailbox yourself.",
	},
	{
		HoldTwinHeld, ClassHold, "A second mailbox stands in the way of the rename",
		"The mail server made a mailbox under the new name by itself, and policy.twin: hold says that a person decides. The mail stays under the old name until then.",
		"Rename or delete the second mailbox on the server, or set policy.twin: replace-empty.",
	},
	{
		HoldFormGone, ClassHold, "A further account of a person who is there",
		"The account is that of a person under one of the names of map.name_also, and that name is not configured any more. The person is in the directory, so the account is not taken for a leaver's: it is left alone.",
		"Put the template back into map.name_also, in the same place of the list, or clear the account away by hand.",
	},
	{
		HoldTwinMergeRefused, ClassHold, "The server refused a part of the second mailbox",
		"The mail server made a second mailbox under the new name, and with policy.twin: merge its mail was to be copied into the real one. The server refused a message or a folder, for instance because the quota of the real mailbox is used up, or mail kept coming in. The second mailbox stays aside with everything that it holds; what was copied already is not copied twice.",
		"See the reason in the message: raise the quota, or move the rest by hand. The agent tries again once a day, and within the hour once the second mailbox or policy.twin changed.",
	},
	{
		HoldTwinMergeUnsupported, ClassHold, "The second mailbox cannot be merged",
		"policy.twin: merge was chosen, but this server, or what the agent may do on it, does not allow a merge that can be verified. The second mailbox was moved aside and is kept.",
		"Look at syncagent doctor for what is missing, or move the mail by hand.",
	},
}

// addressCodes are about addresses.
var addressCodes = []Code{
	{
		HoldAddressConflict, ClassHold, "Two persons list the same address",
		"Two living entries list the same address or name. The agent releases and moves nothing for it, because it does not choose between two persons.",
		"Remove the address from one of the two entries in the directory.",
	},
	{
		HoldAddressUnproven, ClassHold, "It is not proven that the address may be released",
		"An address should leave an account, but it is not proven that the directory listed it for this person before and no longer does. An address that the directory never listed may be one that you added by hand.",
		"Remove the address on the mail server if it is not wanted any more.",
	},
	{
		HoldAddressTaken, ClassHold, "An address of the account is taken",
		"The account should keep its addresses in the rename, but another account has one of them now. Mail would go to the wrong person or the rename would fail half-way.",
		"Find out which account should have the address and remove it from the other one.",
	},
}
