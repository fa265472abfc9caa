package health

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// RunStats is what the metrics keep of a run.
type RunStats struct {
	Trigger    string
	ExitCode   int
	Start, End time.Time
	Stages     map[string]time.Duration // by name of the stage
	Sources    []SourceStats
	Blocked    map[string]bool // by name of the stage; a stage that is not listed keeps no metric
	Actions    []ActionStats
	Holds      map[string]int // by code
}

// SourceStats is what the metrics keep of the read of one source.
type SourceStats struct {
	Name     string
	Complete bool
	Entries  int
	Missing  int
}

// ActionStats counts actions of one kind that ended in one way.
type ActionStats struct {
	Kind, Outcome string
	Count         int
}

// Metrics are the Prometheus metrics of the product, in a registry of their own. They are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	gauges   map[string]*prometheus.GaugeVec
	counters map[string]*prometheus.CounterVec
}

// NewMetrics registers every metric of [Table].
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		gauges:   map[string]*prometheus.GaugeVec{}, counters: map[string]*prometheus.CounterVec{},
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, t := range Table {
		switch t.Kind {
		case Gauge:
			m.gauges[t.Name] = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: t.Name, Help: t.Help}, t.Labels)
			m.registry.MustRegister(m.gauges[t.Name])
		case Counter:
			m.counters[t.Name] = prometheus.NewCounterVec(prometheus.CounterOpts{Name: t.Name, Help: t.Help}, t.Labels)
			m.registry.MustRegister(m.counters[t.Name])
		}
	}
	m.gauges[nameBuild].WithLabelValues(version).Set(1)
	for _, name := range []string{nameLastRun, nameLastSuccess, nameLastDuration, nameNext, nameRunning, nameAudit, nameLease} {
		m.set(name, 0)
	}
	m.set(nameLastExit, -1)
	return m
}

func (m *Metrics) set(name string, v float64, labels ...string) {
	m.gauges[name].WithLabelValues(labels...).Set(v)
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// RunEnded takes the figures of a run over. What a run does not tell of (a source that is gone) keeps no old value.
func (m *Metrics) RunEnded(r RunStats) {
	m.set(nameLastRun, unix(r.Start))
	if r.ExitCode == 0 {
		m.set(nameLastSuccess, unix(r.Start))
	}
	m.set(nameLastExit, float64(r.ExitCode))
	m.set(nameLastDuration, r.End.Sub(r.Start).Seconds())
	m.counters[nameRuns].WithLabelValues(r.Trigger, strconv.Itoa(r.ExitCode)).Inc()
	for _, name := range []string{nameStageDuration, nameEntries, nameComplete, nameMissing, nameBlocked, nameHolds} {
		m.gauges[name].Reset()
	}
	for stage, d := range r.Stages {
		m.set(nameStageDuration, d.Seconds(), stage)
	}
	for _, s := range r.Sources {
		m.set(nameEntries, float64(s.Entries), s.Name)
		m.set(nameComplete, flag(s.Complete), s.Name)
		m.set(nameMissing, float64(s.Missing), s.Name)
	}
	for stage, blocked := range r.Blocked {
		m.set(nameBlocked, flag(blocked), stage)
	}
	for code, n := range r.Holds {
		m.set(nameHolds, float64(n), code)
	}
	for _, a := range r.Actions {
		m.counters[nameActions].WithLabelValues(a.Kind, a.Outcome).Add(float64(a.Count))
	}
}

// LastSuccess sets the time of the last good run from the ledger, at the start of the daemon.
func (m *Metrics) LastSuccess(t time.Time) { m.set(nameLastSuccess, unix(t)) }

// Running tells whether a run is under way.
func (m *Metrics) Running(yes bool) { m.set(nameRunning, flag(yes)) }

// NextRun tells when the schedule starts the next run; the zero time = never.
func (m *Metrics) NextRun(t time.Time) { m.set(nameNext, unix(t)) }

// AuditPosition is the number of the last audit record.
func (m *Metrics) AuditPosition(seq uint64) { m.set(nameAudit, float64(seq)) }

// LeaseHolder tells whether this node may write.
func (m *Metrics) LeaseHolder(yes bool) { m.set(nameLease, flag(yes)) }

func flag(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}
