package main

import (
	"fmt"
	"io"
	"time"

	"syncagent/internal/archive"
)

// progress shows on a terminal how far an export or a restore is: one line that
// is written over, from the first second on. Elsewhere it shows nothing.
func (g *globals) progress(stream io.Writer) (tell func(archive.Progress), end func()) {
	if g.quiet || !isTerminal(stream) {
		return nil, func() {}
	}
	began, last, shown := time.Now(), time.Time{}, false
	tell = func(p archive.Progress) {
		now := time.Now()
		if now.Sub(began) < time.Second || now.Sub(last) < 200*time.Millisecond {
			return
		}
		last, shown = now, true
		_, _ = fmt.Fprintf(stream, "\r\x1b[K%s %d of %d, %s", p.Kind, p.Done, p.Total, size(p.Bytes))
	}
	return tell, func() {
		if shown {
			_, _ = fmt.Fprint(stream, "\r\x1b[K")
		}
	}
}

// size tells a number of bytes to people.
func size(n int64) string {
	const k = 1024
	units := []string{"KB", "MB", "GB", "TB"}
	if n < k {
		return counted(int(n), "byte")
	}
	value, unit := float64(n)/k, 0
	for value >= k && unit < len(units)-1 {
		value, unit = value/k, unit+1
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}
