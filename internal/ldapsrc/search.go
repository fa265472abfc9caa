package ldapsrc

import (
	"context"
	"errors"
)

// search asks one question and gives the whole answer, or an error; a part of
// an answer is never given.
func (c *conn) search(ctx context.Context, q query) (*answer, error) {
	if err := c.ask(ctx, q); err != nil {
		return nil, err
	}
	return c.answer(ctx, q.base)
}

// ask sends a search. The next thing to do on the connection is to take its
// answer; in between, the server works and the caller may do something else.
func (c *conn) ask(ctx context.Context, q query) error {
	op, controls, err := q.encode()
	if err != nil {
		return err
	}
	return at(q.base, c.do(ctx, stepSearch, func() error { return c.send(op, controls) }))
}

// answer takes the answer to the search that was sent.
func (c *conn) answer(ctx context.Context, base string) (a *answer, err error) {
	err = at(base, c.do(ctx, stepSearch, func() (err error) {
		a, err = c.receiveAnswer()
		return err
	}))
	if err != nil {
		return nil, err
	}
	return a, nil
}

// at puts the base of a search into its error.
func at(base string, err error) error {
	if failed, ok := errors.AsType[*stepError](err); ok {
		failed.base = base
	}
	return err
}

// receiveAnswer reads until the end of the search. Only an end with code 0
// makes an answer.
func (c *conn) receiveAnswer() (*answer, error) {
	a := &answer{}
	for {
		m, err := c.receive()
		if err != nil {
			return nil, err
		}
		switch m.op {
		case tagSearchEntry:
			e, err := c.decoder.entry(m.content)
			if err != nil {
				return nil, err
			}
			a.entries = append(a.entries, e)
		case tagSearchReference:
			urls, err := references(m.content)
			if err != nil {
				return nil, err
			}
			a.referrals = append(a.referrals, urls...)
		case tagSearchDone:
			return c.endOf(a, m)
		default:
			return nil, badBER("the message %#02x in the answer to a search", m.op)
		}
	}
}

func (c *conn) endOf(a *answer, m message) (*answer, error) {
	text, failure, err := parseResult(m.content)
	if err == nil {
		err = failure
	}
	if err != nil {
		return nil, err
	}
	a.message = text
	if a.paging, err = pagingControl(m.controls); err != nil {
		return nil, err
	}
	return a, nil
}
