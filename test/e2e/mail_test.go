//go:build realservers

package e2e

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncagent/internal/stalwarttest"
	"syncagent/internal/testserver"
)

// mail is the simulated mail server with the accounts of generated people.
type mail struct {
	*stalwarttest.Server
	t   *testing.T
	url string
	// ids are the accounts of the people, by the number of the person.
	ids []stalwarttest.AccountID
	// address is where each account is expected now.
	address map[stalwarttest.AccountID]string
}

// secret is the password of a person. The directories give it out by the
// stable ID, so that a login proves who the directory says it is.
func secret(id string) string { return "pw-" + id }

func subjectFor(id string) string { return "for " + id }

// newMail starts a server that asks a directory, on a free loopback port.
func newMail(t *testing.T, directory stalwarttest.Directory, domains ...string) *mail {
	t.Helper()
	options := stalwarttest.Options{Directory: directory}
	for _, name := range append([]string{"example.test"}, domains...) {
		options.Domains = append(options.Domains, stalwarttest.Domain{Name: name})
	}
	m := &mail{Server: stalwarttest.New(options), t: t, address: map[stalwarttest.AccountID]string{}}
	url, stop, err := m.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	m.url = url
	return m
}

// populate makes the accounts of n people, each with a mail for its owner.
func (m *mail) populate(n int, addressOf func(i int) string, admins ...int) {
	for i := range n {
		id := m.AddAccount(stalwarttest.AccountSpec{Address: addressOf(i), Admin: slices.Contains(admins, i)})
		m.AddMail(id, stalwarttest.Message{Subject: subjectFor(testserver.UserUUID(i)), Body: "hello"})
		m.ids = append(m.ids, id)
		m.address[id] = addressOf(i)
	}
}

// checkAddresses wants every account where it is expected, and no other one.
func (m *mail) checkAddresses() {
	m.t.Helper()
	now := map[stalwarttest.AccountID]string{}
	for _, a := range m.Accounts() {
		if a.ID == m.AgentID() {
			continue
		}
		now[a.ID] = a.Address
		if a.Messages != 1 || len(a.Aliases) != 0 {
			m.t.Errorf("account %s (%s) has %d mails and the aliases %q", a.ID, a.Address, a.Messages, a.Aliases)
		}
	}
	if diff := cmp.Diff(m.address, now); diff != "" {
		m.t.Errorf("accounts are not where they should be (-want +got):\n%s", clip(diff))
	}
}

// checkMailbox logs in as a person and wants to find exactly that person's old
// mail.
func (m *mail) checkMailbox(login string, i int) {
	m.t.Helper()
	uuid := testserver.UserUUID(i)
	messages, err := m.OpenMailbox(login, secret(uuid))
	if err != nil {
		m.t.Errorf("%s cannot log in: %v", login, err)
		return
	}
	if len(messages) != 1 || messages[0].Subject != subjectFor(uuid) {
		m.t.Errorf("%s opens %d mails: %+v, want the one %s", login, len(messages), messages, subjectFor(uuid))
	}
}

// written gives the accounts that were changed and destroyed since a number of
// writes, sorted.
func (m *mail) written(since int) (changed, destroyed []stalwarttest.AccountID) {
	m.t.Helper()
	for _, w := range m.Writes()[since:] {
		if w.Error != "" {
			m.t.Errorf("the server refused a write: %+v", w)
		}
		if w.Object != "Account" {
			continue
		}
		if w.Op == "destroy" {
			destroyed = append(destroyed, stalwarttest.AccountID(w.ID))
		} else {
			changed = append(changed, stalwarttest.AccountID(w.ID))
		}
	}
	slices.Sort(changed)
	slices.Sort(destroyed)
	return slices.Compact(changed), destroyed
}

// checkNothingWritten wants the server untouched since a number of writes.
func (m *mail) checkNothingWritten(since int, when string) {
	m.t.Helper()
	if writes := m.Writes()[since:]; len(writes) > 0 {
		m.t.Errorf("%s: %d writes on the mail server, the first: %+v", when, len(writes), writes[0])
	}
}
