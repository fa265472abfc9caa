package stalwarttest

import (
	"encoding/json"
	"slices"
	"strings"
)

// matcher compiles a filter. Only AND is supported.
func (sch schema) matcher(raw json.RawMessage) (func(row) bool, *methodError) {
	always := func(row) bool { return true }
	if len(raw) == 0 || string(raw) == "null" {
		return always, nil
	}
	var filter map[string]json.RawMessage
	if err := json.Unmarshal(raw, &filter); err != nil {
		return nil, invalidArguments("invalid filter")
	}
	if op, isOperator := filter["operator"]; isOperator {
		return sch.operator(op, filter["conditions"])
	}
	var tests []func(row) bool
	for name, value := range filter {
		test, fail := sch.condition(name, value)
		if fail != nil {
			return nil, fail
		}
		tests = append(tests, test)
	}
	return all(tests), nil
}

func all(tests []func(row) bool) func(row) bool {
	return func(r row) bool {
		for _, test := range tests {
			if !test(r) {
				return false
			}
		}
		return true
	}
}

func (sch schema) operator(op, conditions json.RawMessage) (func(row) bool, *methodError) {
	if string(op) != `"AND"` {
		return nil, &methodError{"unsupportedFilter", "Only AND is supported in filters"}
	}
	var parts []json.RawMessage
	if json.Unmarshal(conditions, &parts) != nil {
		return nil, invalidArguments("invalid filter")
	}
	var tests []func(row) bool
	for _, part := range parts {
		test, fail := sch.matcher(part)
		if fail != nil {
			return nil, fail
		}
		tests = append(tests, test)
	}
	return all(tests), nil
}

func (sch schema) condition(name string, raw json.RawMessage) (func(row) bool, *methodError) {
	invalid := &methodError{"unsupportedFilter", "Filter on property " + name + " is not supported or invalid"}
	property, compare := comparison(name)
	if !slices.Contains(sch.filters, property) && !slices.Contains(sch.idFilters, property) {
		if slices.Contains(sch.properties, name) {
			return nil, invalid
		}
		if sch.ignore {
			return func(row) bool { return true }, nil
		}
		return nil, &methodError{"unsupportedFilter", name}
	}
	var value string
	if json.Unmarshal(raw, &value) != nil {
		return nil, invalid
	}
	if slices.Contains(sch.idFilters, property) {
		if _, ok := ParseID(value); !ok {
			return nil, invalid
		}
	}
	if property == "text" {
		return textTest(value), nil
	}
	return func(r row) bool {
		return slices.ContainsFunc(r.values(property), func(have string) bool { return compare(have, value) })
	}, nil
}

// comparison splits a filter name such as nameIsGreaterThan.
func comparison(name string) (string, func(have, want string) bool) {
	for suffix, compare := range map[string]func(have, want string) bool{
		"IsGreaterThanOrEqual": func(have, want string) bool { return have >= want },
		"IsLessThanOrEqual":    func(have, want string) bool { return have <= want },
		"IsGreaterThan":        func(have, want string) bool { return have > want },
		"IsLessThan":           func(have, want string) bool { return have < want },
	} {
		if property, found := strings.CutSuffix(name, suffix); found {
			return property, compare
		}
	}
	return name, func(have, want string) bool { return have == want }
}

// textTest finds objects that have all words of the text.
func textTest(text string) func(row) bool {
	wanted := words(text)
	return func(r row) bool {
		have := map[string]bool{}
		for _, value := range r.values("text") {
			for _, word := range words(value) {
				have[word] = true
			}
		}
		for _, word := range wanted {
			if !have[word] {
				return false
			}
		}
		return true
	}
}
