package stalwart

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"syncagent/internal/reconcile"
)

// KindRaw is the type of what is read over WebDAV as it is: iCalendar, vCard and
// files of 0.12 and 0.13, whose JMAP does not show them, and iCalendar of 0.14
// and 0.15, whose JMAP may leave properties out. Objects have id, blobId (not of
// collections), home (cal, card or file), path, etag and size.
const KindRaw = "DavResource"

// rawResource is one resource. Its ID changes with its content: an etag is part
// of it.
type rawResource struct {
	ID     string `json:"id"`
	BlobID string `json:"blobId,omitempty"`
	Home   string `json:"home"`
	Path   string `json:"path"`
	ETag   string `json:"etag"`
	Size   *int64 `json:"size,omitempty"`
}

// maxRaw bounds the resources of one account, maxDepth the nesting of folders.
const (
	maxRaw   = 1_000_000
	maxDepth = 64
)

// listRaw walks through the homes of an account, one level a request, as
// recorded (PROPFIND with Depth 1 of /dav/cal/_2/…, where 2 is the account ID).
func (s *restServer) listRaw(ctx context.Context, id reconcile.AccountID) ([]string, string, error) {
	if s.version.before(12, 0) {
		return nil, "", &NotReadableError{Kind: KindRaw}
	}
	homes := []string{"cal"}
	if !s.version.since(14, 0) {
		homes = []string{"cal", "card", "file"}
	}
	name, _ := s.lastName(id)
	found := map[string]rawResource{}
	for _, home := range homes {
		w := &rawWalk{s: s, home: home, id: id, name: name, found: found}
		err := w.walk(ctx, "/"+home+"/_"+string(id)+"/", 0)
		refused := davRefusal(err)
		if _, odd := errors.AsType[*MalformedError](err); odd && s.version.since(14, 0) {
			refused = err.Error() // only a second copy is lacking: JMAP shows all calendars
		}
		if refused != "" {
			return nil, "", &NotReadableError{
				Kind: KindRaw, Lost: !s.version.since(14, 0),
				Why: fmt.Sprintf("the %s resources of the account cannot be read over WebDAV: %s", home, refused),
			}
		}
		if err != nil {
			return nil, "", fmt.Errorf("read /dav/%s of account %s: %w", home, string(id), err)
		}
	}
	s.mu.Lock()
	s.raw[id] = found
	s.mu.Unlock()
	ids := slices.Sorted(maps.Keys(found))
	sum := sha256.Sum256([]byte(strings.Join(ids, " ")))
	return ids, hex.EncodeToString(sum[:]), nil
}

// davRefusal gives the reason of a definite refusal; a failure of the connection
// or of the login is none.
func davRefusal(err error) string {
	_, refused := errors.AsType[*RefusedError](err)
	_, forbidden := errors.AsType[*ForbiddenError](err)
	_, status := errors.AsType[*davStatusError](err)
	if refused || forbidden || status || errors.Is(err, errMissing) || errors.Is(err, errNoAccount) {
		return err.Error()
	}
	return ""
}

// davStatusError is a resource that the server lists but does not describe.
type davStatusError struct{ status string }

func (e *davStatusError) Error() string { return "a resource is listed with the status " + e.status }

type rawWalk struct {
	s     *restServer
	home  string
	id    reconcile.AccountID
	name  string
	found map[string]rawResource
}

