package stalwarttest

import (
	"maps"
	"slices"
	"strings"
	"time"
)

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

	mailboxesListed, mailsListed bool     // they are in the caches of the server
	cachedMails                  []uint64 // of an id without a row before 0.16: what the caches still list
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
	return []*mailbox{
		{id: inboxID, name: "Inbox", role: "inbox"},
		{id: 1, name: "Deleted Items", role: "trash"},
		{id: 2, name: "Junk Mail", role: "junk"},
		{id: 3, name: "Drafts", role: "drafts"},
		{id: 4, name: "Sent Items", role: "sent"},
	}
}

func (st *mailStore) init() {
	*st = mailStore{
		mailboxes: defaultMailboxes(), threads: map[string]uint64{}, nextMailbox: firstMailboxID,
		items: map[string][]*item{}, nextItem: map[string]uint64{}, shares: map[uint64]map[string]bool{},
	}
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

// sortedNames gives the keys of a map in order.
func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
