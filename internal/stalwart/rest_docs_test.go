package stalwart

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the reference anew")

const versionsPage = "../../docs/reference/server-versions.md"

// TestVersionsPage keeps the table of versions in step with the client.
func TestVersionsPage(t *testing.T) {
	text := versionsReference(t)
	if *update {
		if err := os.WriteFile(versionsPage, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(versionsPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), text); diff != "" {
		t.Errorf("%s is out of date: go test ./internal/stalwart -run VersionsPage -update (-have +want):\n%s", versionsPage, diff)
	}
}

// row is a line of the table: versions that can do the same.
type row struct {
	first, last string
	cells       []string
	notes       []string
}

func versionsReference(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("# Versions of the mail server\n\n" +
		"<!-- Generated from internal/stalwart: go test ./internal/stalwart -run VersionsPage -update -->\n\n" + versionsIntro)
	for _, apiKey := range []bool{false, true} {
		title := "With `username` and `password` of an administrator"
		if apiKey {
			title = "With `api_key`"
		}
		fmt.Fprintf(&b, "\n## %s\n\n| Stalwart |", title)
		words := Abilities{}.Words()
		for _, w := range words {
			fmt.Fprintf(&b, " %s |", w.Name)
		}
		fmt.Fprintf(&b, " Remarks |\n|%s\n", strings.Repeat("---|", len(words)+2))
		for _, r := range versionRows(t, apiKey) {
			version := r.first
			if r.last != r.first {
				version += " – " + r.last
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", version, strings.Join(r.cells, " | "), strings.Join(r.notes, "; "))
		}
	}
	b.WriteString(versionsOutro)
	return b.String()
}

// lastPatches are the releases of each minor version before 0.16; 0.11.5 does not exist.
var lastPatches = map[int]int{
	3: 11, 4: 2, 5: 3, 6: 0, 7: 3, 8: 5, 9: 4, 10: 7, 11: 8, 12: 5, 13: 4, 14: 1, 15: 5,
}

// versionRows asks AbilitiesOf about every release and puts together what is alike.
func versionRows(t *testing.T, apiKey bool) []row {
	t.Helper()
	var rows []row
	for minor := 3; minor <= 15; minor++ {
		for patch := 0; patch <= lastPatches[minor]; patch++ {
			version := release{minor, patch}.String()
			can, warnings, err := AbilitiesOf(version, apiKey)
			r := row{first: version, last: version}
			if err != nil {
				can = Abilities{}
				r.notes = append(r.notes, noteOf(err))
			}
			for _, w := range can.Words() {
				r.cells = append(r.cells, map[bool]string{true: "yes", false: "–"}[w.Can])
			}
			for _, w := range warnings {
				r.notes = append(r.notes, "`"+w.Code+"`")
			}
			if n := len(rows); n > 0 && slices.Equal(rows[n-1].cells, r.cells) && slices.Equal(rows[n-1].notes, r.notes) {
				rows[n-1].last = version
				continue
			}
			rows = append(rows, r)
		}
	}
	held := map[string]bool{}
	_, all := abilities(held)
	for _, need := range all {
		for _, p := range need.Permissions {
			held[p] = true
		}
	}
	can, _ := abilities(held)
	r := row{first: "0.16.0", last: "and later"}
	for _, w := range can.Words() {
		r.cells = append(r.cells, map[bool]string{true: "yes", false: "–"}[w.Can])
	}
	return append(rows, r)
}

func noteOf(err error) string {
	switch {
	case is[*WrongGenerationError](err):
		return "refused: see below"
	case is[*OptionsError](err):
		return "refused: API keys do not work with an external directory"
	}
	return "refused"
}

const versionsIntro = "What `syncagent` can do depends on the version of the mail server and on the login that it is given. " +
	"`syncagent doctor` tells what was found, and each report of `syncagent sync` has it in the line *server*. " +
	"All of this is for servers with an external directory (LDAP or SQL).\n\n" +
	"- *list*: see all accounts. Nothing works without it.\n" +
	"- *rename*: change names and addresses; also to move an account aside (park) and to free an address.\n" +
	"- *delete*: remove an account with its mail.\n" +
	"- *purge*: let the server free the space of deleted mail.\n" +
	"- *suspend*: cut the access of an account, and give it back.\n" +
	"- *export*: read all of an account into an archive before it is deleted; restoring needs the same login.\n" +
	"- *look*: look into an account, to prove that a second mailbox of a renamed person is empty.\n"

const versionsOutro = `
## Why some versions are refused

- **0.3 and 0.4** destroy the bodies of all messages of an account that is renamed, and they show no accounts that a delete could be compared with ([why](../adr/0011-no-management-of-0.3-and-0.4.md)). Upgrade first.
- **0.12.0** may give a new account the ID of another one after an upgrade, and 0.12.1 calls itself 0.12.0. Nothing is renamed,
  suspended or deleted there. Upgrade to 0.12.2 or later; if it is 0.12.1, set ` + "`server.generation: 0.12.1`" + `.
- **0.7 to 0.9** refuse to rename accounts of an external directory. Deleting works. Such renames are held as
  [rename-unsupported](../holds/rename-unsupported.md).
- **0.5 to 0.9** cannot cut the access of an account, and show groups of the directory as ordinary users. Only accounts that the
  directory listed as persons are touched.

## Which login is accepted

| Stalwart | Login |
|---|---|
| 0.5, 0.6 | a user of the directory who is a superuser |
| 0.7 – 0.9 | the fallback administrator, or a superuser |
| 0.10 – 0.12 | the fallback administrator, or an account with the permissions below. API keys are looked up in the external directory and never work |
| 0.13 – 0.15 | the same, or an API key (` + "`NAME:SECRET`, or the text that begins with `api_`" + `). It is sent as Basic: as Bearer each call counts towards the limit of 100 anonymous calls a minute. API keys cannot read mail, so exports need a password |
| 0.16 and later | an API key (best), or an administrator |

Every call with a fallback administrator or an API key is first tried against the directory by the server: the directory sees these
logins. After the first refusal the agent stops, because the server bans addresses after failed logins.

## Permissions of 0.10 to 0.15

An API key, or an account that is no administrator, needs:

` + "`authenticate`, `authenticate-oauth` (to read version and permissions), `individual-list`, `individual-get`, `individual-update`, " +
	"`individual-delete`, `purge-blob-store`; `group-list` and `group-get` to see names of groups beforehand; `unlimited-requests` for more than " +
	"1000 calls a minute; for exports `impersonate` and the `jmap-*-get` and `jmap-*-query` ones, since 0.12 `dav-*-get` and `dav-*-prop-find`, too; for restoring also the `jmap-*-set` ones and `jmap-email-import`." + `

` + "`syncagent doctor`" + ` names each one that is missing.

## How the version is found

Without credentials first: ` + "`/jmap/session`" + ` and, if that does not tell enough, ` + "`/api/principal`" + `. Then the session with the password (not with an API
key: that would count as a failed login), then ` + "`POST /api/oauth`" + ` for permissions and, since 0.11, the version. No request makes an account,
starts work on the server or looks like an attack. Where this cannot work, set ` + "`server.generation`" + ` to the version.
`
