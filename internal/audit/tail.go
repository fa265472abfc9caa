package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// firstWindow is how much of the end of a file is verified when it is opened.
const firstWindow = 256 << 10

// tail is the end of a file.
type tail struct {
	head Anchor
	// torn is a last line without line feed, nil if there is none.
	torn []byte
	// whole tells that the torn line is a complete record that only lacks its line
	// feed; head is that record then.
	whole bool
}

// ReadHead gives number and hash of the last record of a file, without
// changing it; a missing or empty file gives Seq 0. The last part of the file
// is verified, and that the anchor, if given, is in it.
func ReadHead(ctx context.Context, file string, anchor *Anchor) (head Anchor, err error) {
	if err := checkRegular(file); err != nil {
		return Anchor{}, fmt.Errorf("read audit log: %w", err)
	}
	f, err := os.Open(file) //nolint:gosec // The path is the administrator's.
	if errors.Is(err, fs.ErrNotExist) {
		return start(), nil
	}
	if err != nil {
		return Anchor{}, fmt.Errorf("read audit log: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	t, err := readTail(ctx, f, nil, anchor)
	if err != nil {
		return Anchor{}, fmt.Errorf("read audit log: %w", err)
	}
	return t.head, nil
}

// readTail verifies the end of a file, as far back as the anchor if there is
// one.
func readTail(ctx context.Context, f *os.File, key []byte, anchor *Anchor) (tail, error) {
	info, err := f.Stat()
	if err != nil {
		return tail{}, err
	}
	for window := int64(firstWindow); ; window *= 2 {
		offset := max(0, info.Size()-window)
		v, err := verifyFrom(ctx, f, offset, info.Size(), verifier{chain: newChain(key), anchor: anchor})
		if err != nil {
			return tail{}, exactLine(ctx, f.Name(), err, key, anchor)
		}
		reached := v.report.Records > 0 && (anchor == nil || v.report.Anchored || v.report.Before.Seq <= anchor.Seq)
		if reached || offset == 0 {
			t, err := v.tail()
			return t, exactLine(ctx, f.Name(), err, key, anchor)
		}
	}
}

// verifyFrom verifies the whole lines between an offset and the end.
func verifyFrom(ctx context.Context, f *os.File, offset, size int64, v verifier) (verifier, error) {
	text := make([]byte, size-offset)
	if _, err := io.ReadFull(io.NewSectionReader(f, offset, size-offset), text); err != nil {
		return v, err
	}
	if offset > 0 && !v.chain.set {
		v.chain.middle = true
		feed := bytes.IndexByte(text, '\n')
		if feed < 0 {
			return v, nil
		}
		text = text[feed+1:]
	}
	v.last = scannedLine{file: f.Name()}
	err := scan(ctx, f.Name(), bytes.NewReader(text), v.line)
	return v, err
}

// tail tells how a verified part ends.
func (v *verifier) tail() (tail, error) {
	t := tail{}
	if v.cut != nil {
		if v.cutLine.ended {
			return t, v.broken(v.cutLine, v.cutFault, v.cutDetail)
		}
		t.torn = v.cut
		if v.cutLine.err == nil {
			if fault, detail := v.chain.next(v.cutLine.record); fault != "" {
				return t, v.broken(v.cutLine, fault, detail)
			}
			t.whole = true
		}
	}
	t.head = v.chain.head
	return t, v.checkEnd()
}

// exactLine verifies a broken log once more from its beginning, because a line
// number counts from there.
func exactLine(ctx context.Context, file string, err error, key []byte, anchor *Anchor) error {
	var broken *BrokenError
	if !errors.As(err, &broken) {
		return err
	}
	_, whole := Verify(ctx, VerifyOptions{Files: []string{file}, Anchor: anchor, Key: key})
	if errors.As(whole, &broken) {
		return whole
	}
	return err
}
