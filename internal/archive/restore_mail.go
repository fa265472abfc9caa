package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// importBatch is how many messages one import has: what a failed one leaves
// open stays small.
const importBatch = 50

var (
	errNoParent  = errors.New("the folder or mailbox that it was in could not be restored")
	errDifferent = errors.New("the account has a different one of this name; it was left as it is")
)

// archived is a message or a script of the archive or of the account.
type archived struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	BlobID     string          `json:"blobId"`
	IsActive   bool            `json:"isActive"`
	MailboxIDs map[string]bool `json:"mailboxIds"`
	Keywords   map[string]bool `json:"keywords"`
	ReceivedAt string          `json:"receivedAt"`
	Size       int64           `json:"size"`
	MessageID  []string        `json:"messageId"`
}

// presentMail has the messages of the account, by what a message and its copy have in common without
// reading them.
type presentMail struct {
	byKey map[string][]candidate
	ids   map[string]bool
	taken map[string]bool
}

type candidate struct{ id, blob string }

// mailKey is equal for a message and its restored copy. Keywords are not in it:
// people change them.
func mailKey(m archived, boxes []string) string {
	slices.Sort(boxes)
	return strings.Join([]string{
		strconv.FormatInt(m.Size, 10), m.ReceivedAt, strings.Join(m.MessageID, " "), strings.Join(boxes, " "),
	}, "\x00")
}

// messages imports what the account does not have.
func (r *restore) messages(ctx context.Context) error {
	have, err := r.presentMail(ctx)
	if err != nil {
		return err
	}
	var batch []archived
	err = readArray(r.src, "emails.json", func(m archived) error {
		there, err := r.hasMail(ctx, have, m)
		if err != nil || there {
			return err
		}
		if batch = append(batch, m); len(batch) < importBatch {
			return nil
		}
		err = r.importMail(ctx, batch)
		batch = batch[:0]
		return err
	})
	if err != nil || len(batch) == 0 {
		return err
	}
	return r.importMail(ctx, batch)
}

func (r *restore) presentMail(ctx context.Context) (presentMail, error) {
	have := presentMail{map[string][]candidate{}, map[string]bool{}, map[string]bool{}}
	err := r.present(ctx, "Email", partOf("Email").properties, func(raw json.RawMessage) error {
		var m archived
		if err := json.Unmarshal(raw, &m); err != nil {
			return err
		}
		key := mailKey(m, keys(m.MailboxIDs))
		have.byKey[key] = append(have.byKey[key], candidate{m.ID, m.BlobID})
		have.ids[m.ID] = true
		return nil
	})
	for _, id := range r.journal.made { // copies of others: not to be counted twice
		have.taken[id] = have.ids[id]
	}
	return have, err
}

// hasMail tells whether the account has the message: by the journal, or byte
// for byte.
func (r *restore) hasMail(ctx context.Context, have presentMail, m archived) (bool, error) {
	if have.ids[r.journal.made["Email "+m.ID]] {
		r.exists("Email")
		return true, nil
	}
	path, err := blobFile(m.BlobID)
	if err != nil {
		return false, err
	}
	for _, c := range have.byKey[mailKey(m, r.boxes(m))] {
		if have.taken[c.id] {
			continue
		}
		same, err := r.sameContent(ctx, c.blob, r.file(path).SHA256)
		if err != nil {
			return false, err
		}
		if same {
			have.taken[c.id] = true
			r.exists("Email")
			return true, r.journal.note(r.m.ManifestSHA256, "Email", m.ID, c.id)
		}
	}
	return false, nil
}

func (r *restore) sameContent(ctx context.Context, blob, want string) (bool, error) {
	h := sha256.New()
	found, err := r.server.Blob(ctx, r.id, blob, func() (io.Writer, error) { h.Reset(); return h, nil })
	return found && hex.EncodeToString(h.Sum(nil)) == want, err
}

// boxes gives the mailboxes of the account that a message belongs into.
func (r *restore) boxes(m archived) []string {
	var out []string
	for id, in := range m.MailboxIDs {
		if to, ok := r.ids["Mailbox"][id]; ok && in {
			out = append(out, to)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (r *restore) importMail(ctx context.Context, batch []archived) error {
	var items []json.RawMessage
	var sent []archived
	for _, m := range batch {
		boxes := map[string]bool{}
		for _, id := range r.boxes(m) {
			boxes[id] = true
		}
		if len(boxes) == 0 {
			r.problem("Email", m.ID, strings.Join(m.MessageID, " "), errNoParent)
			continue
		}
		blob, err := r.upload(ctx, m.BlobID, "message/rfc822")
		if err != nil {
			return err
		}
		keywords := m.Keywords
		if keywords == nil {
			keywords = map[string]bool{}
		}
		item, err := json.Marshal(map[string]any{"blobId": blob, "mailboxIds": boxes, "keywords": keywords, "receivedAt": m.ReceivedAt})
		if err != nil {
			return err
		}
		items, sent = append(items, item), append(sent, m)
	}
	if len(items) == 0 {
		return nil
	}
	ids, refusals, err := r.server.Import(ctx, r.id, items)
	if err != nil {
		return err
	}
	for i, m := range sent {
		if refusals[i] != nil {
			r.problem("Email", m.ID, strings.Join(m.MessageID, " "), refusals[i])
		} else if err := r.made("Email", m.ID, ids[i]); err != nil {
			return err
		}
	}
	return nil
}

func keys(m map[string]bool) []string {
	var out []string
	for k, in := range m {
		if in {
			out = append(out, k)
		}
	}
	return out
}
