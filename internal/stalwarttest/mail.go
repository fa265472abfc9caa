package stalwarttest

import (
	"fmt"
	"maps"
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

// mailStore is what belongs to one account: mail and everything else that lives under its id.
type mailStore struct {
	mailboxes   []*mailbox
	mails       []*mail
	threads     map[string]uint64
	nextMailbox uint64
	nextMail    uint64
	nextThread  uint64
	changes     uint64
	vacation    map[string]any
	items       map[string][]*item // by type: SieveScript, Identity, AddressBook, ContactCard, Calendar, CalendarEvent, FileNode
	nextItem    map[string]uint64
	shares      map[uint64]map[string]bool // who may do what with the inbox
}

type mailbox struct {
	id     uint64
	name   string
	role   string
	parent *uint64
}

type mail struct {
	id        uint64
	thread    uint64
	blob      string
	data      []byte
	mailboxes []uint64
	keywords  []string
	received  time.Time
	subject   string
	messageID string
	from, to  string
}

// item is an object of a groupware type; file contents and scripts are blobs.
type item struct {
	id    uint64
	value map[string]any
	blob  string
	size  int
}

// Ids of the default mailboxes, and the first one that a client's own mailbox gets.
const (
	inboxID        = 0
	firstMailboxID = 7
)

func defaultMailboxes() []*mailbox {
	return []*mailbox{{id: inboxID, name: "Inbox", role: "inbox"}, {id: 1, name: "Deleted Items", role: "trash"},
		{id: 2, name: "Junk Mail", role: "junk"}, {id: 3, name: "Drafts", role: "drafts"},
		{id: 4, name: "Sent Items", role: "sent"}}
}

func (st *mailStore) init() {
	*st = mailStore{mailboxes: defaultMailboxes(), threads: map[string]uint64{}, nextMailbox: firstMailboxID,
		items: map[string][]*item{}, nextItem: map[string]uint64{}, shares: map[uint64]map[string]bool{}}
}

func (st *mailStore) sharedWith(id uint64) bool { return st.shares[id] != nil }

// used is the account's usedDiskQuota in bytes.
func (st *mailStore) used() int {
	n := 0
	for _, m := range st.mails {
		n += len(m.data)
	}
	for _, list := range st.items {
		for _, it := range list {
			n += it.size
		}
	}
	return n
}

// state is the state string of all types of the account; "n" before the first change.
func (st *mailStore) state() string { return stateText(st.changes) }

func stateText(changes uint64) string {
	if changes == 0 {
		return "n"
	}
	text := FormatID(changes * 4)
	if len(text) < 2 {
		text = "a" + text
	}
	return "s" + text
}

func (st *mailStore) mailboxByID(id uint64) *mailbox {
	for _, m := range st.mailboxes {
		if m.id == id {
			return m
		}
	}
	return nil
}

func (st *mailStore) mailboxByName(name string) *mailbox {
	for _, m := range st.mailboxes {
		if strings.EqualFold(m.name, name) || m.role == strings.ToLower(name) {
			return m
		}
	}
	return nil
}

func (st *mailStore) addMailbox(name string, parent *uint64) *mailbox {
	m := &mailbox{id: st.nextMailbox, name: name, parent: parent}
	st.nextMailbox++
	st.changes++
	st.mailboxes = append(st.mailboxes, m)
	return m
}

// addMail stores a raw message. The id carries thread and document number, as on the real server.
func (s *Server) addMail(a *account, data []byte, mailboxes []uint64, keywords []string, received time.Time) *mail {
	st := &a.store
	header := parseHeader(data)
	m := &mail{data: data, mailboxes: mailboxes, keywords: keywords, received: received.UTC().Truncate(time.Second),
		subject: header["subject"], messageID: header["message-id"], from: header["from"], to: header["to"]}
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
func (s *Server) store(a *account, m Message) *mail {
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
	return s.addMail(a, m.bytes(s), ids, slices.Clone(m.Keywords), m.Received)
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
		msg := Message{From: m.from, To: m.to, Subject: m.subject, MessageID: m.messageID, Received: m.received,
			Keywords: slices.Clone(m.keywords), Raw: string(m.data)}
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

// ghost is what the caches still answer for a destroyed account: mailboxes with their old totals, ids of mails.
type ghost struct {
	mailboxes []map[string]any
	mails     []uint64
	state     string
}

func newGhost(a *account) *ghost {
	g := &ghost{state: a.store.state()}
	for _, m := range a.store.mailboxes {
		g.mailboxes = append(g.mailboxes, a.store.mailboxJSON(m))
	}
	for _, m := range a.store.mails {
		g.mails = append(g.mails, m.id)
	}
	return g
}

// mailOf gives the store of the addressed account. Of an id without account (dead or never used) it gives what the
// real server answers from its caches: the last mailboxes, or new default ones, and no mail.
func (c *call) mailOf() (st *mailStore, dead *ghost) {
	if a := c.s.accounts[c.account]; a != nil {
		return &a.store, nil
	}
	if c.account == recoveryAdminID {
		st := &mailStore{}
		st.init()
		return st, nil
	}
	c.s.log.deadAccesses++
	g := c.s.ghosts[c.account]
	if g == nil {
		g = &ghost{state: "n"}
		st := &mailStore{}
		for _, m := range defaultMailboxes() {
			g.mailboxes = append(g.mailboxes, st.mailboxJSON(m))
		}
		c.s.ghosts[c.account] = g
	}
	return nil, g
}

// DeadAccesses counts method calls on mail of accounts that do not exist: a careful client makes none.
func (s *Server) DeadAccesses() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.deadAccesses
}

// sortedNames gives the keys of a map in order.
func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
