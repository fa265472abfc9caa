package stalwart

import (
	"slices"
	"strings"
)

// Permissions of each ability, as /api/account names them (crate registry,
// properties_impl.rs; measured one by one on 0.16.18).
var (
	needList   = []string{"authenticate", "sysAccountGet", "sysAccountQuery", "sysDomainGet", "sysDomainQuery"}
	needRename = []string{"sysAccountUpdate"}
	needDelete = []string{"sysAccountDestroy", "sysTaskGet", "sysTaskQuery"}
	needPurge  = []string{"sysTaskCreate", "sysTaskGet", "sysTaskQuery", "taskStoreMaintenance"}
	// Suspending also needs every permission of the target, see proveSuspend.
	needSuspend = []string{"sysAccountUpdate", "sysAuthenticationGet", "sysRoleGet"}
	needTwin    = []string{
		"impersonate", "jmapCalendarEventQuery", "jmapContactCardQuery", "jmapEmailQuery", "jmapFileNodeQuery",
		"jmapMailboxGet", "jmapSieveScriptGet",
	}
	needExport = []string{
		"impersonate", "jmapAddressBookGet", "jmapCalendarEventGet", "jmapCalendarEventQuery", "jmapCalendarGet",
		"jmapContactCardGet", "jmapContactCardQuery", "jmapEmailGet", "jmapEmailQuery", "jmapFileNodeGet",
		"jmapFileNodeQuery", "jmapIdentityGet", "jmapMailboxGet", "jmapSieveScriptGet", "jmapVacationResponseGet",
	}
	needRestore = []string{
		"impersonate", "jmapAddressBookCreate", "jmapAddressBookGet", "jmapCalendarCreate", "jmapCalendarEventCreate",
		"jmapCalendarEventGet", "jmapCalendarEventQuery", "jmapCalendarGet", "jmapContactCardCreate", "jmapContactCardGet",
		"jmapContactCardQuery", "jmapEmailGet", "jmapEmailImport", "jmapEmailQuery", "jmapFileNodeCreate", "jmapFileNodeGet",
		"jmapFileNodeQuery", "jmapIdentityCreate", "jmapIdentityGet", "jmapIdentityUpdate", "jmapMailboxCreate", "jmapMailboxGet",
		"jmapSieveScriptCreate", "jmapSieveScriptGet", "jmapSieveScriptUpdate", "jmapVacationResponseGet",
		"jmapVacationResponseUpdate",
	}
	needCredentials = []string{
		"impersonate", "sysApiKeyDestroy", "sysApiKeyGet", "sysApiKeyQuery",
		"sysAppPasswordDestroy", "sysAppPasswordGet", "sysAppPasswordQuery",
	}
	needCaches = []string{"actionInvalidateCaches", "sysActionCreate"}
)

// abilities compares what is held with what each ability needs. Suspend is
// still to be proven.
func abilities(held map[string]bool) (Abilities, []MissingPermissions) {
	var can Abilities
	var missing []MissingPermissions
	for _, a := range []struct {
		name string
		flag *bool
		need []string
	}{
		{"credentials", &can.Credentials, needCredentials},
		{"delete", &can.Delete, needDelete},
		{"export", &can.Export, needExport},
		{"invalidate-caches", &can.InvalidateCaches, needCaches},
		{"list", &can.List, needList},
		{"purge", &can.Purge, needPurge},
		{"rename", &can.Rename, needRename},
		{"restore", &can.Restore, needRestore},
		{"suspend", &can.Suspend, needSuspend},
		{"twin", &can.Twin, needTwin},
	} {
		lacking := lackingOf(held, a.need)
		*a.flag = len(lacking) == 0
		if len(lacking) > 0 {
			missing = append(missing, MissingPermissions{Ability: a.name, Permissions: lacking})
		}
	}
	return can, missing
}

// lackingOf gives what is needed but not held, sorted.
func lackingOf(held map[string]bool, need []string) []string {
	var lacking []string
	for _, p := range need {
		if !held[p] {
			lacking = append(lacking, p)
		}
	}
	slices.Sort(lacking)
	return lacking
}

// permissionFor guesses which permission a method needs: the server does not
// name it.
func permissionFor(method string) string {
	object, verb, _ := strings.Cut(method, "/")
	if registry, ok := strings.CutPrefix(object, "x:"); ok {
		switch verb {
		case "get":
			return "sys" + registry + "Get"
		case "query":
			return "sys" + registry + "Query"
		}
		return "" // set: create, update or destroy
	}
	if verb == "" {
		return ""
	}
	return "jmap" + object + strings.ToUpper(verb[:1]) + verb[1:]
}
