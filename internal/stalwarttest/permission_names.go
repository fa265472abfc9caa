package stalwarttest

// userRole names the 244 permissions of the role "User" of a fresh 0.16.18 server (x:Role/get of the
// default user role), in the order in which the server lists permissions in /api/account and in refusals.
var userRole = []string{
	"jmapPrincipalCreate", "jmapPrincipalGetAvailability", "jmapPrincipalQueryChanges", "jmapPrincipalChanges",
	"jmapPrincipalQuery", "jmapPrincipalGet", "jmapSieveScriptDestroy", "jmapSieveScriptUpdate",
	"jmapSieveScriptCreate", "jmapSieveScriptValidate", "jmapSieveScriptQuery", "jmapSieveScriptGet",
	"jmapVacationResponseDestroy", "jmapVacationResponseUpdate", "jmapVacationResponseCreate",
	"jmapVacationResponseGet", "jmapEmailSubmissionDestroy", "jmapEmailSubmissionUpdate",
	"jmapEmailSubmissionCreate", "jmapEmailSubmissionQueryChanges", "jmapEmailSubmissionQuery",
	"jmapEmailSubmissionChanges", "jmapEmailSubmissionGet", "jmapIdentityDestroy", "jmapIdentityUpdate",
	"jmapIdentityCreate", "jmapIdentityChanges", "jmapIdentityGet", "jmapSearchSnippetGet", "jmapEmailParse",
	"jmapEmailImport", "jmapEmailCopy", "jmapEmailDestroy", "jmapEmailUpdate", "jmapEmailCreate",
	"jmapEmailQueryChanges", "jmapEmailQuery", "jmapEmailChanges", "jmapEmailGet", "jmapThreadChanges",
	"jmapThreadGet", "jmapMailboxDestroy", "jmapMailboxUpdate", "jmapMailboxCreate", "jmapMailboxQueryChanges",
	"jmapMailboxQuery", "jmapMailboxChanges", "jmapMailboxGet", "jmapPushSubscriptionDestroy",
	"jmapPushSubscriptionUpdate", "jmapPushSubscriptionCreate", "jmapPushSubscriptionGet",
	"calendarSchedulingReceive", "calendarSchedulingSend", "calendarAlarmsSend", "emailReceive", "emailSend",
	"interactAi", "authenticateWithAlias", "authenticate", "jmapParticipantIdentityDestroy",
	"jmapParticipantIdentityUpdate", "jmapParticipantIdentityCreate", "jmapParticipantIdentityChanges",
	"jmapParticipantIdentityGet", "jmapCalendarEventNotificationDestroy", "jmapCalendarEventNotificationUpdate",
	"jmapCalendarEventNotificationCreate", "jmapCalendarEventNotificationQueryChanges",
	"jmapCalendarEventNotificationQuery", "jmapCalendarEventNotificationChanges",
	"jmapCalendarEventNotificationGet", "jmapCalendarEventParse", "jmapCalendarEventCopy",
	"jmapCalendarEventDestroy", "jmapCalendarEventUpdate", "jmapCalendarEventCreate",
	"jmapCalendarEventQueryChanges", "jmapCalendarEventQuery", "jmapCalendarEventChanges",
	"jmapCalendarEventGet", "jmapCalendarDestroy", "jmapCalendarUpdate", "jmapCalendarCreate",
	"jmapCalendarChanges", "jmapCalendarGet", "jmapShareNotificationDestroy", "jmapShareNotificationUpdate",
	"jmapShareNotificationCreate", "jmapShareNotificationQueryChanges", "jmapShareNotificationQuery",
	"jmapShareNotificationChanges", "jmapShareNotificationGet", "jmapFileNodeDestroy", "jmapFileNodeUpdate",
	"jmapFileNodeCreate", "jmapFileNodeQueryChanges", "jmapFileNodeQuery", "jmapFileNodeChanges",
	"jmapFileNodeGet", "jmapContactCardParse", "jmapContactCardCopy", "jmapContactCardDestroy",
	"jmapContactCardUpdate", "jmapContactCardCreate", "jmapContactCardQueryChanges", "jmapContactCardQuery",
	"jmapContactCardChanges", "jmapContactCardGet", "jmapAddressBookDestroy", "jmapAddressBookUpdate",
	"jmapAddressBookCreate", "jmapAddressBookChanges", "jmapAddressBookGet", "jmapBlobUpload", "jmapBlobLookup",
	"jmapBlobCopy", "jmapBlobGet", "jmapQuotaQueryChanges", "jmapQuotaQuery", "jmapQuotaChanges",
	"jmapQuotaGet", "jmapPrincipalDestroy", "jmapPrincipalUpdate", "davCardGet", "davCardPropPatch",
	"davCardPropFind", "davFileAcl", "davFileLock", "davFileMove", "davFileCopy", "davFilePut", "davFileDelete",
	"davFileMkCol", "davFileGet", "davFilePropPatch", "davFilePropFind", "davPrincipalSearchPropSet",
	"davPrincipalSearch", "davPrincipalMatch", "davPrincipalList", "davPrincipalAcl", "davExpandProperty",
	"davSyncCollection", "sieveHaveSpace", "sieveCheckScript", "sieveRenameScript", "sieveDeleteScript",
	"sievePutScript", "sieveGetScript", "sieveSetActive", "sieveListScripts", "sieveAuthenticate", "pop3Dele",
	"pop3Retr", "pop3Stat", "pop3Uidl", "pop3List", "pop3Authenticate", "imapThread", "imapSubscribe",
	"imapStore", "imapStatus", "imapExamine", "imapSelect", "imapSort", "imapSearch", "imapRename",
	"imapNamespace", "imapLsub", "imapList", "imapIdle", "imapFetch", "imapExpunge", "imapEnable", "imapDelete",
	"imapCreate", "imapMove", "imapCopy", "imapId", "imapCapability", "imapAppend", "imapListRights",
	"imapMyRights", "imapAclSet", "imapAclGet", "imapAuthenticate", "jmapCoreEcho", "sysAccountPasswordUpdate",
	"sysAccountPasswordGet", "sysAccountSettingsUpdate", "sysAccountSettingsGet", "davCalFreeBusyQuery",
	"davCalMultiGet", "davCalQuery", "davCalAcl", "davCalLock", "davCalMove", "davCalCopy", "davCalPut",
	"davCalDelete", "davCalMkCol", "davCalGet", "davCalPropPatch", "davCalPropFind", "davCardMultiGet",
	"davCardQuery", "davCardAcl", "davCardLock", "davCardMove", "davCardCopy", "davCardPut", "davCardDelete",
	"davCardMkCol", "sysArchivedItemQuery", "sysArchivedItemDestroy", "sysArchivedItemUpdate",
	"sysArchivedItemCreate", "sysArchivedItemGet", "sysAppPasswordQuery", "sysAppPasswordDestroy",
	"sysAppPasswordUpdate", "sysAppPasswordCreate", "sysAppPasswordGet", "sysApiKeyQuery", "sysApiKeyDestroy",
	"sysApiKeyUpdate", "sysApiKeyCreate", "sysApiKeyGet", "sysMaskedEmailQuery", "sysMaskedEmailDestroy",
	"sysMaskedEmailUpdate", "sysMaskedEmailCreate", "sysMaskedEmailGet", "sysPublicKeyQuery",
	"sysPublicKeyDestroy", "sysPublicKeyUpdate", "sysPublicKeyCreate", "sysPublicKeyGet",
	"sysSpamTrainingSampleQuery", "sysSpamTrainingSampleDestroy", "sysSpamTrainingSampleUpdate",
	"sysSpamTrainingSampleGet", "jmapFileNodeCopy",
}

