package agent

import (
	"strings"

	"syncagent/internal/reconcile"
	"syncagent/internal/stalwart"
)

// serverPlan is what a plan tells about the mail server.
func serverPlan(info stalwart.Info) reconcile.ServerPlan {
	s := reconcile.ServerPlan{Generation: info.Generation, Fingerprint: info.Fingerprint, Version: info.Version}
	for _, ability := range info.Can.Words() {
		if ability.Can {
			s.Can = append(s.Can, ability.Name)
		} else {
			s.Cannot = append(s.Cannot, ability.Name)
		}
	}
	return s
}

// abilities tells what can be done with the server that was found; what a
// version can never do is told by its warnings, what a permission lacks by
// permissions.
func (d *doctor) abilities(info stalwart.Info) {
	s := serverPlan(info)
	text := "can " + strings.Join(s.Can, ", ")
	if len(s.Can) == 0 {
		text = "can do nothing for us"
	}
	if len(s.Cannot) > 0 {
		text += "; cannot " + strings.Join(s.Cannot, ", ")
	}
	d.ok("server", "abilities", "%s", text)
}
