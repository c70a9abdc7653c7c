package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"weir/tenants"
)

type principalMetric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	get  func(tenants.Figures) int64
}

func perPrincipal(name, help string, kind prometheus.ValueType, get func(tenants.Figures) int64) principalMetric {
	return principalMetric{prometheus.NewDesc("weir_principal_"+name, help, []string{"principal"}, nil), kind, get}
}

var principalMetrics = []principalMetric{
	perPrincipal("queries", "Queries that go on.", gauge, func(f tenants.Figures) int64 { return f.Queries }),
	perPrincipal("connections", "Open connections.", gauge, func(f tenants.Figures) int64 { return f.Connections }),
	perPrincipal("state_bytes", "State of its queries, in bytes.", gauge, func(f tenants.Figures) int64 { return f.StateBytes }),
	perPrincipal("rows_total", "Rows brought and taken.", counter, func(f tenants.Figures) int64 { return f.Rows }),
	perPrincipal("refused_total", "How often a limit has refused something.", counter, func(f tenants.Figures) int64 { return f.Refused }),
}

// principalCollector tells what each principal has.
type principalCollector struct{ tenants *tenants.Tenants }

// Describe names the metrics.
func (c principalCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range principalMetrics {
		ch <- m.desc
	}
}

// Collect reads the figures.
func (c principalCollector) Collect(ch chan<- prometheus.Metric) {
	for _, p := range c.tenants.All() {
		f := p.Figures()
		for _, m := range principalMetrics {
			ch <- prometheus.MustNewConstMetric(m.desc, m.kind, float64(m.get(f)), p.Name())
		}
	}
}
