package ldapsrc

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-ldap/ldap/v3"
)

// search asks one question and gives the whole answer, or an error; a part of
// an answer is never given. The request is built anew each time: the library
// leaves cookies of earlier pages in requests that are used again.
func (c *conn) search(ctx context.Context, q query) (*answer, error) {
	var res *ldap.SearchResult
	err := c.do(ctx, stepSearch, func() (err error) {
		res, err = c.ldap.Search(q.request())
		if err != nil {
			return translate(err)
		}
		return c.trusted(res)
	})
	var failed *stepError
	if errors.As(err, &failed) {
		failed.base = q.base
	}
	if err != nil {
		return nil, err
	}
	return convert(res), nil
}

// trusted finds what the library lets pass: a result code that it did not turn
// into an error, and messages on the connection that belong to no request
// (among them the notice of disconnection, RFC 4511 §4.4.1).
func (c *conn) trusted(res *ldap.SearchResult) error {
	if res == nil {
		return &protocolError{"no result"}
	}
	if res.ResultCode != codeSuccess {
		return &resultError{int(res.ResultCode), res.DiagnosticMessage}
	}
	if err := c.ldap.GetLastError(); err != nil {
		return &protocolError{fmt.Sprintf("unexpected message from the server (%s)", printable(err.Error()))}
	}
	return nil
}

func (q *query) request() *ldap.SearchRequest {
	var controls []ldap.Control
	if q.paging != nil {
		control := ldap.NewControlPaging(uint32(q.paging.size)) //nolint:gosec // checked by Options.check
		control.SetCookie(q.paging.cookie)
		controls = []ldap.Control{control}
	}
	return ldap.NewSearchRequest(q.base, q.scope, ldap.NeverDerefAliases, q.sizeLimit, 0, false,
		q.filter, q.attributes, controls)
}

func convert(res *ldap.SearchResult) *answer {
	a := &answer{referrals: res.Referrals, message: res.DiagnosticMessage, entries: make([]entry, len(res.Entries))}
	for i, e := range res.Entries {
		attributes := make([]attribute, len(e.Attributes))
		for j, at := range e.Attributes {
			attributes[j] = attribute{at.Name, at.ByteValues}
		}
		a.entries[i] = entry{e.DN, attributes}
	}
	if control, ok := ldap.FindControl(res.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging); ok && control != nil {
		a.paging = &paging{int(control.PagingSize), control.Cookie}
	}
	return a
}
