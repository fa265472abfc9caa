package health

import (
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Systemd tells the service manager how the daemon is (sd_notify(3)). Without a service manager every call does nothing.
// A message that cannot be delivered is dropped: it must not stop the daemon. It is safe for concurrent use.
type Systemd struct{}

func (Systemd) send(states ...string) { _, _ = daemon.SdNotify(false, strings.Join(states, "\n")) }

// Ready says that the daemon has started, or has taken a new configuration.
func (s Systemd) Ready(status string) { s.send(daemon.SdNotifyReady, statusLine(status)) }

// Reloading says that a new configuration is being read; Ready has to follow.
func (s Systemd) Reloading() {
	s.send(daemon.SdNotifyReloading, daemon.SdNotifyMonotonicUsec())
}

// Stopping says that the daemon ends after the call in flight.
func (s Systemd) Stopping(status string) { s.send(daemon.SdNotifyStopping, statusLine(status)) }

// Status is the line that "systemctl status" shows.
func (s Systemd) Status(status string) { s.send(statusLine(status)) }

// Beat feeds the watchdog; the daemon's loop calls it, so that a loop that hangs is noticed.
func (s Systemd) Beat() { s.send(daemon.SdNotifyWatchdog) }

// BeatEvery is how often the watchdog wants to be fed (half its time); 0 = there is none.
func (Systemd) BeatEvery() time.Duration {
	d, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return 0
	}
	return d / 2
}

// statusLine keeps a text from bringing in messages of its own.
func statusLine(s string) string {
	return "STATUS=" + strings.NewReplacer("\n", " ", "\r", " ").Replace(s)
}
