package config

import (
	"reflect"
	"slices"
	"strings"
)

// keyTree walks the known keys beside the tree of a file.
type keyTree struct{ t reflect.Type }

func wholeTree() keyTree { return keyTree{reflect.TypeFor[Config]()} }

// child is what stands under a key, and whether the key is known there.
func (k keyTree) child(key string) (keyTree, bool) {
	t := k.base()
	switch {
	case t == nil:
		return keyTree{}, false
	case isSecretType(t):
		return keyTree{reflect.TypeFor[string]()}, key == "file" || key == "env" || key == "credential"
	case t.Kind() == reflect.Map:
		return keyTree{t.Elem()}, true
	case t.Kind() == reflect.Struct:
		if i, ok := fieldsByKey(t)[key]; ok {
			return keyTree{t.Field(i).Type}, true
		}
	}
	return keyTree{}, false
}

// secret tells that a text at this place would be a secret.
func (k keyTree) secret() bool {
	t := k.base()
	return t == nil || isSecretType(t) || t == reflect.TypeFor[NotBuilt]()
}

func (k keyTree) base() reflect.Type {
	t := k.t
	for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice) {
		t = t.Elem()
	}
	return t
}

func isSecretType(t reflect.Type) bool {
	return t == reflect.TypeFor[Secret]() || t == reflect.TypeFor[DSN]() || t == reflect.TypeFor[PrivateKey]()
}

// unknownHint says which key was probably meant, or where the key belongs.
func (d *decoder) unknownHint(path, key string, siblings map[string]int) string {
	if key == "<<" {
		return "merge keys are not supported; write the keys out"
	}
	names := make([]string, 0, len(siblings))
	for name := range siblings {
		names = append(names, name)
	}
	slices.Sort(names)
	if best := closest(key, names); best != "" {
		d.suggested[join(path, best)] = true
		return "did you mean " + best + "?"
	}
	if places := placesOf(key); len(places) > 0 && len(places) <= 3 {
		return key + " belongs to " + strings.Join(places, " or ")
	}
	return "known here: " + strings.Join(names, ", ")
}

// placesOf lists the keys under which a key is known.
func placesOf(key string) []string {
	var places []string
	for _, k := range Keys() {
		parent, last := splitPath(k.Path)
		if last == key && parent != "" && !slices.Contains(places, parent) {
			places = append(places, parent)
		}
	}
	return places
}

func splitPath(path string) (parent, last string) {
	at := strings.LastIndexByte(path, '.')
	if at < 0 {
		return "", path
	}
	return path[:at], path[at+1:]
}

// closest gives the name nearest to what was typed, "" if none is near.
func closest(typed string, names []string) string {
	if len(typed) > 64 {
		return ""
	}
	typed = strings.ToLower(strings.NewReplacer("-", "_", " ", "_").Replace(typed))
	best, bestDistance := "", max(1, len(typed)/3)+1
	for _, name := range names {
		if distance := editDistance(typed, name); distance < bestDistance {
			best, bestDistance = name, distance
		}
	}
	return best
}

// editDistance counts the letters to insert, delete, replace or swap with
// their neighbour to get from one word to the other.
func editDistance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
