package main

import "syncagent/internal/reconcile"

// blockWords say of each block what it means for a person of the source.
var blockWords = map[string]string{
	reconcile.BlockDrop:               "too many people vanished at once: an absence does not count, and nothing is removed",
	reconcile.BlockCanary:             "an entry that must be there is not: an absence does not count, and nothing is removed",
	reconcile.BlockFuse:               "the configuration of the source changed: an absence does not count, and nothing is removed before somebody approved who leaves the scope",
	reconcile.BlockNamesLost:          "many entries lost their names: nobody is renamed or removed",
	reconcile.BlockAddressesLost:      "many entries lost their addresses: no address is released, and nobody is renamed or removed",
	reconcile.BlockIDChurn:            "many people came back under new IDs: nothing at all is done before they are linked anew",
	reconcile.BlockIDAttributeChanged: "the stable IDs come from another attribute: nothing at all is done",
	reconcile.BlockDirectoryChanged:   "another directory answered: an absence does not count, and nothing is removed",
	reconcile.BlockServerChanged:      "the mail server is not the one that was known: nothing at all is done",
	reconcile.BlockLedgerLost:         "the ledger is lost or old: nothing at all is done",
	reconcile.BlockPermissionsMissing: "the agent lacks a permission on the mail server: this stage is not begun",
}

// limitWords are for every limit.
const limitWords = "more of these are due than the limit allows: none of the stage is done before an approval, or before the time has passed"

// unusableWords are for every reason why a source cannot be believed.
const unusableWords = "the source could not be believed in that run: an absence does not count, and nothing is changed for its people"

// unusableOwn are those that say more.
var unusableOwn = map[string]string{
	reconcile.UnusableOlderSnapshot: "the source gave older data than before: an absence does not count, and nothing is changed for its people before it has caught up, or before somebody approved that it was set back",
	reconcile.UnusableDuplicateID:   "two entries have the same stable ID, so that nobody of the source can be told from another: nothing is changed for its people",
	reconcile.UnusableNoID:          "an entry has no stable ID and may be anybody: nothing is changed for the people of the source",
}

// noticeWords say of each notice what it means for the one person. What
// concerns nobody by itself is told by status and doctor.
var noticeWords = map[string]string{
	reconcile.NoticeFirstRun:           "that run only learned who is who; it changed nothing",
	reconcile.NoticeOrphan:             "no entry of any source has this account's name; it is left alone",
	reconcile.NoticeDrift:              "somebody changed the account on the mail server; the agent took note and changes nothing back",
	reconcile.NoticeAlreadyRenamed:     "somebody renamed the account already; that was recorded",
	reconcile.NoticeFoundSuspended:     "the account was closed before the agent knew it; the agent does not open it",
	reconcile.NoticeFoundParked:        "the account has a name of the form for moving aside; it may stem from an earlier installation",
	reconcile.NoticeAddressAdmin:       "an address that the directory never listed is taken for an administrator's: it is kept, and carried over in a rename",
	reconcile.NoticeAddressLeftOut:     "addresses of the entry were left out, because the mail server could not have them",
	reconcile.NoticePatternUnmatched:   "a pattern matches nobody; it protects nobody",
	reconcile.NoticeReferralIgnored:    "a part of the directory was not read; people who are only there are not seen",
	reconcile.NoticeServerUpgraded:     "the mail server was upgraded; the link to the account was carried over",
	reconcile.NoticeApprovalUnfinished: "what is blocked was approved by some, but more persons must approve",
	reconcile.NoticeProbeChanged:       "the change probe of the source was defined anew, so that the age of that reading could not be told",
	reconcile.NoticeOlderAccepted:      "the source was set back, with approval; an absence counts as ever",
	reconcile.NoticeNameUnusable:       "a name of the entry was left out, because no account can have it",
	reconcile.NoticeNamesCut:           "the entry gives so many names that only the first ones were looked at",
	reconcile.NoticeAddressNoDomain:    "an address of the entry has no domain and was left out",
	reconcile.NoticeAddressUnusable:    "an address of the entry cannot be one and was left out",
	reconcile.NoticeCreatedUnreadable:  "the age of the entry could not be read, so that the age of an account proves nothing for it",
	reconcile.NoticeValueNotUTF8:       "a value of the entry is not valid text: the person counts as present, and nothing is changed",
	reconcile.NoticeAccessNotCut:       "the account was moved aside, but passwords and tokens still open it",
	reconcile.NoticeCredentialsNotCut:  "the account was closed, but app passwords or API keys may be left",
	reconcile.NoticeSessionsNotCut:     "the account was closed, but sessions that were open go on until they end",
	reconcile.NoticeClockSkew:          "the clocks of mail server and agent differ, by which the age of accounts is judged",
	reconcile.NoticeInsecureTLS:        "the certificate of the mail server is not checked",
	reconcile.NoticeOldRelease:         "the mail server is an old release; what it cannot do safely is not done",
	reconcile.NoticeRecoveryAdmin:      "the agent logs in as the recovery administrator",
}

// wordsOf says what a code means for one person; "" if there are no words for
// it, which a test forbids.
func wordsOf(c reconcile.Code) string {
	switch c.Class {
	case reconcile.ClassHold:
		return holdWords[c.Code]
	case reconcile.ClassNotice:
		return noticeWords[c.Code]
	case reconcile.ClassUnusable:
		if own, ok := unusableOwn[c.Code]; ok {
			return own
		}
		return unusableWords
	case reconcile.ClassBlock:
		if own, ok := blockWords[c.Code]; ok {
			return own
		}
		for kind := range reconcile.DefaultLimits() {
			if c.Code == reconcile.LimitCode(kind, false) || c.Code == reconcile.LimitCode(kind, true) {
				return limitWords
			}
		}
	}
	return ""
}
