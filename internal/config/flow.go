package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// flow writes a value on one line.
func flow(value reflect.Value) string {
	switch v := value.Interface().(type) {
	case *Secret:
		return v.flow()
	case PrivateKey:
		return v.flow()
	case DSN:
		if v.secret != nil {
			return v.secret.flow()
		}
		return quoted(v.plain)
	case Suspend:
		return "false"
	case Purge:
		return quoted(v.String())
	case []AddressMap:
		return flowAddresses(v)
	case fmt.Stringer:
		return v.String()
	}
	switch value.Kind() {
	case reflect.Slice:
		items := make([]string, value.Len())
		for i := range items {
			items[i] = quoted(value.Index(i).String())
		}
		return "[ " + strings.Join(items, ", ") + " ]"
	case reflect.Map:
		return flowMap(value)
	case reflect.String:
		return quoted(value.String())
	case reflect.Float64:
		return strconv.FormatFloat(value.Float(), 'f', -1, 64)
	default:
		return fmt.Sprint(value.Interface())
	}
}

func flowAddresses(list []AddressMap) string {
	items := make([]string, len(list))
	for i, a := range list {
		items[i] = quoted(a.Attribute)
		if a.Prefix != "" {
			items[i] = "{ attribute: " + quoted(a.Attribute) + ", prefix: " + quoted(a.Prefix) + " }"
		}
	}
	return "[ " + strings.Join(items, ", ") + " ]"
}

func flowMap(value reflect.Value) string {
	texts := map[string]string{}
	for _, key := range value.MapKeys() {
		texts[key.String()] = value.MapIndex(key).String()
	}
	items := make([]string, 0, len(texts))
	for _, key := range sortedKeys(texts) {
		items = append(items, quoted(key)+": "+quoted(texts[key]))
	}
	return "{ " + strings.Join(items, ", ") + " }"
}

// flow shows where the secret is found, never what it is.
func (s Secret) flow() string { return "{ " + string(s.form) + ": " + quoted(s.ref) + " }" }

// quoted quotes a text where YAML needs it, also within brackets.
func quoted(text string) string {
	data, err := yaml.Dump([]string{text}, yaml.WithV4Defaults(), yaml.WithLineWidth(-1))
	plain := strings.TrimPrefix(strings.TrimSuffix(string(data), "\n"), "- ")
	if err != nil || strings.ContainsAny(plain, "\n,[]{}") && plain == text || strings.Contains(plain, "\n") {
		return strconv.Quote(text)
	}
	return plain
}