func (w *rawWalk) walk(ctx context.Context, path string, depth int) error {
	if depth > maxDepth {
		return &MalformedError{Reason: "the folders of WebDAV do not end"}
	}
	const body = `<?xml version="1.0"?><propfind xmlns="DAV:"><prop><getetag/><getcontentlength/><resourcetype/></prop></propfind>`
	resp, err := w.s.http.exchange(ctx, request{
		method: "PROPFIND", path: "/dav", segment: strings.TrimPrefix(path, "/"), body: []byte(body),
		header: map[string]string{"Content-Type": "application/xml", "Accept": "*/*", "Depth": "1"}, permission: "dav-" + w.home + "-prop-find",
	})
	if err != nil {
		return err
	}
	if resp.status != http.StatusMultiStatus {
		return &MalformedError{Reason: "PROPFIND is answered with HTTP " + strconv.Itoa(resp.status)}
	}
	var answer multistatus
	if xml.Unmarshal(resp.body, &answer) != nil || len(answer.Responses) == 0 {
		return &MalformedError{Reason: "PROPFIND is not answered with a multistatus of WebDAV"}
	}
	self := false
	for _, r := range answer.Responses {
		inside, err := w.inside(r.Href)
		if err != nil {
			return err
		}
		if inside == strings.TrimPrefix(w.below(path), "/") {
			self = true
			continue
		}
		if err := w.take(ctx, r, depth); err != nil {
			return err
		}
	}
	if !self {
		return &MalformedError{Reason: "PROPFIND does not answer about what it was asked for"}
	}
	return nil
}

// below cuts home and owner off a path of ours: "/cal/_2/default/" is "default/".
func (w *rawWalk) below(path string) string {
	return strings.TrimPrefix(path, "/"+w.home+"/_"+string(w.id)+"/")
}

// inside checks that a link leads into the account that was asked for, and gives
// the part behind its owner, still escaped.
func (w *rawWalk) inside(href string) (string, error) {
	rest, ok := strings.CutPrefix(href, "/dav/"+w.home+"/")
	owner, rest, slash := strings.Cut(rest, "/")
	decoded, err := url.PathUnescape(owner)
	if !ok || !slash || err != nil || decoded != w.name && decoded != "_"+string(w.id) {
		return "", &MalformedError{Reason: "a link of WebDAV leads out of the account"}
	}
	for part := range strings.SplitSeq(strings.TrimSuffix(rest, "/"), "/") {
		text, err := url.PathUnescape(part)
		if err != nil || text == "." || text == ".." || strings.ContainsAny(part, "?#") {
			return "", &MalformedError{Reason: "a link of WebDAV is not a plain path"}
		}
	}
	return rest, nil
}

func (w *rawWalk) take(ctx context.Context, r davResponse, depth int) error {
	rest, err := w.inside(r.Href)
	if err != nil {
		return err
	}
	ok := r.ok()
	if ok == nil {
		return &davStatusError{r.status()}
	}
	folder := strings.HasSuffix(rest, "/") || ok.Type.Collection != nil
	resource := rawResource{Home: w.home, Path: r.Href, ETag: ok.ETag}
	if !folder {
		size, err := strconv.ParseInt(ok.Length, 10, 64)
		if err != nil || ok.ETag == "" {
			return &MalformedError{Reason: "a resource of WebDAV has no length or no etag"}
		}
		if w.home == "file" {
			resource.Size = &size // of vCard and iCalendar the server tells another size than it gives
		}
	}
	sum := sha256.Sum256([]byte(r.Href + "\x00" + ok.ETag + "\x00" + ok.Length))
	resource.ID = "dav" + hex.EncodeToString(sum[:16])
	if !folder {
		resource.BlobID = resource.ID
	}
	if w.found[resource.ID] = resource; len(w.found) > maxRaw {
		return &MalformedError{Reason: "WebDAV lists more resources than an account can have"}
	}
	if !folder {
		return nil
	}
	return w.walk(ctx, "/"+w.home+"/_"+string(w.id)+"/"+strings.TrimSuffix(rest, "/")+"/", depth+1)
}

// rawObjects gives the resources of the last listing.
func (s *restServer) rawObjects(id reconcile.AccountID, ids []string, yield func(json.RawMessage) error) (missing int, err error) {
	s.mu.Lock()
	found := s.raw[id]
	s.mu.Unlock()
	for _, key := range ids {
		resource, ok := found[key]
		if !ok {
			missing++
			continue
		}
		raw, err := encodeJSON(resource)
		if err == nil {
			err = yield(raw)
		}
		if err != nil {
			return missing, err
		}
	}
	return missing, nil
}

// rawPath gives the path of a content below /dav/.
func (s *restServer) rawPath(id reconcile.AccountID, blob string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	resource, ok := s.raw[id][blob]
	return strings.TrimPrefix(resource.Path, "/dav/"), ok && resource.BlobID != ""
}
