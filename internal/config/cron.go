package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// minEvery is the shortest interval of "@every". The library turns anything
// below a second into one second, which would hammer directory and server.
const minEvery = time.Minute

// ParseCron reads a cron expression of five fields or a descriptor. It closes
// the traps of robfig/cron v3.0.1: a TZ prefix (which can panic there) and
// expressions that never fire are refused, "@every" has a floor of a minute.
func ParseCron(expression string) (schedule cron.Schedule, err error) {
	text := strings.TrimSpace(expression)
	if strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ=") {
		return nil, errors.New("the time zone goes into schedule.timezone, not into the cron expression")
	}
	if text == "@reboot" {
		return nil, errors.New("@reboot is not known; the daemon catches up at its start by itself")
	}
	defer func() {
		if recover() != nil {
			schedule, err = nil, fmt.Errorf("%q is not a cron expression", expression)
		}
	}()
	schedule, err = cron.ParseStandard(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a cron expression: %w", expression, err)
	}
	if every, ok := strings.CutPrefix(text, "@every "); ok {
		if d, parseErr := time.ParseDuration(strings.TrimSpace(every)); parseErr != nil || d < minEvery {
			return nil, fmt.Errorf("%q is more often than once a minute", expression)
		}
	}
	if schedule.Next(time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("%q never comes: there is no such date", expression)
	}
	return schedule, nil
}

// Timetable gives the times of the runs, in the configured time zone.
type Timetable struct {
	schedule cron.Schedule
	location *time.Location
}

// Timetable parses the schedule. After a successful Load it never fails.
func (s Schedule) Timetable() (Timetable, error) {
	schedule, err := ParseCron(s.Cron)
	if err != nil {
		return Timetable{}, err
	}
	location, err := time.LoadLocation(s.Timezone)
	if err != nil {
		return Timetable{}, fmt.Errorf("load time zone: %w", err)
	}
	return Timetable{schedule: schedule, location: location}, nil
}

// Next is the first time after another one, before splay is added; the zero
// time if there is none.
func (t Timetable) Next(after time.Time) time.Time {
	return t.schedule.Next(after.In(t.location))
}

// NextN lists the next n times.
func (t Timetable) NextN(after time.Time, n int) []time.Time {
	times := make([]time.Time, 0, n)
	for range n {
		if after = t.Next(after); after.IsZero() {
			break
		}
		times = append(times, after)
	}
	return times
}

func (v *validator) schedule() {
	s := v.cfg.Schedule
	if s.Timezone == "" {
		v.refuse("schedule.timezone", "such as UTC or Europe/Paris", "must not be empty")
		return
	}
	if _, err := time.LoadLocation(s.Timezone); err != nil {
		v.refuse("schedule.timezone", "such as UTC or Europe/Paris", "%q is not a known time zone", s.Timezone)
		return
	}
	table, err := s.Timetable()
	if err != nil {
		v.refuse("schedule.cron", "five fields: minute hour day-of-month month day-of-week, such as */15 * * * *", "%s", err)
		return
	}
	fields := strings.Fields(s.Cron)
	if len(fields) == 5 && !strings.HasPrefix(fields[2], "*") && !strings.HasPrefix(fields[4], "*") {
		v.warn("schedule.cron", "leave one of them *", "day of month and day of week are both given: either is enough for a run")
	}
	v.splay(s, table)
	v.clockChange(s, table)
}

// splay must not reach the next run.
func (v *validator) splay(s Schedule, table Timetable) {
	times := table.NextN(time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC), 4)
	for i := 1; i < len(times); i++ {
		if gap := times[i].Sub(times[i-1]); s.Splay.Std() >= gap {
			v.refuse("schedule.splay", "use less than half of it", "%s is not shorter than the time between two runs (%s)", s.Splay, Duration(gap))
			return
		}
	}
}
