package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"weir/connectors"
	"weir/engine"
	"weir/planner/plan"
)

// metricsHandler is GET /metrics: figures per query and connector, of the clients, and those of the Go runtime and the process.
func (s *Server) metricsHandler() http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(collector{s.engine}, principalCollector{s.opts.Tenants}, httpMetric("connections", "Open connections.", func() float64 { return float64(s.crowd.open.Load()) }),
		httpMetric("streams", "Answers that go on: SELECTs, PRINTs and changes.", func() float64 { return float64(len(s.streams)) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "weir_http_slow_clients_total", Help: "Clients that took nothing for too long and were cut off."}, func() float64 { return float64(s.slow.Load()) }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

func httpMetric(name, help string, get func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "weir_http_" + name, Help: help}, get)
}

type collector struct{ engine Engine }

type queryMetric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	get  func(*engine.Query) float64
}

func perQuery(name, help string, kind prometheus.ValueType, get func(*engine.Query) float64) queryMetric {
	return queryMetric{prometheus.NewDesc("weir_query_"+name, help, []string{"query", "type"}, nil), kind, get}
}

const (
	counter = prometheus.CounterValue
	gauge   = prometheus.GaugeValue
)

var queryMetrics = []queryMetric{
	perQuery("rows_in_total", "Rows read.", counter, func(q *engine.Query) float64 { return float64(q.Stats.RowsIn) }),
	perQuery("bytes_in_total", "Bytes of keys and values read.", counter, func(q *engine.Query) float64 { return float64(q.Stats.BytesIn) }),
	perQuery("rows_out_total", "Rows of the result that were written.", counter, func(q *engine.Query) float64 { return float64(q.Stats.RowsOut) }),
	perQuery("bytes_out_total", "Bytes of keys and values written.", counter, func(q *engine.Query) float64 { return float64(q.Stats.BytesOut) }),
	perQuery("filtered_total", "Rows that a condition dropped.", counter, func(q *engine.Query) float64 { return float64(q.Stats.Filtered) }),
	perQuery("late_total", "Rows that came after their window had closed.", counter, func(q *engine.Query) float64 { return float64(q.Stats.Late) }),
	perQuery("null_key_total", "Rows dropped because their key was null.", counter, func(q *engine.Query) float64 { return float64(q.Stats.NullKey) }),
	perQuery("bad_total", "Records that could not be read.", counter, func(q *engine.Query) float64 { return float64(q.Stats.Bad) }),
	perQuery("expression_errors_total", "Expressions that failed and became NULL.", counter, func(q *engine.Query) float64 { return float64(q.Stats.Errors) }),
	perQuery("behind_total", "Rows that came behind others that were to come after them and had waited long enough.", counter, func(q *engine.Query) float64 { return float64(q.Stats.Behind) }),
	perQuery("foreign_total", "Rows that others have written into a topic that a query writes.", counter, func(q *engine.Query) float64 { return float64(q.Stats.Foreign) }),
	perQuery("waits_given_up_total", "How often rows went on without what they had waited for.", counter, func(q *engine.Query) float64 { return float64(q.Stats.GivenUp) }),
	perQuery("waiting_seconds", "For how long rows have waited for what may come before them, a second or more; 0 where none has.", gauge, func(q *engine.Query) float64 {
		longest := 0.0
		for _, w := range q.Waits {
			longest = max(longest, time.Since(w.Since).Seconds())
		}
		return longest
	}),
	perQuery("commits_total", "Commits.", counter, func(q *engine.Query) float64 { return float64(q.Stats.Commits) }),
	perQuery("commit_seconds", "Time that the last commit took.", gauge, func(q *engine.Query) float64 { return q.Stats.CommitTime.Seconds() }),
	perQuery("state_entries", "Entries of the state.", gauge, func(q *engine.Query) float64 { return float64(q.Stats.StateEntries) }),
	perQuery("state_bytes", "Size of the state.", gauge, func(q *engine.Query) float64 { return float64(q.Stats.StateBytes) }),
	perQuery("lag", "Records of the inputs still to be read.", gauge, func(q *engine.Query) float64 { return float64(q.Stats.Lag) }),
	perQuery("running", "1 while the query runs, 0 while it is paused or has failed.", gauge, func(q *engine.Query) float64 {
		if q.State == engine.Running {
			return 1
		}
		return 0
	}),
}

// stepLabels name a step by its number in EXPLAIN, since two may have one text.
var stepLabels = []string{"query", "step", "operation"}

var (
	stepRows = prometheus.NewDesc("weir_query_step_rows_total", "Rows that a step read, by what became of them: used, filtered, late, null_key, bad.", append(stepLabels, "outcome"), nil)
	stepMade = prometheus.NewDesc("weir_query_step_made_total", "Rows that a step gave to the next, or wrote.", stepLabels, nil)
)

// collectSteps gives the rows of each step.
func collectSteps(ch chan<- prometheus.Metric, q *engine.Query) {
	for i, c := range q.Stats.Steps {
		step := strconv.Itoa(i + 1)
		for _, x := range []struct {
			outcome string
			rows    int64
		}{{"used", c.Used()}, {"filtered", c.Filtered}, {"late", c.Late}, {"null_key", c.NullKey}, {"bad", c.Bad}} {
			ch <- prometheus.MustNewConstMetric(stepRows, counter, float64(x.rows), q.ID, step, c.Step, x.outcome)
		}
		ch <- prometheus.MustNewConstMetric(stepMade, counter, float64(c.Made), q.ID, step, c.Step)
	}
}

type connectorMetric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	get  func(*connectors.Status) float64
}

func perConnector(name, help string, kind prometheus.ValueType, get func(*connectors.Status) float64) connectorMetric {
	return connectorMetric{prometheus.NewDesc("weir_connector_"+name, help, []string{"connector", "class", "kind"}, nil), kind, get}
}

var connectorMetrics = []connectorMetric{
	perConnector("rows_total", "Rows acknowledged.", counter, func(s *connectors.Status) float64 { return float64(s.Rows) }),
	perConnector("bytes_total", "Bytes acknowledged.", counter, func(s *connectors.Status) float64 { return float64(s.Bytes) }),
	perConnector("bad_total", "Rows whose key or time could not be read, or that a sink left out.", counter, func(s *connectors.Status) float64 { return float64(s.Bad) }),
	perConnector("lag", "Records that a sink has not delivered.", gauge, func(s *connectors.Status) float64 { return float64(s.Lag) }),
	perConnector("expected_rows", "Rows there are in all; 0 if not known.", gauge, func(s *connectors.Status) float64 { return float64(s.Total) }),
	perConnector("failed", "1 if the connector has failed.", gauge, func(s *connectors.Status) float64 {
		if s.State == connectors.Failed {
			return 1
		}
		return 0
	}),
}

// Describe names the metrics.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range queryMetrics {
		ch <- m.desc
	}
	for _, m := range connectorMetrics {
		ch <- m.desc
	}
	ch <- stepRows
	ch <- stepMade
}

// Collect reads the figures.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	for _, q := range c.engine.Queries() {
		kind := "persistent"
		if q.Kind != plan.Persistent {
			kind = "push"
		}
		for _, m := range queryMetrics {
			ch <- prometheus.MustNewConstMetric(m.desc, m.kind, m.get(&q), q.ID, kind)
		}
		collectSteps(ch, &q)
	}
	for _, s := range c.engine.Connectors().List() {
		for _, m := range connectorMetrics {
			ch <- prometheus.MustNewConstMetric(m.desc, m.kind, m.get(&s), s.Name, s.Class, string(s.Kind))
		}
	}
}