// hiddenFromUsers are permissions of the user role that /api/account of an ordinary user does not list
// while an external directory is set: the directory owns the password, and users may not see each other.
var hiddenFromUsers = []string{
	"jmapPrincipalGet", "jmapPrincipalQuery", "jmapPrincipalChanges", "jmapPrincipalQueryChanges",
	"jmapPrincipalGetAvailability", "sysAccountPasswordGet", "sysAccountPasswordUpdate",
}

// AgentPermissions is the permission list of the agent key in the 0.16.18 recordings: enough to list, rename,
// destroy, purge, export and merge, but not to suspend (that needs every permission of the target).
var AgentPermissions = []string{
	"jmapSieveScriptQuery", "jmapSieveScriptGet", "jmapVacationResponseGet", "jmapIdentityGet",
	"jmapEmailImport", "jmapEmailCopy", "jmapEmailQuery", "jmapEmailGet", "jmapThreadGet", "jmapMailboxCreate",
	"jmapMailboxGet", "unlimitedUploads", "unlimitedRequests", "impersonate", "authenticate",
	"jmapCalendarEventQuery", "jmapCalendarEventGet", "jmapCalendarGet", "jmapFileNodeQuery", "jmapFileNodeGet",
	"jmapContactCardQuery", "jmapContactCardGet", "jmapAddressBookGet", "jmapBlobUpload", "jmapBlobCopy",
	"jmapBlobGet", "jmapQuotaGet", "sysActionCreate", "actionInvalidateCaches", "sysAccountQuery",
	"sysAccountDestroy", "sysAccountUpdate", "sysAccountGet", "sysAuthenticationGet", "sysAppPasswordQuery",
	"sysAppPasswordDestroy", "sysAppPasswordGet", "sysApiKeyQuery", "sysApiKeyDestroy", "sysApiKeyGet",
	"sysDomainQuery", "sysDomainGet", "sysDirectoryQuery", "sysDirectoryGet", "sysMailingListQuery",
	"sysMailingListUpdate", "sysMailingListGet", "sysTaskQuery", "sysTaskCreate", "sysTaskGet",
	"taskStoreMaintenance", "taskAccountMaintenance",
}

// adminOnly names permissions beyond the user role that an administrator holds and that this simulator checks.
var adminOnly = []string{
	"unlimitedUploads", "unlimitedRequests", "impersonate", "sysActionCreate", "actionInvalidateCaches",
	"sysAccountQuery", "sysAccountDestroy", "sysAccountUpdate", "sysAccountGet", "sysAuthenticationGet",
	"sysDomainQuery", "sysDomainGet", "sysDirectoryQuery", "sysDirectoryGet", "sysMailingListQuery",
	"sysMailingListUpdate", "sysMailingListGet", "sysTaskQuery", "sysTaskCreate", "sysTaskGet",
	"taskStoreMaintenance", "taskAccountMaintenance", "sysAccountCreate", "sysDomainCreate", "sysDomainUpdate",
	"sysDomainDestroy", "sysMailingListCreate", "sysMailingListDestroy", "sysTaskDestroy", "sysTaskUpdate",
	"sysRoleGet", "sysRoleQuery", "sysBlockedIpGet", "sysBlockedIpQuery", "sysBlockedIpDestroy",
	"sysSecurityGet", "sysSecurityUpdate", "sysQueuedMessageGet", "sysQueuedMessageQuery", "sysActionUpdate",
	"actionReloadSettings", "actionInvalidateNegativeCaches", "actionReloadBlockedIps",
}
