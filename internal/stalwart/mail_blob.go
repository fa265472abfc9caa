package stalwart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"syncagent/internal/reconcile"
)

const (
	pathDownload = "/jmap/download/"
	pathUpload   = "/jmap/upload/"
)

// Blob writes the content of a blob to the writer that begin gives; begin is
// called once for each try and must give an empty one. found is false if the
// server does not have the blob (any more). Permission: impersonate.
func (s *jmapServer) Blob(ctx context.Context, id reconcile.AccountID, blobID string, begin func() (io.Writer, error)) (found bool, err error) {
	if err := checkPath(id, blobID); err != nil {
		return false, err
	}
	return s.http.download(ctx, transfer{path: pathDownload + string(id) + "/" + blobID + "/content"}, begin)
}

// download writes a content to the writer that begin gives for each try.
func (t *transport) download(ctx context.Context, x transfer, begin func() (io.Writer, error)) (found bool, err error) {
	x.method = http.MethodGet
	x.sink = func(body io.Reader) error {
		w, err := begin()
		if err != nil {
			return &localError{err}
		}
		_, err = io.Copy(w, body)
		return err
	}
	err = t.stream(ctx, x)
	if errors.Is(err, errMissing) {
		return false, nil
	}
	return err == nil, err
}

// Upload stores a content for a later import and gives its blob ID. The server
// forgets it after an hour if nothing refers to it. It takes an upload for an
// account that does not exist, too (measured on 0.16.18): look the account up
// first. Errors: RefusedError or TooLargeError if the server does not take it.
func (s *jmapServer) Upload(ctx context.Context, id reconcile.AccountID, contentType string, size int64,
	open func() (io.ReadCloser, error),
) (blobID string, err error) {
	if _, err := idNumber(id); err != nil {
		return "", err
	}
	var answer struct {
		BlobID string `json:"blobId"`
		Size   int64  `json:"size"`
	}
	err = s.http.stream(ctx, transfer{
		method: "POST", path: pathUpload + string(id) + "/", body: open, size: size, contentType: contentType,
		sink: func(body io.Reader) error {
			data, err := io.ReadAll(io.LimitReader(body, maxUploadAnswer))
			if err != nil {
				return err
			}
			if json.Unmarshal(data, &answer) != nil || answer.BlobID == "" || answer.Size != size {
				return &MalformedError{Reason: "the upload is not confirmed with its size"}
			}
			return nil
		},
	})
	if err != nil {
		return "", err
	}
	return answer.BlobID, nil
}

// checkPath refuses what must not stand in a path.
func checkPath(id reconcile.AccountID, blobID string) error {
	if _, err := idNumber(id); err != nil {
		return err
	}
	outside := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}
	if blobID == "" || len(blobID) > 255 || strings.ContainsFunc(blobID, outside) {
		return &MalformedError{Reason: fmt.Sprintf("%q is not the ID of a blob", blobID)}
	}
	return nil
}
