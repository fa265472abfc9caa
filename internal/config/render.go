package config

import (
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Render writes the whole configuration with its defaults and a comment for
// each key. Keys without a value are commented out; a key that has its default
// says so. Secrets appear as where they are found. The bytes depend on nothing
// but the configuration.
func (c *Config) Render(w io.Writer) error {
	r := &renderer{docs: map[string]Key{}, general: c.Policy}
	for _, key := range Keys() {
		r.docs[key.Path] = key
	}
	r.fields(reflect.ValueOf(c).Elem(), "", 0)
	if _, err := io.WriteString(w, r.out.String()); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}

// Example is a configuration of one LDAP source in which everything that may
// be left out has its default.
func Example() *Config {
	cfg, err := load(strings.NewReader(exampleText), "example", "/etc/syncagent")
	if err != nil {
		panic("config: " + err.Error()) // a constant; a test loads it
	}
	return cfg
}

const exampleText = `
server: { url: https://mail.example.org, api_key: { file: api-key } }
sources:
  - name: staff
    ldap:
      urls: [ ldaps://ldap.example.org ]
      bind: { dn: "cn=sync,dc=example,dc=org", password: { file: ldap-password } }
      base: ou=people,dc=example,dc=org
      filter: (objectClass=inetOrgPerson)
    map: { name: "{mail}" }
`

type renderer struct {
	out     strings.Builder
	docs    map[string]Key
	general Policy
}

func (r *renderer) line(depth int, text, comment string) {
	r.out.WriteString(strings.Repeat("  ", depth) + text)
	if comment != "" {
		pad := max(1, 44-2*depth-len([]rune(text)))
		r.out.WriteString(strings.Repeat(" ", pad) + "# " + comment)
	}
	r.out.WriteByte('\n')
}

// fields writes the keys of a struct.
func (r *renderer) fields(value reflect.Value, path string, depth int) {
	t := value.Type()
	for i := range t.NumField() {
		key := t.Field(i).Tag.Get("yaml")
		if key == "" || key == "-" {
			continue
		}
		r.field(key, value.Field(i), join(path, key), depth)
	}
}

func (r *renderer) field(key string, value reflect.Value, path string, depth int) {
	doc := r.docs[genericPath(path)]
	switch {
	case path == "sources[].policy":
		r.override(value, doc)
	case isUnset(value, doc):
		r.line(depth, "# "+key+":", doc.Doc)
	case isNested(value):
		if value.Kind() == reflect.Pointer {
			value = value.Elem()
		}
		r.line(depth, key+":", doc.Doc)
		if value.Kind() == reflect.Struct {
			r.fields(value, path, depth+1)
			return
		}
		for i := range value.Len() {
			r.item(value.Index(i), path, depth+1)
		}
	default:
		text := flow(value)
		comment := doc.Doc
		if doc.Default != "" && (text == doc.Default || text == quoted(doc.Default)) {
			comment = strings.TrimSpace("(default) " + comment)
		}
		r.line(depth, key+": "+text, comment)
	}
}

// override writes what a source has otherwise than the general policy.
func (r *renderer) override(value reflect.Value, doc Key) {
	const depth = 2
	own := value.Interface().(Policy)
	own.Protect = own.Protect[min(len(r.general.Protect), len(own.Protect)):]
	general := reflect.ValueOf(r.general)
	inner := &renderer{docs: r.docs}
	for i := range value.NumField() {
		key := value.Type().Field(i).Tag.Get("yaml")
		field := reflect.ValueOf(own).Field(i)
		if key == "protect" && len(own.Protect) == 0 || reflect.DeepEqual(field.Interface(), general.Field(i).Interface()) {
			continue
		}
		inner.field(key, field, join("policy", key), depth+1)
	}
	if inner.out.Len() == 0 {
		r.line(depth, "# policy:", doc.Doc)
		return
	}
	r.line(depth, "policy:", doc.Doc)
	r.out.WriteString(inner.out.String())
}

// item writes one source, its first key after the dash of the list.
func (r *renderer) item(value reflect.Value, path string, depth int) {
	inner := &renderer{docs: r.docs, general: r.general}
	inner.fields(value, path+"[]", depth+1)
	text := inner.out.String()
	indent := strings.Repeat("  ", depth)
	r.out.WriteString(indent + "- " + strings.TrimPrefix(text, indent+"  "))
}

// isUnset tells that a key has no value and is better shown as a comment.
func isUnset(value reflect.Value, doc Key) bool {
	switch v := value.Interface().(type) {
	case NotBuilt:
		return true
	case PrivateKey:
		return v.ref == ""
	case DSN:
		return v.IsZero()
	}
	switch value.Kind() {
	case reflect.Pointer:
		return value.IsNil()
	case reflect.String:
		return value.String() == ""
	case reflect.Slice, reflect.Map:
		return value.Len() == 0
	case reflect.Int64:
		return doc.Default == "" && value.Int() == 0
	case reflect.Bool:
		return strings.HasSuffix(doc.Path, ".absent") && !value.Bool()
	default:
		return false
	}
}

// isNested tells that a value is written as a block of its own.
func isNested(value reflect.Value) bool {
	switch v := value.Interface().(type) {
	case []Source, *LDAP, *SQL, *LDAPLeavers, *SQLLeavers:
		return true
	case Suspend:
		return v.On
	case Secret, *Secret, PrivateKey, DSN, Purge:
		return false
	}
	if value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	return value.Kind() == reflect.Struct
}
