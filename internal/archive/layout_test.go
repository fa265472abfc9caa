package archive

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The types of the official command line tool (jmap-client of 0.3 to 0.15), as
// far as its import reads them. It knows more properties of mail than these;
// "size" is one of them.
type (
	toolMailbox struct {
		ID, Name     string
		ParentID     *string `json:"parentId"`
		Role         *string
		SortOrder    uint32 `json:"sortOrder"`
		IsSubscribed bool   `json:"isSubscribed"`
	}
	toolEmail struct {
		ID         string
		BlobID     string          `json:"blobId"`
		MailboxIDs map[string]bool `json:"mailboxIds"`
		Keywords   map[string]bool
		ReceivedAt time.Time `json:"receivedAt"`
		MessageID  []string  `json:"messageId"`
		Size       uint64
	}
	toolScript struct {
		ID       string
		Name     *string
		BlobID   string `json:"blobId"`
		IsActive bool   `json:"isActive"`
	}
	toolIdentity struct {
		ID, Name, Email string
		ReplyTo, Bcc    json.RawMessage
		TextSignature   string `json:"textSignature"`
		HTMLSignature   string `json:"htmlSignature"`
		MayDelete       bool   `json:"mayDelete"`
	}
	toolVacation struct {
		ID        string
		IsEnabled bool `json:"isEnabled"`
		FromDate  *string
		ToDate    *string
		Subject   *string
		TextBody  *string `json:"textBody"`
		HTMLBody  *string `json:"htmlBody"`
	}
)

// asTool reads a file as the tool does: one array, in one line, of objects with
// nothing that it does not know.
func asTool[T any](t *testing.T, dir, name string) []T {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsRune(data, '\n') || bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		t.Errorf("%s is not one line", name)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var list []T
	if err := dec.Decode(&list); err != nil || dec.More() {
		t.Fatalf("%s: %v", name, err)
	}
	return list
}

// TestOfficialToolCanRead walks through an archive as "import account" of the
// official tool does: mailboxes by role or path, then each message from blobs/.
func TestOfficialToolCanRead(t *testing.T) {
	for _, generation := range []string{"", "0.15.5", "0.11.8"} {
		w := worldOf(t, generation)
		id := w.account("leaver@example.org")
		w.fill(t, id, 40)
		w.sim.SetSignature(w.inSim(id), "leaver@example.org", "-- me")
		dir := mustExport(t, w, t.TempDir(), id).Path

		paths, leaf := map[string]string{}, map[string]string{}
		boxes := asTool[toolMailbox](t, dir, "mailboxes.json")
		for range boxes {
			for _, m := range boxes {
				leaf[m.ID] = m.Name
				switch {
				case m.ParentID == nil:
					paths[m.ID] = m.Name
				case paths[*m.ParentID] != "":
					paths[m.ID] = paths[*m.ParentID] + " > " + m.Name
				}
			}
		}
		var got []string
		for _, m := range asTool[toolEmail](t, dir, "emails.json") {
			raw, err := os.ReadFile(filepath.Join(dir, "blobs", m.BlobID))
			if err != nil || uint64(len(raw)) != m.Size {
				t.Fatalf("message %s: %v, %d bytes of %d", m.ID, err, len(raw), m.Size)
			}
			var in, keywords []string
			for box := range m.MailboxIDs {
				if paths[box] == "" {
					t.Fatalf("message %s is in a mailbox without a path", m.ID)
				}
				in = append(in, leaf[box])
			}
			for k := range m.Keywords {
				keywords = append(keywords, k)
			}
			got = append(got, mailText(in, keywords, m.ReceivedAt, string(raw)))
		}
		slices.Sort(got)
		if diff := cmp.Diff(w.mail(id), got); diff != "" || len(boxes) != 12 {
			t.Errorf("%q: %d mailboxes, messages (-server +archive):\n%s", generation, len(boxes), diff)
		}
		scripts := asTool[toolScript](t, dir, "sieve.json")
		if len(scripts) != 2 || scripts[0].Name == nil || !scripts[0].IsActive {
			t.Errorf("%q: scripts %+v", generation, scripts)
		}
		if text, err := os.ReadFile(filepath.Join(dir, "blobs", scripts[0].BlobID)); err != nil || string(text) != "keep;\r\n" {
			t.Errorf("%q: script %q, %v", generation, text, err)
		}
		if list := asTool[toolIdentity](t, dir, "identities.json"); len(list) != 1 || list[0].TextSignature != "-- me" {
			t.Errorf("%q: identities %+v", generation, list)
		}
		if list := asTool[toolVacation](t, dir, "vacation.json"); len(list) != 1 || list[0].Subject == nil || *list[0].Subject != "away" {
			t.Errorf("%q: vacation %+v", generation, list)
		}
	}
}
