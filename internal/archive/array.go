package archive

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// arrayWriter writes a JSON array in one line, object by object.
type arrayWriter struct {
	w     *hashingWriter
	count int
}

func (a *arrayWriter) add(raw json.RawMessage) error {
	var line bytes.Buffer
	line.WriteByte(map[bool]byte{true: '[', false: ','}[a.count == 0])
	if err := json.Compact(&line, raw); err != nil {
		return err
	}
	a.count++
	_, err := a.w.Write(line.Bytes())
	return err
}

func (a *arrayWriter) end() error {
	text := "]"
	if a.count == 0 {
		text = "[]"
	}
	_, err := a.w.Write([]byte(text))
	return err
}

// readArray gives the objects of a file one by one.
func readArray[T any](src source, name string, yield func(T) error) error {
	f, err := src.open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	dec := json.NewDecoder(bufio.NewReader(f))
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return fmt.Errorf("%s is not a JSON array", name)
	}
	for dec.More() {
		var v T
		if err := dec.Decode(&v); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if err := yield(v); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return fmt.Errorf("%s ends too early: %w", name, err)
	}
	if src.encrypted { // only its end proves an encrypted file
		if _, err := io.Copy(io.Discard, io.MultiReader(dec.Buffered(), f)); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
	return nil
}
