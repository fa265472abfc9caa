package ldaptest

import (
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// garbled is a cookie that the server refuses.
const garbled = "\x00\xffgarbled"

// searchPage answers a search below the suffix: one page of it, or all.
func (c *session) searchPage(r *request) error {
	s := c.server
	c.page++
	if r.cookie == "" {
		c.page, c.after = 1, 0
	}
	s.mu.Lock()
	s.pages++
	hook := s.onPage
	s.mu.Unlock()
	if hook != nil {
		hook(c.page)
	}
	after, ok := c.place(r)
	if !ok {
		return c.done(r, ldap.LDAPResultUnwillingToPerform, "paged results cookie is invalid", nil)
	}
	if s.has(IgnorePaging, c.page) || s.options().NoPaging {
		r.paged = false
	}
	found, ok := s.hits(r, after)
	if !ok {
		return c.done(r, ldap.LDAPResultNoSuchObject, "", nil)
	}
	if stop, err := c.strikeBefore(r, found); stop {
		return err
	}
	return c.answer(r, found)
}

// place finds where a cookie goes on.
func (c *session) place(r *request) (after int, ok bool) {
	switch {
	case !r.paged || r.cookie == "":
		return 0, true
	case r.cookie == "0":
		return c.after, true
	}
	_, err := fmt.Sscanf(r.cookie, "after %d", &after)
	return after, err == nil
}

// answer sends one page, or all, with the faults that concern its end.
func (c *session) answer(r *request, found []*node) error {
	s := c.server
	page, code, limit := found, 0, s.options().SizeLimit
	if r.paged {
		size := r.size
		if limit > 0 {
			size = min(size, limit)
		}
		page = found[:min(size, len(found))]
	} else {
		if r.sizeLimit > 0 && (limit == 0 || r.sizeLimit < limit) {
			limit = r.sizeLimit
		}
		if limit > 0 && len(found) > limit {
			page, code = found[:limit], ldap.LDAPResultSizeLimitExceeded
		}
	}
	c.entries(r, c.extras(r, page))
	if !r.paged || s.has(DropControl, c.page) {
		return c.end(r, code, "")
	}
	cookie := ""
	if len(page) < len(found) {
		cookie = c.cookie(page[len(page)-1].seq, found, len(page))
	}
	if s.has(RepeatPage, c.page) && len(found) > 0 {
		cookie = fmt.Sprintf("after %d", found[0].seq-1)
	}
	return c.end(r, code, cookie)
}

// cookie gives the mark for the next page.
func (c *session) cookie(last int, found []*node, sent int) string {
	s := c.server
	switch {
	case s.has(EmptyCookie, c.page):
		return ""
	case s.has(GarbleCookie, c.page):
		return garbled
	case s.has(SkipPage, c.page):
		return fmt.Sprintf("after %d", found[min(2*sent, len(found))-1].seq)
	case s.options().ConstantCookie:
		c.after = last
		return "0"
	}
	return fmt.Sprintf("after %d", last)
}

// entries puts nodes into the output.
func (c *session) entries(r *request, nodes []*node) {
	for i, n := range nodes {
		attrs := c.server.shown(n, r.wanted)
		if i == len(nodes)-1 && c.server.has(DropID, c.page) {
			attrs = withoutIDs(attrs)
		}
		c.entry(r.id, n.dn, attrs)
	}
}

func withoutIDs(attrs []attr) []attr {
	var rest []attr
	for _, a := range attrs {
		switch strings.ToLower(a.description) {
		case "entryuuid", "objectguid", "nsuniqueid", "guid", "ipauniqueid":
		default:
			rest = append(rest, a)
		}
	}
	return rest
}

// extras adds what does not belong, and gives the entries that follow it.
func (c *session) extras(r *request, page []*node) []*node {
	if c.server.has(SendReferral, c.page) {
		c.referral(r.id)
	}
	if c.server.has(DuplicateEntry, c.page) && len(page) > 0 {
		if all, _ := c.server.hits(r, 0); len(all) > 0 {
			c.entry(r.id, all[0].dn, c.server.shown(all[0], r.wanted))
			page = page[1:]
		}
	}
	return page
}

// end sends the page with its end.
func (c *session) end(r *request, code int, cookie string) error {
	s := c.server
	controls := pagingControl(cookie)
	if !r.paged || s.has(DropControl, c.page) {
		controls = nil
	}
	c.result(r.id, ldap.ApplicationSearchResultDone, code, "", controls)
	if s.has(Drip, c.page) {
		return c.drip()
	}
	if err := c.flush(); err != nil {
		return err
	}
	if s.has(CloseAfterPage, c.page) {
		return errDone
	}
	return nil
}
