package stalwarttest

import (
	"net/http"
)

// deleteRow is DELETE: synchronous, without asking the directory.
func (s *Server) deleteRow(row *principalRow) response {
	v := s.rest.v
	cut := s.rest.cutDeletes > 0
	switch {
	case cut && v.since(15, 0): // the row goes first
		s.rest.cutDeletes--
		s.removeRow(row, false)
		panic(http.ErrAbortHandler)
	case cut: // the data goes first
		s.rest.cutDeletes--
		if row.account != nil {
			s.blobs.unlink(row.id)
			row.account.store.init()
		}
		panic(http.ErrAbortHandler)
	}
	s.removeRow(row, true)
	if !v.since(7, 0) {
		return jsonResponse(map[string]any{"data": []any{}})
	}
	return jsonResponse(map[string]any{"data": nil})
}
