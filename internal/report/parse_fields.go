package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// checkFields finds a field that occurs twice in one object. JSON readers differ
// on which one counts, so what a person reviewed might not be what is done.
// Letter case is ignored, as encoding/json ignores it. The data is already known to be one JSON value.
func checkFields(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := walk(dec, ""); err != nil {
		return fmt.Errorf("read plan: %w", placed(data, err))
	}
	return nil
}

// walk reads one value.
func walk(dec *json.Decoder, path string) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		return walkObject(dec, path)
	case json.Delim('['):
		for i := 0; dec.More(); i++ {
			if err := walk(dec, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
		_, err = dec.Token()
		return err
	}
	return nil
}

func walkObject(dec *json.Decoder, path string) error {
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		place := strings.TrimPrefix(path+"."+name, ".")
		folded := strings.ToLower(name)
		if seen[folded] {
			return fmt.Errorf("%s: this field stands twice", clean(place))
		}
		seen[folded] = true
		if err := walk(dec, place); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}
