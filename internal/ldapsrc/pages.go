package ldapsrc

import (
	"context"
	"fmt"

	"syncagent/internal/reconcile"
)

// maxEmptyPages is how many pages without an entry may follow each other before
// a server is taken to turn in circles. Servers give empty pages where a time
// slice passed without a hit.
const maxEmptyPages = 100

// page is the question for one page of a base; no cookie for the first one.
func (r *reading) page(base string, cookie []byte) query {
	q := query{base: base, scope: r.source.scope(), filter: r.source.opts.Filter, attributes: r.wanted}
	if !r.conn.root.lacksPaging() {
		q.paging = &paging{r.pageSize(cookie == nil), cookie}
	}
	return q
}

// pageSize is that of the configuration, but a little smaller for the first
// page: otherwise a directory with a round number of entries would always end
// with a full page, which looks like a lost cookie (see confirm).
func (r *reading) pageSize(first bool) int {
	size := r.source.opts.PageSize
	if first && size >= 100 {
		return size - 3
	}
	return size
}

// progress follows the pages of one base.
type progress struct {
	base    string
	pages   int
	empty   int // empty pages in a row
	entries int
	largest int // of all pages but the last
	last    int
	size    int // that the last page was asked for with
}

// readBase reads one base to its proven end, or notes why there is none. The
// next page is asked for before the entries of the last one are handed on, so
// that the server works meanwhile.
func (r *reading) readBase(ctx context.Context, base string, isFirst bool, yield func(reconcile.Entry) error) error {
	at := progress{base: base, size: r.pageSize(true)}
	page, failure := r.first, r.firstErr
	if !isFirst {
		page, failure = r.conn.search(ctx, r.page(base, nil))
	}
	r.first = nil
	for {
		at.pages++
		if failure != nil {
			return r.pageFailed(ctx, &at, failure)
		}
		more, err := r.judge(&at, page)
		if err != nil {
			return err
		}
		if err := r.completeRanges(ctx, page); err != nil {
			return err
		}
		var asked error
		if more {
			asked = r.conn.ask(ctx, r.page(base, page.paging.cookie))
		}
		if err := r.accept(page, yield); err != nil {
			return err
		}
		if !more {
			return r.confirm(ctx, &at)
		}
		page, failure = r.take(ctx, &at, asked)
	}
}

// take receives the page that was asked for.
func (r *reading) take(ctx context.Context, at *progress, asked error) (*answer, error) {
	at.size = r.pageSize(false)
	if asked != nil {
		return nil, asked
	}
	return r.conn.answer(ctx, at.base)
}

// pageFailed makes the snapshot incomplete; only the end of the context is an
// error of its own.
func (r *reading) pageFailed(ctx context.Context, at *progress, err error) error {
	if ctx.Err() != nil {
		return err
	}
	r.doubt(reasonFor(err, fmt.Sprintf("page %d", at.pages)))
	return errStop
}

func (at *progress) where() string { return fmt.Sprintf("page %d of %s", at.pages, at.base) }

// judge checks what came with a page and tells whether there are more. A page
// is good only if the server proved its end: a paging control with a cookie for
// more or an empty one for the end, or no control from a server that has none.
func (r *reading) judge(at *progress, page *answer) (more bool, err error) {
	if page.message != "" {
		r.source.opts.observe("message with a page", "page", at.where(), "message", printable(page.message))
	}
	r.judgeReferrals(at, page)
	at.entries += len(page.entries)
	at.largest = max(at.largest, at.last)
	at.last = len(page.entries)
	if page.paging == nil {
		if r.conn.root.lacksPaging() {
			return false, nil
		}
		r.broken("%s: the server left out the paging control, so nothing proves that this is all", at.where())
		return false, errStop
	}
	if len(page.paging.cookie) == 0 {
		return false, nil
	}
	if at.empty++; len(page.entries) > 0 {
		at.empty = 0
	}
	if at.empty > maxEmptyPages {
		r.broken("%s: %d pages without an entry, and no end", at.where(), at.empty)
		return false, errStop
	}
	if len(page.entries) > at.size {
		r.broken("%s: %d entries instead of at most %d", at.where(), len(page.entries), at.size)
		return false, errStop
	}
	// A cookie that stays the same is legal (389 Directory Server sends "0" each
	// time); repeated entries show as duplicate IDs.
	return true, nil
}

func (r *reading) broken(format string, args ...any) {
	r.doubt(reconcile.Reason{
		Code:    reconcile.UnusablePagingBroken,
		Message: fmt.Sprintf(format, args...),
		Hint:    "Check the version and the settings of the directory server, and proxies in between; syncagent doctor shows what the server supports.",
	})
}

// warnReferral is the code of the warning about referrals that were ignored.
const warnReferral = "referrals-ignored"

func (r *reading) judgeReferrals(at *progress, page *answer) {
	if len(page.referrals) == 0 {
		return
	}
	message := fmt.Sprintf("%s refers to other servers, such as %s", at.base, printable(page.referrals[0]))
	if r.source.opts.Referrals == ReferralsIgnore {
		for _, known := range r.evidence.Warnings {
			if known.Code == warnReferral {
				return
			}
		}
		r.evidence.Warnings = append(r.evidence.Warnings, reconcile.Reason{
			Code: warnReferral, Message: message + "; they are ignored, as configured",
			Hint: "Make sure that none of your users is there.",
		})
		return
	}
	r.doubt(reconcile.Reason{
		Code: reconcile.UnusableReferral, Message: message,
		Hint: "Choose a base below which there are no referrals (in Active Directory an OU instead of the domain), or set referrals: ignore if that part holds none of your users.",
	})
}
