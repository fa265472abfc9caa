package health

import (
	"html/template"
	"net/http"
	"time"
)

// State is what readiness and the status page show.
type State struct {
	Version string
	// NotReady lists what keeps the daemon from its work, in words for people; empty = ready.
	NotReady  []string
	Running   bool
	LastRun   time.Time // zero = none yet
	LastExit  int
	LastWords string // the summary line of the last run, without names of people
	Next      time.Time
	Sources   []SourceStats
	// Blocked lists the guards' reasons, each with what to do.
	Blocked []string
}

var page = template.Must(template.New("status").Funcs(template.FuncMap{
	"when": func(t time.Time) string {
		if t.IsZero() {
			return "–"
		}
		return t.UTC().Format("2006-01-02 15:04:05 UTC")
	},
}).Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>syncagent</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:50em;margin:2em auto;padding:0 1em}table{border-collapse:collapse}
td,th{padding:.2em 1em .2em 0;text-align:left}.bad{color:#a00;font-weight:bold}.good{color:#060}</style>
<h1>syncagent <small>{{.Version}}</small></h1>
{{if .NotReady}}<p class="bad">Not ready:</p><ul>{{range .NotReady}}<li>{{.}}</li>{{end}}</ul>{{else}}<p class="good">Ready.</p>{{end}}
{{if .Blocked}}<p class="bad">Blocked, waiting for a person:</p><ul>{{range .Blocked}}<li>{{.}}</li>{{end}}</ul>{{end}}
<table>
<tr><th>Last run<td>{{when .LastRun}}{{if not .LastRun.IsZero}}, exit code {{.LastExit}}{{end}}{{if .Running}}; one is under way{{end}}
{{if .LastWords}}<tr><th>Result<td>{{.LastWords}}{{end}}
<tr><th>Next run<td>{{when .Next}}
</table>
{{if .Sources}}<h2>Sources</h2><table><tr><th>Name<th>Read<th>Entries<th>Missing
{{range .Sources}}<tr><td>{{.Name}}<td>{{if .Complete}}complete{{else}}<span class="bad">incomplete</span>{{end}}<td>{{.Entries}}<td>{{.Missing}}
{{end}}</table>{{end}}
<p><a href="/metrics">metrics</a> · <a href="/healthz">healthz</a> · <a href="/readyz">readyz</a></p>
</html>
`))

func servePage(w http.ResponseWriter, s State) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	_ = page.Execute(w, s) // the reader went away, or sees a cut page
}
