package ldapsrc

import (
	"context"
	"fmt"

	"syncagent/internal/reconcile"
)

// noAttributes asks for entries without their attributes (RFC 4511 §4.5.1.8).
const noAttributes = "1.1"

// suspicious tells whether the end of a base looks like a cut: a last page that
// is as large as pages get, or an only page with a round number of entries
// (servers cap pages at such numbers). A lost cookie looks exactly like that.
func (at *progress) suspicious() bool {
	if at.last == 0 {
		return false
	}
	return at.last == at.size || at.pages > 1 && at.last >= at.largest || at.pages == 1 && at.last%100 == 0
}

// confirm counts the entries of a base a second time with pages of another
// size where the end of the reading is suspicious. The counts must agree.
func (r *reading) confirm(ctx context.Context, at *progress) error {
	if !at.suspicious() || r.conn.root.lacksPaging() {
		return nil
	}
	counted, err := r.count(ctx, at)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		r.doubt(reasonFor(err, fmt.Sprintf("count the entries of %s again", at.base)))
		return errStop
	}
	r.source.opts.observe("counted again", "base", at.base, "read", at.entries, "counted", counted)
	if len(r.source.opts.Bases) == 1 {
		r.evidence.Counted = counted
	}
	if counted != at.entries {
		r.doubt(reconcile.Reason{
			Code:    reconcile.UnusableCountDiffers,
			Message: fmt.Sprintf("%s: %d entries were read, but a second count gave %d", at.base, at.entries, counted),
			Hint:    "The reading ended at a full page, so it was checked. If the directory was changed meanwhile, the next run agrees; otherwise the server loses pages.",
		})
		return errStop
	}
	return nil
}

// count reads a base again, without attributes.
func (r *reading) count(ctx context.Context, at *progress) (int, error) {
	size := r.source.opts.PageSize - 1
	if size < 1 {
		size = 2
	}
	total, empty := 0, 0
	var cookie []byte
	for {
		page, err := r.conn.search(ctx, query{
			base: at.base, scope: r.source.scope(), filter: r.source.opts.Filter,
			attributes: []string{noAttributes}, paging: &paging{size, cookie},
		})
		if err != nil {
			return 0, err
		}
		total += len(page.entries)
		if empty++; len(page.entries) > 0 {
			empty = 0
		}
		if page.paging == nil || empty > maxEmptyPages {
			return 0, &protocolError{"the server lost track of the pages"}
		}
		cookie = page.paging.cookie
		if len(cookie) == 0 || total > at.entries {
			return total, nil
		}
	}
}
