package stalwart

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"

	"syncagent/internal/reconcile"
)

// mergeMail is a message as a merge sees it.
type mergeMail struct {
	ID         string          `json:"id"`
	BlobID     string          `json:"blobId"`
	MailboxIDs map[string]bool `json:"mailboxIds"`
	Keywords   map[string]bool `json:"keywords"`
	ReceivedAt string          `json:"receivedAt"`
	Size       int64           `json:"size"`
}

// mailSum is the SHA-256 of a raw message: blob IDs of two accounts differ even
// for the same content.
type mailSum [sha256.Size]byte

func compareSums(a, b mailSum) int { return bytes.Compare(a[:], b[:]) }

// read gives messages with what a merge needs of them.
func (m *merge) read(ctx context.Context, id reconcile.AccountID, ids []string) (mails []mergeMail, missing int, err error) {
	properties := []string{"id", "blobId", "mailboxIds", "keywords", "receivedAt", "size"}
	missing, err = m.s.Objects(ctx, id, "Email", ids, properties, func(raw json.RawMessage) error {
		var mail mergeMail
		if json.Unmarshal(raw, &mail) != nil || mail.BlobID == "" || len(mail.MailboxIDs) == 0 || mail.ReceivedAt == "" {
			return &MalformedError{Reason: "a message without blob, mailbox or time"}
		}
		mails = append(mails, mail)
		return nil
	})
	return mails, missing, err
}

// sums reads the content of messages; two of the same content are one.
func (m *merge) sums(ctx context.Context, id reconcile.AccountID, mails []mergeMail) (map[mailSum]mergeMail, error) {
	out := map[mailSum]mergeMail{}
	for _, mail := range mails {
		digest := sha256.New()
		found, err := m.s.Blob(ctx, id, mail.BlobID, func() (io.Writer, error) { digest.Reset(); return digest, nil })
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, &NotMergedError{Reason: "the server does not have the content of a message"}
		}
		sum := mailSum(digest.Sum(nil))
		if _, twice := out[sum]; !twice {
			out[sum] = mail
		}
	}
	return out, nil
}

// present tells which contents the account has already. Only messages of the
// same sizes are read.
func (m *merge) present(ctx context.Context, wanted map[mailSum]mergeMail) (map[mailSum]bool, error) {
	if len(wanted) == 0 {
		return nil, nil //nolint:nilnil // a nil map has nothing
	}
	sizes := map[int64]bool{}
	for _, mail := range wanted {
		sizes[mail.Size] = true
	}
	ids, _, err := m.s.List(ctx, m.into, "Email")
	if err != nil {
		return nil, err
	}
	mails, _, err := m.read(ctx, m.into, ids)
	if err != nil {
		return nil, err
	}
	out := map[mailSum]bool{}
	for _, mail := range mails {
		if !sizes[mail.Size] {
			continue
		}
		sums, err := m.sums(ctx, m.into, []mergeMail{mail})
		if _, gone := errors.AsType[*NotMergedError](err); gone {
			continue // its owner deleted it just now
		}
		if err != nil {
			return nil, err
		}
		for sum := range sums {
			out[sum] = true
		}
	}
	return out, nil
}

// bring copies what is not present, in a fixed order.
func (m *merge) bring(ctx context.Context, wanted map[mailSum]mergeMail, present map[mailSum]bool) error {
	var todo []mergeMail
	for sum, mail := range wanted {
		if !present[sum] {
			todo = append(todo, mail)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	slices.SortFunc(todo, func(a, b mergeMail) int {
		return bytes.Compare([]byte(a.ReceivedAt+"\x00"+a.ID), []byte(b.ReceivedAt+"\x00"+b.ID))
	})
	boxes, err := m.mailboxes(ctx, todo)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(todo, min(writeBatch, m.s.limits.maxObjectsInSet)) {
		if err := m.copy(ctx, part, boxes); err != nil {
			return err
		}
	}
	return nil
}

// copy makes one Email/copy. A message whose subject and Message-ID are there
// with another content (the same mail to both addresses) is refused by it, and
// imported.
func (m *merge) copy(ctx context.Context, part []mergeMail, boxes map[string]string) error {
	items := make([]json.RawMessage, len(part))
	for i, mail := range part {
		item, err := mail.item(boxes, args{"id": mail.ID})
		if err != nil {
			return err
		}
		items[i] = item
	}
	extra := args{"fromAccountId": string(m.from)}
	_, refusals, err := m.s.mailWriteWith(ctx, m.into, "Email/copy", "create", "jmapEmailCopy", extra, items)
	if err != nil {
		return err
	}
	for i, refusal := range refusals {
		if again, ok := errors.AsType[*RefusedError](refusal); ok && again.Type == "alreadyExists" {
			refusal = m.importOne(ctx, part[i], boxes)
		}
		if _, refused := errors.AsType[*RefusedError](refusal); refused {
			return &NotMergedError{Reason: "a message", cause: refusal}
		}
		if refusal != nil {
			return refusal
		}
		m.did.Copied++
	}
	return nil
}

// importOne makes a message out of the content that the other account has.
func (m *merge) importOne(ctx context.Context, mail mergeMail, boxes map[string]string) error {
	item, err := mail.item(boxes, args{"blobId": mail.BlobID})
	if err != nil {
		return err
	}
	_, refusals, err := m.s.Import(ctx, m.into, []json.RawMessage{item})
	if err != nil {
		return err
	}
	return refusals[0]
}

// item is the message as the other account shall get it.
func (mail mergeMail) item(boxes map[string]string, object args) (json.RawMessage, error) {
	in := map[string]bool{}
	for id := range mail.MailboxIDs {
		in[boxes[id]] = true
	}
	object["mailboxIds"], object["receivedAt"] = in, mail.ReceivedAt
	object["keywords"] = maps.Clone(mail.Keywords)
	return encodeJSON(object)
}
