package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"syncagent/internal/stalwarttest"
)

// mailUse is how people use the mail server.
type mailUse interface {
	Login(name, secret string) (stalwarttest.AccountID, error)
	Deliver(to string, message stalwarttest.Message) error
	OpenMailbox(login, secret string) ([]stalwarttest.Message, error)
}

// firstDay lets everybody log in and receive a letter.
func (w *world) firstDay(ctx context.Context) error {
	for _, p := range w.people {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := w.mail.Login(p.Login, p.secret); err != nil {
			return fmt.Errorf("%s logs in: %w", p.Login, err)
		}
		if err := w.letter(p, p.Login); err != nil {
			return err
		}
	}
	return nil
}

// letter delivers a mail meant for a person. Its message ID tells for whom it
// is, whatever becomes of names.
func (w *world) letter(p *Person, to string) error {
	err := w.mail.Deliver(to, stalwarttest.Message{
		From: "board@" + domain, To: to, Subject: "For " + p.Name, Body: "This is for " + p.Name + " only.",
		MessageID: p.ID + ".private@" + domain,
	})
	if err != nil {
		return fmt.Errorf("deliver to %s: %w", to, err)
	}
	return nil
}

// ownerOf tells for whom a message is.
func (w *world) ownerOf(m stalwarttest.Message) *Person {
	id, _, _ := strings.Cut(strings.Trim(m.MessageID, "<>"), ".")
	return w.byID[id]
}

// opens logs in as a person and tells whose mail that opens: nobody's if the
// mailbox is empty.
func (w *world) opens(p *Person) (owners []*Person, letters int, err error) {
	messages, err := w.mail.OpenMailbox(p.Login, p.secret)
	if err != nil {
		return nil, 0, err
	}
	seen := map[*Person]bool{}
	for _, m := range messages {
		owner := w.ownerOf(m)
		if owner == nil {
			return nil, 0, fmt.Errorf("the message %q of %s is nobody's", m.MessageID, p.Login)
		}
		if !seen[owner] {
			seen[owner] = true
			owners = append(owners, owner)
		}
	}
	return owners, len(messages), nil
}

// everybody checks that each person in the directory opens their own mail and
// all of it, and nobody who left opens anything. It gives the number of people
// who were checked.
func (w *world) everybody(ctx context.Context) (int, error) {
	n := 0
	for _, p := range append([]*Person{w.cast.alexander}, w.people...) {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		owners, letters, err := w.opens(p)
		switch {
		case p.Absent && errors.Is(err, stalwarttest.ErrUnauthorized):
			continue
		case p.Absent:
			return n, &WrongError{fmt.Sprintf("%s is not in the directory and can still log in (%v)", p.Name, err)}
		case err != nil:
			return n, &WrongError{fmt.Sprintf("%s cannot log in as %s: %v", p.Name, p.Login, err)}
		}
		for _, owner := range owners {
			if owner != p {
				return n, &WrongError{fmt.Sprintf("%s opens the mail of %s", p.Name, owner.Name)}
			}
		}
		if p != w.cast.alexander && letters == 0 {
			return n, &WrongError{fmt.Sprintf("%s lost the mail", p.Name)}
		}
		n++
	}
	return n, nil
}

// phones gives people an app password on their phones. Before 0.16 these do not
// work with an external directory.
func (w *world) phones(people ...*Person) error {
	if w.opts.Older {
		return nil
	}
	for _, p := range people {
		view, ok := w.server.AccountOf(p.Login)
		if !ok {
			return fmt.Errorf("%s has no mailbox", p.Login)
		}
		p.phone = w.server.AddAppPassword(view.ID, "phone")
	}
	return nil
}

// phoneWorks tells whether a person's phone still opens a mailbox, under the
// name that it knows or another one.
func (w *world) phoneWorks(p *Person, names ...string) bool {
	for _, name := range append(names, p.Login) {
		if p.phone == "" {
			return false
		}
		if _, err := w.mail.Login(name, p.phone); err == nil {
			return true
		}
	}
	return false
}
