package stalwarttest

import (
	"encoding/json"
	"slices"
	"sort"
	"strconv"
)

// listItems gives the values of a list in the server's form {"0":…,"1":…}, by number.
func listItems(value json.RawMessage) ([]json.RawMessage, bool) {
	var entries map[string]json.RawMessage
	if json.Unmarshal(value, &entries) != nil {
		return nil, false
	}
	numbers := make([]int, 0, len(entries))
	for key := range entries {
		n, err := strconv.Atoi(key)
		if err != nil {
			return nil, false
		}
		numbers = append(numbers, n)
	}
	sort.Ints(numbers)
	items := make([]json.RawMessage, 0, len(numbers))
	for _, n := range numbers {
		items = append(items, entries[strconv.Itoa(n)])
	}
	return items, true
}

// setItems gives the members of a set {"x":true} in sorted order.
func setItems(value json.RawMessage) ([]string, bool) {
	var entries map[string]bool
	if json.Unmarshal(value, &entries) != nil {
		return nil, false
	}
	var items []string
	for item, in := range entries {
		if in {
			items = append(items, item)
		}
	}
	slices.Sort(items)
	return items, true
}
