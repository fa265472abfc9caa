package config

import "time"

// clockChange warns if a rare run falls into an hour that a time zone skips or
// repeats. The library does not run jobs in a skipped hour, and runs those in a
// repeated one twice.
func (v *validator) clockChange(s Schedule, table Timetable) {
	// Frequent runs do not mind: the next one is near.
	start := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	if times := table.NextN(start, 24); len(times) == 24 && times[23].Sub(start) <= day {
		return
	}
	for _, change := range clockChanges(table.location, start) {
		wall, length := change.wall, change.length
		fires := table.schedule.Next(wall.Add(-time.Second))
		if fires.IsZero() || !fires.Before(wall.Add(length)) {
			continue
		}
		what := "skipped"
		if change.repeated {
			what = "done twice"
		}
		v.warn("schedule.cron", "choose another hour, or timezone: UTC",
			"the run of %s is %s when the clock of %s changes", fires.Format("15:04"), what, s.Timezone)
		return
	}
}

type change struct {
	// wall is where the skipped or repeated time begins, as if it were UTC.
	wall     time.Time
	length   time.Duration
	repeated bool
}

// clockChanges lists the changes of a year.
func clockChanges(location *time.Location, start time.Time) []change {
	var changes []change
	offsetAt := func(t time.Time) int {
		_, offset := t.In(location).Zone()
		return offset
	}
	before := offsetAt(start)
	for hour := range 366 * 24 * 2 {
		at := start.Add(time.Duration(hour) * 30 * time.Minute)
		after := offsetAt(at)
		if after == before {
			continue
		}
		shift := time.Duration(after-before) * time.Second
		c := change{wall: at.Add(time.Duration(before) * time.Second), length: shift}
		if shift < 0 {
			c = change{wall: at.Add(time.Duration(after) * time.Second), length: -shift, repeated: true}
		}
		changes = append(changes, c)
		before = after
	}
	return changes
}
