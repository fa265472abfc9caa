package stalwarttest

import (
	"crypto/sha256"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// blobStore keeps contents by hash. A blob lives while something links it; after that it stays on disk until a purge.
type blobStore struct {
	blobs map[[32]byte]*blob
	ids   map[string]blobRef
}

type blob struct {
	data  []byte
	links map[link]bool
	until time.Time // an upload keeps it until then
}

// link is a use of a blob: by one document of one account.
type link struct {
	account  uint64
	document string
}

// blobRef is what a blob id means: a use, or an upload.
type blobRef struct {
	hash   [32]byte
	link   link
	upload bool
}

func newBlobStore() blobStore {
	return blobStore{blobs: map[[32]byte]*blob{}, ids: map[string]blobRef{}}
}

func (b *blobStore) put(data []byte) ([32]byte, *blob) {
	hash := sha256.Sum256(data)
	have := b.blobs[hash]
	if have == nil {
		have = &blob{data: data, links: map[link]bool{}}
		b.blobs[hash] = have
	}
	return hash, have
}

// use links a content to a document and gives the blob id.
func (b *blobStore) use(data []byte, l link) string {
	hash, have := b.put(data)
	have.links[l] = true
	return b.id("c", blobRef{hash: hash, link: l})
}

// reserve stores an upload and gives the blob id.
func (b *blobStore) reserve(data []byte, account uint64, until time.Time) string {
	hash, have := b.put(data)
	if have.until.Before(until) {
		have.until = until
	}
	return b.id("e", blobRef{hash: hash, link: link{account: account}, upload: true})
}

func (b *blobStore) id(prefix string, ref blobRef) string {
	var text strings.Builder
	text.WriteString(prefix)
	for _, c := range ref.hash {
		text.WriteByte(idAlphabet[c>>3])
		text.WriteByte(idAlphabet[c&7])
	}
	text.WriteString(FormatID(ref.link.account))
	text.WriteString(ref.link.document)
	b.ids[text.String()] = ref
	return text.String()
}

// find gives the content of a blob id, if the use or the upload still exists.
func (b *blobStore) find(id string) (data []byte, account uint64, found bool) {
	ref, known := b.ids[id]
	have := b.blobs[ref.hash]
	if !known || have == nil || !ref.upload && !have.links[ref.link] {
		return nil, 0, false
	}
	return have.data, ref.link.account, true
}

// release removes one use.
func (b *blobStore) release(id string) {
	if ref, known := b.ids[id]; known && b.blobs[ref.hash] != nil {
		delete(b.blobs[ref.hash].links, ref.link)
	}
}

// unlink removes all uses by an account.
func (b *blobStore) unlink(account uint64) {
	for _, have := range b.blobs {
		for l := range have.links {
			if l.account == account {
				delete(have.links, l)
			}
		}
	}
}

// purge deletes what nothing links and no upload keeps.
func (b *blobStore) purge(now time.Time) {
	for hash, have := range b.blobs {
		if len(have.links) == 0 && !now.Before(have.until) {
			delete(b.blobs, hash)
		}
	}
}

// Blobs tells how many contents are on disk and how many bytes they take.
func (s *Server) Blobs() (count, bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, have := range s.blobs.blobs {
		bytes += len(have.data)
	}
	return len(s.blobs.blobs), bytes
}

// mayOpen tells whether the caller may see the contents of an account.
func (s *Server) mayOpen(who *token, id uint64) bool {
	if id == who.id() || who.may("impersonate") {
		return true
	}
	a := s.accounts[id]
	return who.account != nil && (containsID(who.account.groups, id) || a != nil && a.store.sharedWith(who.account.id))
}

// download is GET /jmap/download/{accountId}/{blobId}/{name}: the blob id alone decides, the account id does not matter.
func (s *Server) download(r *request) response {
	parts := strings.SplitN(strings.TrimPrefix(r.http.URL.Path, "/jmap/download/"), "/", 3)
	if len(parts) < 3 {
		return pathNotFound()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	data, account, found := s.blobs.find(parts[1])
	if !found || !s.mayOpen(r.who, account) {
		return pathNotFound()
	}
	kind := r.http.URL.Query().Get("accept")
	if kind == "" {
		kind = "application/octet-stream"
	}
	return response{http.StatusOK, http.Header{"Content-Type": {kind}, "Content-Length": {strconv.Itoa(len(data))}}, data}
}

// upload is POST /jmap/upload/{accountId}/: it works for accounts that do not exist or are over quota.
func (s *Server) upload(r *request) response {
	text := strings.TrimSuffix(strings.TrimPrefix(r.http.URL.Path, "/jmap/upload/"), "/")
	account, ok := ParseID(text)
	if !ok {
		return pathNotFound()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.mayOpen(r.who, account) {
		return problem(http.StatusForbidden, map[string]any{
			"title":  "Forbidden",
			"detail": "You do not have enough permissions to access this resource.",
		})
	}
	kind := r.http.Header.Get("Content-Type")
	if kind == "" {
		kind = "application/octet-stream"
	}
	id := s.blobs.reserve(r.body, account, s.opt.Now().Add(s.opt.UploadTTL))
	return jsonResponse(map[string]any{"accountId": text, "blobId": id, "type": kind, "size": len(r.body)})
}
