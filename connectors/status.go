package connectors

import (
	"time"

	"weir/connectors/connector"
)

// State is what a connector is doing.
type State string

// The states. A connector whose broker is away is RUNNING, and its LastError tells.
const (
	Running  State = "RUNNING"
	Paused   State = "PAUSED"
	Failed   State = "FAILED"
	Finished State = "FINISHED"
)

// Status is how a connector stands.
type Status struct {
	Name      string
	Class     string
	Kind      connector.Kind
	State     State
	Rows      int64   // acknowledged by Kafka, or by what a sink writes to, over all runs
	Bytes     int64   // of their keys, values and headers
	Total     int64   // rows in all, 0 if not known
	Bad       int64   // rows whose key or time could not be read, or that a sink left out
	Rate      float64 // rows per second over the last seconds; over the whole run once finished
	LastError string  // why it failed, or what it is waiting for
	Topics    []string
	Bounded   bool
	Lag       int64 // of a sink: records that are not delivered
	LagKnown  bool
}

// meter counts rows per second over a short past.
type meter struct {
	begun   time.Time
	second  int64 // of the current bucket
	buckets [meterSeconds + 1]int64
	all     int64
	last    time.Time
}

const meterSeconds = 5

// begin starts the clock, unless it runs.
func (m *meter) begin(now time.Time) {
	if m.begun.IsZero() {
		m.begun, m.last, m.second = now, now, now.Unix()
	}
}

func (m *meter) add(now time.Time, rows int64) {
	m.roll(now)
	m.buckets[now.Unix()%int64(len(m.buckets))] += rows
	m.all += rows
	m.last = now
}

// roll empties the buckets of the seconds that have passed since.
func (m *meter) roll(now time.Time) {
	for range min(now.Unix()-m.second, int64(len(m.buckets))) {
		m.second++
		m.buckets[m.second%int64(len(m.buckets))] = 0
	}
	m.second = max(m.second, now.Unix())
}

// rate is the rows per second of the last seconds.
func (m *meter) rate(now time.Time) float64 {
	if m.begun.IsZero() {
		return 0
	}
	m.roll(now)
	var sum int64
	for _, n := range m.buckets {
		sum += n
	}
	span := min(now.Sub(m.begun), time.Duration(meterSeconds)*time.Second+time.Duration(now.Nanosecond()))
	return perSecond(sum, span)
}

// average is the rows per second from the first to the last.
func (m *meter) average() float64 { return perSecond(m.all, m.last.Sub(m.begun)) }

func perSecond(rows int64, d time.Duration) float64 {
	return float64(rows) / max(d, time.Millisecond).Seconds()
}
