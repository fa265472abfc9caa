// Package health shows the daemon to the machines that watch it: liveness, readiness, metrics and a status page over
// HTTP, and notifications to systemd.
//
// It shows numbers and reasons, never a name, an address or a stable ID of a person: who may scrape metrics need not be
// allowed to see who left. It decides nothing and knows none of the other rooms; whoever wires it hands values in.
package health
