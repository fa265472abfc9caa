package archive

import (
	"context"
	"encoding/json"
)

// files restores folders and files by where they are. A file of the same name
// with other contents is left as it is and reported.
func (r *restore) files(ctx context.Context) error {
	byPlace := map[place]node{}
	err := r.present(ctx, "FileNode", nil, func(raw json.RawMessage) error {
		var n node
		err := json.Unmarshal(raw, &n)
		byPlace[placeOf(n.ParentID, n.Name)] = n
		return err
	})
	if err != nil {
		return err
	}
	var all []node
	if err := readArray(r.src, "files.json", func(n node) error { all = append(all, n); return nil }); err != nil {
		return err
	}
	r.ids["FileNode"] = map[string]string{}
	return downwards(all, func(n node) node { return n }, func(n node) error { return r.fileNode(ctx, n, byPlace) })
}

func (r *restore) fileNode(ctx context.Context, n node, byPlace map[place]node) error {
	parent, ok := r.under("FileNode", n.ParentID)
	if !ok {
		r.problem("FileNode", n.ID, n.Name, errNoParent)
		return nil
	}
	if there, ok := byPlace[placeOf(parent, n.Name)]; ok {
		same, err := r.sameNode(ctx, n, there)
		if err != nil {
			return err
		}
		if !same {
			r.problem("FileNode", n.ID, n.Name, errDifferent)
			return nil
		}
		r.ids["FileNode"][n.ID] = there.ID
		r.exists("FileNode")
		return nil
	}
	object := map[string]any{"name": n.Name, "parentId": parent}
	if n.BlobID != nil && *n.BlobID != "" {
		contentType := "application/octet-stream"
		if n.Type != nil && *n.Type != "" {
			contentType = *n.Type
			object["type"] = contentType
		}
		blob, err := r.upload(ctx, *n.BlobID, contentType)
		if err != nil {
			return err
		}
		object["blobId"] = blob
	}
	made, err := r.createOne(ctx, "FileNode", n.ID, n.Name, object)
	if made != "" {
		r.ids["FileNode"][n.ID] = made
	}
	return err
}

// sameNode tells whether both are folders, or files with the same content.
func (r *restore) sameNode(ctx context.Context, n, there node) (bool, error) {
	if (n.BlobID == nil) != (there.BlobID == nil) || n.Size != there.Size {
		return false, nil
	}
	if n.BlobID == nil {
		return true, nil
	}
	path, err := blobFile(*n.BlobID)
	if err != nil {
		return false, err
	}
	return r.sameContent(ctx, *there.BlobID, r.file(path).SHA256)
}
