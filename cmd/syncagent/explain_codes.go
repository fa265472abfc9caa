package main

import "syncagent/internal/reconcile"

// holdWords say of each hold what it means for the one person who is asked
// about: what is not done, what stays as it is, and what ends it. The message of
// the hold says why; its hint what to do.
var holdWords = map[string]string{
	reconcile.HoldNoName:               "the person counts as present, and the account stays as it is; nothing is renamed or linked before the directory gives a name",
	reconcile.HoldNameAmbiguous:        "the person counts as present, and the account keeps its name until one of the names is the only one",
	reconcile.HoldNameUnsafe:           "the account keeps its name; no request with such a name is sent",
	reconcile.HoldDomainUnknown:        "the account keeps its name until the mail server has the domain of the new one",
	reconcile.HoldKindUnknown:          "the account is never touched as long as it is not known to be a plain user's",
	reconcile.HoldEnabledUnknown:       "the person is treated as enabled: access is not cut for it",
	reconcile.HoldProtected:            "nothing is done to the account, whatever the directory says",
	reconcile.HoldOlderThanPerson:      "the account is not linked to this person; it may hold somebody else's mail",
	reconcile.HoldAccountUnproven:      "the account of that name is not linked to this person; it may hold somebody else's mail",
	reconcile.HoldRenameUnproven:       "the account keeps its old name, because the new one may be another person's under the same key",
	reconcile.HoldRenameReported:       "the account keeps its old name; renames are only told",
	reconcile.HoldRenameUnsupported:    "the account keeps its name and its addresses, because the mail server cannot change them safely",
	reconcile.HoldRenameWaiting:        "the rename waits for the other servers of the directory, for one run; then it is made anyway",
	reconcile.HoldNameReturns:          "the rename waits for a second complete reading that gives the same name",
	reconcile.HoldNameConflict:         "the account keeps its name until only one entry claims it",
	reconcile.HoldNameTaken:            "the account keeps its name until the account that has the new one gives way",
	reconcile.HoldNameReused:           "ALARM: whoever has this name now can open the mail of its former owner, and the agent does not move that mailbox aside",
	reconcile.HoldSwapStranded:         "the account stays under its temporary name, with all its mail, until the name that it waits for is free",
	reconcile.HoldSamePersonDiffers:    "the account stays as it was: this entry may be another person under the same ID",
	reconcile.HoldUndone:               "an undo put the account back: it is left alone until the entry changes, or until the hold is ended (syncagent undo --let-go)",
	reconcile.HoldTwinNotEmpty:         "the person's own mailbox is not concerned: a second one that the mail server made stays aside with what it holds, and is looked into again when something changed",
	reconcile.HoldTwinUnproven:         "the person's own mailbox is not concerned: a second one stays aside, because it is not proven empty",
	reconcile.HoldTwinHeld:             "the account keeps its old name, because a second mailbox has the new one and policy.twin is hold; whoever logs in under the new name opens that one",
	reconcile.HoldTwinMergeUnsupported: "the person's own mailbox is not concerned: a second one stays aside unless it is empty, because its mail cannot be copied",
	reconcile.HoldTwinMergeRefused:     "the person's own mailbox is not concerned: a second one stays aside, and its mail is copied once the server takes it; that is tried every day",
	reconcile.HoldFormGone:             "the person is there, so this further account is kept, although the directory or the configuration gives its name no more",
	reconcile.HoldAddressConflict:      "the address stays where it is until only one entry lists it",
	reconcile.HoldAddressUnproven:      "the address stays where it is: nothing shows that it may be taken away",
	reconcile.HoldAddressTaken:         "the account does not get the address as long as another one has it",
	reconcile.HoldMissingReported:      "the person is gone, and the account stays as it is; that is only told",
	reconcile.HoldOutOfScope:           "nothing is removed: the person exists, only not where the agent reads",
	reconcile.HoldRecheckBlind:         "nothing is cut off or deleted before the directory proves the absence on a second question",
	reconcile.HoldRecheckFound:         "nothing is cut off or deleted: a direct question found the person",
	reconcile.HoldStillUsed:            "nothing is cut off or deleted as long as somebody in the directory carries the name or an address",
	reconcile.HoldUnboundMissing:       "nothing is deleted: it was never proven whose the account of that name is",
	reconcile.HoldMixed:                "the account is not deleted without an approval, because two people may have mail in it",
	reconcile.HoldDeleteUnsupported:    "the account is not deleted by this version of the mail server; access may still be cut",
	reconcile.HoldExportUnavailable:    "the account is not deleted, because no archive of it can be made",
	reconcile.HoldExportFailed:         "the account is not deleted before an archive of it is verified; the next run tries again",
	reconcile.HoldSuspendNotReversible: "access is not cut, because it could not be given back exactly as it was",
	reconcile.HoldCutDelete:            "the account is gone, but it is not proven that all of its data is; nothing more is tried",
	reconcile.HoldSourceGone:           "nothing is done, and nobody of this source counts as missing",
	reconcile.HoldSourceIncomplete:     "the change waits until every source that could own the name or the address was read",
	reconcile.HoldRelinkProposed:       "nothing is deleted; syncagent relink would carry the account over to the new ID",
	reconcile.HoldAccountGone:          "nothing can be done to an account that the mail server does not have; the person counts as usual",
	reconcile.HoldAccountChanged:       "the action was not taken, because the account was not as planned; the next run decides anew",
	reconcile.HoldClaimRefused:         "the account was not taken over from the list of orphans",
	reconcile.HoldClaimUsed:            "the claimed account is never deleted by syncagent, because an entry carried its name or an address",
	reconcile.HoldRelinkUnproven:       "the account stays linked as it was",
	reconcile.HoldNotUndone:            "this part of an undo was left out; the account is as that run, or somebody since, left it",
}

// aside are holds about a second mailbox; the person's own one goes on.
var asideHolds = map[string]bool{
	reconcile.HoldTwinNotEmpty: true, reconcile.HoldTwinUnproven: true, reconcile.HoldTwinMergeUnsupported: true, reconcile.HoldTwinMergeRefused: true,
}
