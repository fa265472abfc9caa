package mapping

import (
	"strconv"

	"syncagent/internal/reconcile"
)

// read tells whether the record says "enabled". An attribute that is absent
// says nothing (it may be hidden from us), except where the operator gives its
// absence a meaning (absent, not).
func (s EnabledSpec) read(r Record) reconcile.Enabled {
	if s.Attribute == "" {
		return reconcile.EnabledYes
	}
	values := nonEmpty(r.Values(s.Attribute))
	switch {
	case s.Absent:
		return enabled(len(values) == 0)
	case len(s.Not) > 0:
		return enabled(!anyFold(values, s.Not))
	case len(values) == 0:
		return reconcile.EnabledUnknown
	case len(s.Is) > 0:
		return enabled(anyFold(values, s.Is))
	case s.BitClear != 0:
		return bitClear(values, s.BitClear)
	}
	return flag(values)
}

func enabled(yes bool) reconcile.Enabled {
	if yes {
		return reconcile.EnabledYes
	}
	return reconcile.EnabledNo
}

func anyFold(values, list []string) bool {
	for _, v := range values {
		if containsFold(list, v) {
			return true
		}
	}
	return false
}

func bitClear(values []string, mask int64) reconcile.Enabled {
	result := reconcile.EnabledYes
	for _, v := range values {
		bits, err := strconv.ParseInt(v, 0, 64)
		if err != nil {
			return reconcile.EnabledUnknown
		}
		if bits&mask != 0 {
			result = reconcile.EnabledNo
		}
	}
	return result
}

// flag reads an attribute without an operator; values that disagree are
// unknown.
func flag(values []string) reconcile.Enabled {
	result := reconcile.EnabledUnknown
	for i, v := range values {
		now := reconcile.EnabledUnknown
		switch fold(v) {
		case "true", "t", "1", "y", "yes":
			now = reconcile.EnabledYes
		case "false", "f", "0", "n", "no":
			now = reconcile.EnabledNo
		}
		if i > 0 && now != result {
			return reconcile.EnabledUnknown
		}
		result = now
	}
	return result
}
