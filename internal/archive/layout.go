package archive

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Names within an archive.
const (
	manifestFile = "manifest.json"
	accountFile  = "account.json"
	blobDir      = "blobs"
	indexFile    = "blobs.index"
	partialMark  = ".partial-"
	// restoreSuffix follows the name of an archive: the journal of its restores.
	restoreSuffix = ".restore.jsonl"
)

// rawKind is what a server gives over WebDAV as it is. Its file is there only
// where the server has that.
const rawKind = "DavResource"

// part is one type of objects and the file that holds it.
type part struct {
	kind, file string
	properties []string // nil: all
	blobs      bool     // its objects have a blobId whose content belongs to the archive
}

// parts in the order in which they are read and restored. Mailboxes and emails
// have the properties that the official tool writes, and the size.
var parts = []part{
	{"Mailbox", "mailboxes.json", []string{"id", "name", "parentId", "role", "sortOrder", "isSubscribed"}, false},
	{"Email", "emails.json", []string{"id", "blobId", "mailboxIds", "keywords", "receivedAt", "messageId", "size"}, true},
	{"VacationResponse", "vacation.json", nil, false},
	{"SieveScript", "sieve.json", []string{"id", "name", "blobId", "isActive"}, true},
	{"Identity", "identities.json", nil, false},
	{"AddressBook", "addressbooks.json", nil, false},
	{"ContactCard", "contacts.json", nil, false},
	{"Calendar", "calendars.json", nil, false},
	{"CalendarEvent", "events.json", nil, false},
	{"FileNode", "files.json", nil, true},
	{rawKind, "dav.json", nil, true},
}

func partOf(kind string) part {
	for _, p := range parts {
		if p.kind == kind {
			return p
		}
	}
	return part{}
}

// blobFile gives the path of a blob within the archive. An ID of JMAP has only
// these characters (RFC 8620, 1.2); anything else is not used as a file name.
func blobFile(id string) (string, error) {
	if id == "" || len(id) > 255 || strings.ContainsFunc(id, unsafe) {
		return "", fmt.Errorf("%q is not the ID of a blob", id)
	}
	return blobDir + "/" + id, nil
}

func unsafe(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// safeName makes a directory name out of an account's name. It need not be
// unique: the account ID stands behind it.
func safeName(name string) string {
	out := strings.Map(func(r rune) rune {
		if unsafe(r) && r != '@' && r != '.' {
			return '_'
		}
		return r
	}, name)
	if len(out) > 100 {
		out = out[:100]
	}
	return strings.TrimLeft(out, ".-")
}

// within joins a path of the manifest and refuses one that leads out.
func within(dir, name string) (string, error) {
	if !filepath.IsLocal(name) {
		return "", errors.New("a file name in the manifest leads out of the archive")
	}
	return filepath.Join(dir, name), nil
}
