package config

import (
	"strings"
	"testing"
	"time"
)

func TestParseCron(t *testing.T) {
	for _, text := range []string{"*/15 * * * *", "0 3 * * 1-5", "@hourly", "@every 30m", "@every 1m", " 5 4 * * * ", "0 0 29 2 *"} {
		if _, err := ParseCron(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"":                          "not a cron expression",
		"TZ=Europe/Paris":           "schedule.timezone",
		"CRON_TZ=Europe/Paris":      "schedule.timezone",
		"TZ=Europe/Paris 0 3 * * *": "schedule.timezone",
		"0 0 31 2 *":                "never comes",
		"0 0 30 2 *":                "never comes",
		"@every 0s":                 "more often",
		"@every 59s":                "more often",
		"@every -1h":                "more often",
		"@reboot":                   "@reboot",
		"0 0 3 * * *":               "not a cron expression",
		"61 * * * *":                "not a cron expression",
		"*/0 * * * *":               "not a cron expression",
	} {
		if _, err := ParseCron(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, want %q in it", text, err, want)
		}
	}
}

func TestTimetable(t *testing.T) {
	table, err := Schedule{Cron: "0 3 * * *", Timezone: "Europe/Paris"}.Timetable()
	if err != nil {
		t.Fatal(err)
	}
	// The clock goes back on 25 October 2026 at 01:00 UTC.
	got := table.NextN(time.Date(2026, time.October, 24, 0, 0, 0, 0, time.UTC), 2)
	want := []string{"2026-10-24T01:00:00Z", "2026-10-25T02:00:00Z"}
	for i := range want {
		if text := got[i].UTC().Format(time.RFC3339); text != want[i] {
			t.Errorf("run %d is at %s, want %s", i, text, want[i])
		}
	}
}

// TestClockChange compares the warning with what the library really does.
func TestClockChange(t *testing.T) {
	for _, c := range []struct {
		cron, zone, want string
	}{
		{"30 2 * * *", "Europe/Paris", "skipped"},
		{"30 2 * 10 *", "Europe/Paris", "done twice"},
		{"30 3 * * *", "Europe/Paris", ""},
		{"30 2 * * *", "UTC", ""},
		{"30 2 * * *", "Asia/Tokyo", ""},
		{"*/15 * * * *", "Europe/Paris", ""},
		{"@daily", "Europe/Paris", ""},
		{"@every 6h", "Europe/Paris", ""},
	} {
		schedule := Schedule{Cron: c.cron, Timezone: c.zone}
		table, err := schedule.Timetable()
		if err != nil {
			t.Fatal(err)
		}
		v := &validator{decoder: &decoder{marks: map[string]mark{}}}
		v.clockChange(schedule, table)
		got := ""
		if len(v.warnings) > 0 {
			got = v.warnings[0].Message
		}
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s %s: %q, want %q", c.cron, c.zone, got, c.want)
		}
	}
	paris, err := Schedule{Cron: "30 2 * * *", Timezone: "Europe/Paris"}.Timetable()
	if err != nil {
		t.Fatal(err)
	}
	// The clock goes forward on 29 March 2026: the library has no run that day.
	next := paris.Next(time.Date(2026, time.March, 28, 12, 0, 0, 0, time.UTC))
	if next.Day() != 30 {
		t.Errorf("the run after 28 March is at %s; the library changed its mind", next)
	}
}
