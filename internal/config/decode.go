package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// maxNodes bounds how much a file may grow to through aliases.
const maxNodes = 200_000

// mark is a place in the file, counted from 1.
type mark struct{ line, column int }

// decoder fills the structs from the tree of nodes. It goes on after a problem
// so that all are told at once, and remembers where each key stands.
type decoder struct {
	// dir is what relative paths are relative to.
	dir string
	// general is the policy that each source starts from.
	general  Policy
	marks    map[string]mark
	problems []Problem
	// suggested holds keys that a mistyped one was probably meant to be, so that
	// they are not told to be lacking as well.
	suggested map[string]bool
	nodes     int
}

// nodeDecoder is implemented by values with a form of their own.
type nodeDecoder interface {
	decodeNode(d *decoder, n *yaml.Node, path string)
}

func (d *decoder) problem(at mark, path, hint, format string, args ...any) {
	d.problems = append(d.problems, Problem{
		Line: at.line, Column: at.column, Path: path,
		Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

func markOf(n *yaml.Node) mark { return mark{n.Line, n.Column} }

// wants tells that a node has another form than the key needs.
func (d *decoder) wants(n *yaml.Node, path, want string) {
	d.problem(markOf(n), path, "", "wants %s, not %s", want, formOf(n))
}

// decode fills target, a pointer, from a node.
func (d *decoder) decode(n *yaml.Node, target reflect.Value, path string) {
	d.nodes++
	if d.nodes > maxNodes {
		if d.nodes == maxNodes+1 {
			d.problem(markOf(n), path, "use fewer aliases", "the configuration is too large")
		}
		return
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	d.marks[path] = markOf(n)
	if custom, ok := reflect.TypeAssert[nodeDecoder](target); ok {
		custom.decodeNode(d, n, path)
		return
	}
	value := target.Elem()
	switch value.Kind() {
	case reflect.Pointer:
		if isNull(n) {
			return
		}
		value.Set(reflect.New(value.Type().Elem()))
		d.decode(n, value, path)
	case reflect.Struct:
		d.fields(n, target.Interface(), path)
	case reflect.Slice:
		d.list(n, value, path)
	case reflect.Map:
		d.textMap(n, value, path)
	default:
		d.scalar(n, value, path)
	}
}

// fields fills a struct from a mapping, key by key. What the mapping does not
// name keeps its value.
func (d *decoder) fields(n *yaml.Node, target any, path string) {
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.wants(n, path, "a mapping (key: value)")
		return
	}
	value := reflect.ValueOf(target).Elem()
	byKey := fieldsByKey(value.Type())
	seen := map[string]mark{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		at := join(path, key.Value)
		index, known := byKey[key.Value]
		switch first, twice := seen[key.Value]; {
		case key.Kind != yaml.ScalarNode || key.Value == "":
			d.problem(markOf(key), path, "", "a key must be a word")
		case twice:
			d.problem(markOf(key), at, "", "stands here a second time; first in line %d", first.line)
		case !known:
			d.problem(markOf(key), at, d.unknownHint(path, key.Value, byKey), "unknown key")
		default:
			d.field(n.Content[i+1], value.Field(index), value.Type().Field(index), at)
		}
		if _, twice := seen[key.Value]; !twice {
			seen[key.Value] = markOf(key)
		}
	}
}

func (d *decoder) field(n *yaml.Node, value reflect.Value, field reflect.StructField, path string) {
	if isNull(n) && field.Tag.Get("config") == "empty" {
		value.SetZero()
		d.marks[path] = markOf(n)
		return
	}
	d.decode(n, value.Addr(), path)
}

func (d *decoder) list(n *yaml.Node, value reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.wants(n, path, "a list")
		return
	}
	out := reflect.MakeSlice(value.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		d.decode(item, out.Index(i).Addr(), fmt.Sprintf("%s[%d]", path, i))
	}
	value.Set(out)
}

// textMap fills a map from text to a kind of text.
func (d *decoder) textMap(n *yaml.Node, value reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.wants(n, path, "a mapping (value: kind)")
		return
	}
	out := reflect.MakeMap(value.Type())
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		at := join(path, key.Value)
		name := reflect.ValueOf(key.Value).Convert(value.Type().Key())
		switch {
		case key.Kind != yaml.ScalarNode:
			d.problem(markOf(key), path, "", "a key must be a word")
		case out.MapIndex(name).IsValid():
			d.problem(markOf(key), at, "", "stands here a second time")
		default:
			item := reflect.New(value.Type().Elem())
			d.decode(n.Content[i+1], item, at)
			out.SetMapIndex(name, item.Elem())
		}
	}
	value.Set(out)
}

func (d *decoder) scalar(n *yaml.Node, value reflect.Value, path string) {
	text, ok := d.text(n, path, scalarName(value.Kind()))
	if !ok {
		return
	}
	switch value.Kind() {
	case reflect.String:
		value.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil || n.ShortTag() != "!!bool" {
			d.wants(n, path, "true or false")
			return
		}
		value.SetBool(b)
	case reflect.Int, reflect.Int64:
		i, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 0, 64)
		if err != nil {
			d.wants(n, path, "a whole number")
			return
		}
		value.SetInt(i)
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			d.wants(n, path, "a number")
			return
		}
		value.SetFloat(f)
	default:
		panic("config: no way to decode " + value.Type().String())
	}
}

// text gives the text of a scalar; anything else is a problem.
func (d *decoder) text(n *yaml.Node, path, want string) (string, bool) {
	if isNull(n) {
		d.problem(markOf(n), path, "remove the key to get its default", "has no value")
		return "", false
	}
	if n.Kind != yaml.ScalarNode {
		d.wants(n, path, want)
		return "", false
	}
	return n.Value, true
}

func scalarName(kind reflect.Kind) string {
	switch kind {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	default:
		return "text"
	}
}

func formOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "nothing"
	case n.ShortTag() == "!!bool":
		return "true or false"
	case n.ShortTag() == "!!int" || n.ShortTag() == "!!float":
		return "a number"
	default:
		return "text"
	}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// fieldsByKey maps the YAML keys of a struct type to its field numbers.
func fieldsByKey(t reflect.Type) map[string]int {
	keys := map[string]int{}
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("yaml"); key != "" && key != "-" {
			keys[key] = i
		}
	}
	return keys
}
