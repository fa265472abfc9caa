package stalwarttest

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

// outside is something that happened outside HTTP, as the recordings put it in words.
type outside struct {
	pattern *regexp.Regexp
	do      func(r *replay, m []string)
}

// outsides lists all wordings; the first that fits is done.
var outsides = []outside{
	{regexp.MustCompile(`^LMTP: RCPT TO:<(\S+)> subject '(.*)' -> (?:RCPT|DATA) (\d.*)$`), func(r *replay, m []string) {
		r.deliver(m[1], m[2], m[3])
	}},
	{regexp.MustCompile(`^LMTP: RCPT TO:<(\S+)> .*without DATA -> RCPT 250`), func(r *replay, m []string) {
		if err := r.s.Recipient(m[1]); err != nil {
			r.t.Errorf("%s: %v", m[0], err)
		}
	}},
	{regexp.MustCompile(`^directory: added user (\S+)(?: aliases (\S+))?(?: groups (\S+))?$`), func(r *replay, m []string) {
		record := r.userRecord(m[1], commaList(m[2]))
		record.Groups = commaList(m[3])
		r.directory.Put(record)
		r.user = m[1]
	}},
	{regexp.MustCompile(`^directory: added group (\S+)$`), func(r *replay, m []string) {
		record := r.userRecord(m[1], nil)
		record.Group = true
		r.directory.Put(record)
	}},
	{regexp.MustCompile(`^directory: removed (\S+)$`), func(r *replay, m []string) {
		r.directory.Remove(m[1])
		r.user = m[1]
	}},
	{regexp.MustCompile(`^directory: (\S+) is now (\S+) \(same person, same password\)$`), func(r *replay, m []string) {
		r.change(m[1], func(d *Record) { d.Name = m[2] })
		r.user = m[2]
	}},
	{regexp.MustCompile(`^directory: primary address of (\S+) is now (\S+), (\S+) is its alias$`), func(r *replay, m []string) {
		r.change(m[1], func(d *Record) { d.Name, d.Aliases = m[2], []string{m[3]} })
		r.user = m[2]
	}},
	{regexp.MustCompile(`^directory: alias (\S+) removed from (\S+)$`), func(r *replay, m []string) {
		r.change(full(m[2]), func(d *Record) {
			d.Aliases = slices.DeleteFunc(d.Aliases, func(a string) bool { return a == full(m[1]) })
		})
	}},
	{regexp.MustCompile(`^directory: alias (\S+) added to (\S+)$`), func(r *replay, m []string) {
		r.change(full(m[2]), func(d *Record) { d.Aliases = append(d.Aliases, full(m[1])) })
	}},
	{regexp.MustCompile(`^directory: UPDATE accounts SET active=0 WHERE name='(\S+)'$`), func(r *replay, m []string) {
		r.change(m[1], func(d *Record) { d.NoMail = true })
	}},
	{regexp.MustCompile(`^directory: UPDATE accounts SET description='(.*)' WHERE name='(\S+)'$`), func(r *replay, m []string) {
		r.change(m[2], func(d *Record) { d.Description = m[1] })
	}},
	{regexp.MustCompile(`^directory: (\S+) and (\S+) swapped too$`), func(r *replay, m []string) {
		r.change(full(m[1]), func(d *Record) { d.Name = "aside" })
		r.change(full(m[2]), func(d *Record) { d.Name = full(m[1]) })
		r.change("aside", func(d *Record) { d.Name = full(m[2]) })
	}},
	{regexp.MustCompile(`^directory: added uid=(\S+) mail=([^ ,]+)(?:, (\S+))?$`), func(r *replay, m []string) {
		record := r.userRecord(m[2], commaList(m[3]))
		record.Description = strings.ToUpper(m[1][:1]) + m[1][1:] + " Test"
		r.directory.Put(record)
		r.user = m[2]
	}},
	{regexp.MustCompile(`^directory: mail of uid=(\S+) replaced by (\S+) \(alias gone too\)$`), func(r *replay, m []string) {
		r.change(full(m[1]), func(d *Record) { d.Name, d.Aliases = m[2], nil })
		r.user = m[2]
	}},
	{regexp.MustCompile(`^directory: uid=ld1x deleted$`), func(r *replay, _ []string) {
		r.directory.Remove("ld1.new@example.test")
	}},
	{regexp.MustCompile(`^directory server stopped$`), func(r *replay, _ []string) {
		r.directory.Fail(errors.New("connection refused"))
	}},
}

// byHook are actions that the table of the file does itself, or that change nothing here.
var byHook = []string{
	"directory: uid=ld1 renamed to uid=ld1x (mail unchanged)", // nothing here depends on the DN
	"directory: both users removed",
	"target: maxDiskQuota 100 bytes",
	"HTTP login as ef1@example.test (header is now in the credential cache)",
	"1234 accounts p00000.. created",
	"account k destroyed",
	"agent: one request from another address (fills the authentication cache)",
	"4 requests of the same account are in progress (from loopback)",
}

// before does what happened outside HTTP: changes in the directory and deliveries, whose answers must agree.
func (r *replay) before(line string) {
	r.t.Helper()
	for _, o := range outsides {
		if m := o.pattern.FindStringSubmatch(line); m != nil {
			o.do(r, m)
			return
		}
	}
	if !slices.Contains(byHook, line) {
		r.t.Fatalf("nobody knows how to replay %q", line)
	}
}

// full gives the address of a name that the recording writes without its domain.
func full(name string) string {
	if strings.Contains(name, "@") {
		return name
	}
	return name + "@example.test"
}

// commaList gives the items in the order in which the recorded SQL query gave them.
func commaList(text string) []string {
	if text == "" {
		return nil
	}
	items := strings.Split(text, ",")
	slices.Sort(items)
	return items
}

func (r *replay) change(name string, change func(*Record)) {
	if !r.directory.Update(name, change) {
		r.t.Fatalf("the directory has no %s", name)
	}
}

// deliver delivers to a user or a list and compares the answer's code and text.
func (r *replay) deliver(to, subject, want string) {
	r.t.Helper()
	if got := r.s.DeliverList(to, Message{Subject: subject}); got != nil {
		return
	}
	err := r.s.Deliver(to, Message{Subject: subject})
	var told string
	switch {
	case err == nil || errors.Is(err, ErrBounced): // accepted, also when it bounces later
		told = "250 2.0.0 Message queued"
	case errors.Is(err, ErrTryLater):
		told = ErrTryLater.Error()
	default:
		told = err.Error()
	}
	if !strings.HasPrefix(want, told) {
		r.t.Errorf("delivery of %q to %s: %q, recorded %q", subject, to, told, want)
	}
}
