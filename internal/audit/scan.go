package audit

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"strings"
)

// scannedLine is one line of a file.
type scannedLine struct {
	file   string
	number int
	// raw is the line without line feed, valid until the next one.
	raw []byte
	// ended is false for a last line without a line feed.
	ended  bool
	record Record
	err    error
}

// scanFile calls fn for every line; .gz files are unpacked. Longer lines than
// maxLine are cut and cannot parse.
func scanFile(ctx context.Context, file string, fn func(scannedLine) error) (err error) {
	if err := checkRegular(file); err != nil {
		return err
	}
	f, err := os.Open(file) //nolint:gosec // The path is the administrator's.
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var in io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		unpacked, err := gzip.NewReader(f)
		if err != nil {
			return err
		}
		in = unpacked
	}
	return scan(ctx, file, in, fn)
}

func scan(ctx context.Context, file string, in io.Reader, fn func(scannedLine) error) error {
	reader := bufio.NewReaderSize(in, 64<<10)
	for number := 1; ; number++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		raw, err := readLine(reader)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		last := err != nil
		if last && len(raw) == 0 {
			return nil
		}
		l := scannedLine{file: file, number: number, raw: bytes.TrimSuffix(raw, []byte("\n")), ended: !last}
		l.record, l.err = parse(l.raw)
		if err := fn(l); err != nil || last {
			return err
		}
	}
}

// readLine reads to the line feed, keeping at most maxLine bytes and one more.
func readLine(reader *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := reader.ReadSlice('\n')
		if room := maxLine + 1 - len(line); room > 0 {
			line = append(line, part[:min(len(part), room)]...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}
