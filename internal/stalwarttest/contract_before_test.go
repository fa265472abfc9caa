package stalwarttest

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

var (
	addedUser    = regexp.MustCompile(`^directory: added user (\S+)(?: aliases (\S+))?(?: groups (\S+))?$`)
	addedGroup   = regexp.MustCompile(`^directory: added group (\S+)$`)
	removed      = regexp.MustCompile(`^directory: removed (\S+)$`)
	nowIs        = regexp.MustCompile(`^directory: (\S+) is now (\S+) \(same person, same password\)$`)
	primaryIs    = regexp.MustCompile(`^directory: primary address of (\S+) is now (\S+), (\S+) is its alias$`)
	aliasLost    = regexp.MustCompile(`^directory: alias (\S+) removed from (\S+)$`)
	aliasGot     = regexp.MustCompile(`^directory: alias (\S+) added to (\S+)$`)
	deactivated  = regexp.MustCompile(`^directory: UPDATE accounts SET active=0 WHERE name='(\S+)'$`)
	describedAs  = regexp.MustCompile(`^directory: UPDATE accounts SET description='(.*)' WHERE name='(\S+)'$`)
	addedLDAP    = regexp.MustCompile(`^directory: added uid=(\S+) mail=([^ ,]+)(?:, (\S+))?$`)
	mailReplaced = regexp.MustCompile(`^directory: mail of uid=ld1 replaced by (\S+) \(alias gone too\)$`)
	swapped      = regexp.MustCompile(`^directory: (\S+) and (\S+) swapped too$`)
	lmtp         = regexp.MustCompile(`^LMTP: RCPT TO:<(\S+)> subject '(.*)' -> (RCPT|DATA) (\d+) (.*)$`)
	lmtpRcptOnly = regexp.MustCompile(`^LMTP: RCPT TO:<(\S+)> .*without DATA -> RCPT 250`)
)

// full gives the address of a name that the recording writes without its domain.
func full(name string) string {
	if strings.Contains(name, "@") {
		return name
	}
	return name + "@example.test"
}

// before does what happened outside HTTP: changes in the directory and deliveries, whose answers must agree.
func (r *replay) before(line string) {
	r.t.Helper()
	list := func(text string) []string {
		if text == "" {
			return nil
		}
		items := strings.Split(text, ",")
		slices.Sort(items) // the recorded SQL query gave them in this order
		return items
	}
	if m := lmtp.FindStringSubmatch(line); m != nil {
		r.deliver(m[1], m[2], m[4]+" "+m[5])
		return
	}
	if m := lmtpRcptOnly.FindStringSubmatch(line); m != nil {
		if err := r.s.Recipient(m[1]); err != nil {
			r.t.Errorf("%s: %v", line, err)
		}
		return
	}
	switch {
	case match(addedUser, line, func(m []string) {
		record := r.userRecord(m[1], list(m[2]))
		record.Groups = list(m[3])
		r.directory.Put(record)
		r.user = m[1]
	}):
	case match(addedGroup, line, func(m []string) {
		record := r.userRecord(m[1], nil)
		record.Group = true
		r.directory.Put(record)
	}):
	case match(removed, line, func(m []string) { r.directory.Remove(m[1]); r.user = m[1] }):
	case match(nowIs, line, func(m []string) { r.change(m[1], func(d *Record) { d.Name = m[2] }); r.user = m[2] }):
	case match(primaryIs, line, func(m []string) {
		r.change(m[1], func(d *Record) { d.Name, d.Aliases = m[2], []string{m[3]} })
		r.user = m[2]
	}):
	case match(aliasLost, line, func(m []string) {
		r.change(full(m[2]), func(d *Record) {
			d.Aliases = slices.DeleteFunc(d.Aliases, func(a string) bool { return a == full(m[1]) })
		})
	}):
	case match(aliasGot, line, func(m []string) {
		r.change(full(m[2]), func(d *Record) { d.Aliases = append(d.Aliases, full(m[1])) })
	}):
	case match(deactivated, line, func(m []string) { r.change(m[1], func(d *Record) { d.NoMail = true }) }):
	case match(describedAs, line, func(m []string) { r.change(m[2], func(d *Record) { d.Description = m[1] }) }):
	case match(addedLDAP, line, func(m []string) {
		record := r.userRecord(m[2], list(m[3]))
		record.Description = strings.ToUpper(m[1][:1]) + m[1][1:] + " Test"
		r.directory.Put(record)
		r.user = m[2]
	}):
	case match(mailReplaced, line, func(m []string) {
		r.change("ld1@example.test", func(d *Record) { d.Name, d.Aliases = m[1], nil })
		r.user = m[1]
	}):
	case line == "directory: uid=ld1x deleted":
		r.directory.Remove("ld1.new@example.test")
	case line == "directory server stopped":
		r.directory.Fail(errors.New("connection refused"))
	case match(swapped, line, func(m []string) {
		r.change(full(m[1]), func(d *Record) { d.Name = "aside" })
		r.change(full(m[2]), func(d *Record) { d.Name = full(m[1]) })
		r.change("aside", func(d *Record) { d.Name = full(m[2]) })
	}):
	case slices.Contains(byHook, line):
	default:
		r.t.Fatalf("nobody knows how to replay %q", line)
	}
}

// byHook are actions that the table of the file does itself.
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

func match(pattern *regexp.Regexp, line string, do func(m []string)) bool {
	m := pattern.FindStringSubmatch(line)
	if m != nil {
		do(m)
	}
	return m != nil
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
