package stalwarttest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Message is a mail as a test puts it in or finds it.
type Message struct {
	From, To, Subject, Body string
	MessageID               string    // "" = made of the subject
	Received                time.Time // zero: now
	Keywords                []string
	Mailboxes               []string // names; empty = Inbox
	Raw                     string   // the whole message; if empty it is made of the fields above
}

// addMail stores a raw message. The id carries thread and document number, as on the real server.
func (s *Server) addMail(a *account, data []byte, mailboxes []uint64, keywords []string, received time.Time) *mail {
	st := &a.store
	header := parseHeader(data)
	m := &mail{
		data: data, mailboxes: mailboxes, keywords: keywords, received: received.UTC().Truncate(time.Second),
		subject: header["subject"], messageID: header["message-id"], from: header["from"], to: header["to"],
	}
	st.nextMail++
	if st.threads[m.key()] == 0 {
		st.nextThread = max(st.nextThread+1, st.nextMail)
		st.threads[m.key()] = st.nextThread
	}
	m.thread = st.threads[m.key()]
	m.id = m.thread<<32 | st.nextMail
	m.blob = s.blobs.use(data, link{a.id, "m" + FormatID(st.nextMail)})
	st.mails = append(st.mails, m)
	st.changes++
	return m
}

// key is what makes two mails the same for Email/copy: subject and Message-ID.
func (m *mail) key() string { return m.subject + "\x00" + m.messageID }

// parseHeader gives the header fields by lower-case name, unfolded.
func parseHeader(data []byte) map[string]string {
	header := map[string]string{}
	var last string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
			header[last] += line
			continue
		}
		name, value, found := strings.Cut(line, ":")
		if !found {
			break
		}
		last = strings.ToLower(name)
		header[last] = strings.TrimSpace(value)
	}
	return header
}

func (m Message) bytes(s *Server) []byte {
	if m.Raw != "" {
		return []byte(m.Raw)
	}
	if m.MessageID == "" {
		m.MessageID = strings.Join(words(m.Subject), ".") + "@remote.example"
	}
	if m.From == "" {
		m.From = "sender@remote.example"
	}
	if m.Body == "" {
		m.Body = "hello\r\n"
	}
	return fmt.Appendf(nil, "From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: <%s>\r\nDate: %s\r\n\r\n%s", m.From, m.To,
		m.Subject, m.MessageID, s.opt.Now().UTC().Format(time.RFC1123Z), m.Body)
}

// store puts a message into an account, making mailboxes that do not exist.
func (s *Server) store(a *account, m Message) {
	ids := []uint64{}
	for _, name := range m.Mailboxes {
		box := a.store.mailboxByName(name)
		if box == nil {
			box = a.store.addMailbox(name, nil)
		}
		ids = append(ids, box.id)
	}
	if len(ids) == 0 {
		ids = []uint64{inboxID}
	}
	if m.Received.IsZero() {
		m.Received = s.opt.Now()
	}
	if m.To == "" {
		m.To = s.emailAddress(a.name, a.domain)
	}
	s.addMail(a, m.bytes(s), ids, slices.Clone(m.Keywords), m.Received)
}

// AddMail puts messages into an account without a delivery. It panics if there is no such account.
func (s *Server) AddMail(id AccountID, messages ...Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mustAccount(id)
	for _, m := range messages {
		s.store(a, m)
	}
}

// ClearMail is a person who deletes all mails of an account, for good.
func (s *Server) ClearMail(id AccountID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustAccount(id).store.mails = nil
}

// Messages gives the mails of a living account in the order in which they came; nil if there is no such account.
func (s *Server) Messages(id AccountID) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, _ := ParseID(string(id))
	a := s.accounts[n]
	if a == nil {
		return nil
	}
	out := make([]Message, 0, len(a.store.mails))
	for _, m := range a.store.mails {
		msg := Message{
			From: m.from, To: m.to, Subject: m.subject, MessageID: m.messageID, Received: m.received,
			Keywords: slices.Clone(m.keywords), Raw: string(m.data),
		}
		for _, box := range m.mailboxes {
			if b := a.store.mailboxByID(box); b != nil {
				msg.Mailboxes = append(msg.Mailboxes, b.name)
			}
		}
		out = append(out, msg)
	}
	return out
}

// Subjects gives the sorted subjects of an account's mails: enough to tell whose mail it is.
func (s *Server) Subjects(id AccountID) []string {
	var out []string
	for _, m := range s.Messages(id) {
		out = append(out, m.Subject)
	}
	slices.Sort(out)
	return out
}

// AddMailbox makes a mailbox (under parent, unless that is empty) and gives its id.
func (s *Server) AddMailbox(id AccountID, name, parent string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &s.mustAccount(id).store
	var under *uint64
	if parent != "" {
		if box := st.mailboxByName(parent); box != nil {
			under = &box.id
		}
	}
	return FormatID(st.addMailbox(name, under).id)
}

// ShareInbox gives another account rights (such as mayReadItems) on the inbox.
func (s *Server) ShareInbox(id, with AccountID, rights ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustAccount(id).store.shares[s.mustAccount(with).id] = mailboxRights(rights...)
}
