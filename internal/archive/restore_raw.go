package archive

import (
	"context"
	"fmt"
)

// homes are the types that each part of WebDAV stands for.
var homes = map[string]string{"cal": "CalendarEvent", "card": "ContactCard", "file": "FileNode"}

// raw reports what the archive has only as it came over WebDAV: there is no
// recorded way to put it back for somebody else, so a person has to import it.
func (r *restore) raw(context.Context) error {
	if _, ok := r.m.Files[partOf(rawKind).file]; !ok {
		return nil
	}
	hidden := map[string]bool{}
	for _, o := range r.m.Omitted {
		hidden[o.Kind] = true
	}
	return readArray(r.src, partOf(rawKind).file, func(o object) error {
		kind, blob := homes[o.text("home")], o.text("blobId")
		if blob == "" || !hidden[kind] {
			return nil // a folder, or restored from its own file
		}
		r.problem(rawKind, o.text("id"), o.text("path"),
			fmt.Errorf("it is kept as %s/%s and must be imported by the user's own program (CalDAV, CardDAV or WebDAV)", blobDir, blob))
		return nil
	})
}

// hidden reports that the server cannot take objects of a type, if the archive
// has any.
func (r *restore) hidden(kind string, why omitted) {
	if n := r.m.Counts[kind]; n > 0 {
		r.problem(kind, "", fmt.Sprintf("all %d", n), why)
	}
}
