package config

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"
)

// Texts is a list of texts; a single text stands for a list of one.
type Texts []string

func (t *Texts) decodeNode(d *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		*t = Texts{n.Value}
		return
	}
	d.decode(n, reflect.ValueOf((*[]string)(t)), path)
}

// Percent is a share in percent: 2.5 is "2.5%".
type Percent float64

// String is the text as in the configuration.
func (p Percent) String() string { return strconv.FormatFloat(float64(p), 'f', -1, 64) + "%" }

func (p *Percent) decodeNode(d *decoder, n *yaml.Node, path string) {
	text, ok := d.text(n, path, "a percentage such as 10%")
	if !ok {
		return
	}
	number, hasSign := strings.CutSuffix(text, "%")
	value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	switch {
	case err != nil || math.IsNaN(value):
		d.problem(markOf(n), path, "", "%q is not a percentage such as 10%%", text)
	case !hasSign:
		d.problem(markOf(n), path, "write "+text+"%", "a percentage needs the percent sign")
	case value < 0 || value > 100:
		d.problem(markOf(n), path, "", "%s is not between 0%% and 100%%", text)
	default:
		*p = Percent(value)
	}
}

// Duration is a length of time, written as in Go with "d" and "w" besides.
type Duration time.Duration

// maxDuration keeps sums of durations and times far from overflowing.
const maxDuration = Duration(100 * 365 * day)

// Std is the same as a time.Duration.
func (v Duration) Std() time.Duration { return time.Duration(v) }

// String is the shortest text that means the same, such as "14d" or "1h30m".
func (v Duration) String() string {
	days := time.Duration(v) / day
	rest := time.Duration(v) % day
	text := rest.String()
	if rest%time.Minute == 0 {
		text = strings.TrimSuffix(text, "0s")
	}
	if rest%time.Hour == 0 {
		text = strings.TrimSuffix(text, "0m")
	}
	switch {
	case v == 0:
		return "0s"
	case days == 0:
		return text
	case rest == 0:
		return fmt.Sprintf("%dd", days)
	default:
		return fmt.Sprintf("%dd%s", days, text)
	}
}

func (v *Duration) decodeNode(d *decoder, n *yaml.Node, path string) {
	text, ok := d.text(n, path, "a duration such as 30s, 15m or 14d")
	if !ok {
		return
	}
	value, err := ParseDuration(text)
	if err != nil {
		hint := "units are ms, s, m, h, d and w"
		if _, numErr := strconv.ParseFloat(text, 64); numErr == nil {
			hint = fmt.Sprintf("a duration needs a unit: %ss, %sm, %sh or %sd", text, text, text, text)
		}
		d.problem(markOf(n), path, hint, "%s", err)
		return
	}
	*v = value
}

// ParseDuration reads a duration of Go with whole weeks and days in front, as
// in "2w", "1d12h" or "30s". Negative ones are refused.
func ParseDuration(text string) (Duration, error) {
	bad := fmt.Errorf("%q is not a duration", text)
	var total time.Duration
	rest := text
	for _, unit := range []struct {
		letter byte
		length time.Duration
	}{{'w', 7 * day}, {'d', day}} {
		at := strings.IndexByte(rest, unit.letter)
		if at < 0 {
			continue
		}
		count, err := strconv.ParseUint(rest[:at], 10, 32)
		if err != nil {
			return 0, bad
		}
		if count > uint64(time.Duration(maxDuration)/unit.length) { //nolint:gosec // both are positive
			return 0, fmt.Errorf("%q is longer than a hundred years", text)
		}
		total += time.Duration(count) * unit.length
		rest = rest[at+1:]
		if rest == "" {
			return Duration(total), nil
		}
	}
	tail, err := time.ParseDuration(rest)
	if err != nil {
		return 0, bad
	}
	if tail < 0 {
		return 0, fmt.Errorf("%q is negative", text)
	}
	if Duration(tail) > maxDuration || Duration(total+tail) > maxDuration {
		return 0, fmt.Errorf("%q is longer than a hundred years", text)
	}
	return Duration(total + tail), nil
}

// NotBuilt stands for a key that this build does not know how to honour. It
// takes any value, and validation refuses it.
type NotBuilt struct{ set bool }

func (b *NotBuilt) decodeNode(_ *decoder, n *yaml.Node, _ string) { b.set = !isNull(n) }
