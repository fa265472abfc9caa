package mapping

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// sqlLayouts are the texts in which databases write timestamps; without a zone
// they are UTC.
var sqlLayouts = []string{
	time.RFC3339Nano,
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999-07",
	"2006-01-02 15:04:05.999999999 -0700 MST",
	"2006-01-02 15:04:05.999999999 Z07:00",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04",
	"2006-01-02",
}

// ParseTime reads a time as directories write it: LDAP generalized time
// (RFC 4517 3.3.13, minutes, seconds and fractions optional, "Z" or offset),
// Active Directory's count of 100 ns since 1601 ("file time"), RFC 3339, and
// SQL timestamps. ok is false for anything else; zero dates and file times
// that mean "never" are false too.
func ParseTime(text string) (t time.Time, ok bool) {
	text = strings.TrimSpace(text)
	if t, ok = generalizedTime(text); !ok {
		t, ok = fileTime(text)
	}
	for i := 0; !ok && i < len(sqlLayouts); i++ {
		var err error
		t, err = time.Parse(sqlLayouts[i], text)
		ok = err == nil
	}
	if !ok || t.Year() < 1601 || t.Year() > 9999 {
		return time.Time{}, false
	}
	return t.UTC(), true
}

// generalized: date and hour, minutes, seconds, fraction of the last unit, zone.
var generalized = regexp.MustCompile(`^(\d{10})(\d\d)?(\d\d)?(?:[.,](\d{1,9}))?(Z|[+-]\d{2}(?:\d{2})?)$`)

func generalizedTime(text string) (time.Time, bool) {
	m := generalized.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, false
	}
	unit := time.Hour
	switch {
	case m[3] != "":
		unit = time.Second
	case m[2] != "":
		unit = time.Minute
	}
	zone := m[5]
	if len(zone) == 3 {
		zone += "00"
	}
	digits := m[1] + m[2] + m[3] + strings.Repeat("00", 2-len(m[2]+m[3])/2)
	t, err := time.Parse("20060102150405Z0700", digits+zone)
	if err != nil {
		return time.Time{}, false
	}
	if m[4] != "" {
		fraction, err := strconv.ParseInt((m[4] + "000000000")[:9], 10, 64)
		if err != nil {
			return time.Time{}, false
		}
		t = t.Add(time.Duration(fraction) * (unit / time.Second))
	}
	return t, true
}

// fileTimeDigits: since 1916 a file time has 17 digits, from 1917 to 4769 18.
var fileTimeDigits = regexp.MustCompile(`^\d{17,18}$`)

const fileTimeUnixEpoch = 116444736000000000 // 100 ns from 1601 to 1970

func fileTime(text string) (time.Time, bool) {
	if !fileTimeDigits.MatchString(text) {
		return time.Time{}, false
	}
	ticks, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	ticks -= fileTimeUnixEpoch
	return time.Unix(ticks/1e7, ticks%1e7*100), true
}
