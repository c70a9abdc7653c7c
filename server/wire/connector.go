package wire

import (
	"strconv"
	"strings"

	"weir/answer"
)

var connectorTypes = map[string]answer.Entity{
	"connector_info":         (*ConnectorCreated)(nil),
	"drop_connector":         (*ConnectorDropped)(nil),
	"connector_list":         (*Connectors)(nil),
	"connector_plugins_list": (*ConnectorPlugins)(nil),
	"connector_description":  (*ConnectorDescription)(nil),
}

// ConnectorInfo is a connector as it was declared.
type ConnectorInfo struct {
	Name   string            `json:"name"`
	Config map[string]string `json:"config"`
	Tasks  []any             `json:"tasks"` // none yet
	Type   string            `json:"type"`  // source or sink
}

// ConnectorCreated answers CREATE CONNECTOR.
type ConnectorCreated struct {
	answer.Common
	Info ConnectorInfo `json:"info"`
}

// Layout implements answer.Entity.
func (e *ConnectorCreated) Layout() answer.Layout {
	return answer.Layout{answer.Lines("Created connector " + e.Info.Name)}
}

// ConnectorDropped answers DROP CONNECTOR.
type ConnectorDropped struct {
	answer.Common
	Name string `json:"connectorName"`
}

// Layout implements answer.Entity.
func (e *ConnectorDropped) Layout() answer.Layout {
	return answer.Layout{answer.Lines("Dropped connector " + e.Name)}
}

// ConnectorFigures are beyond ksqlDB: how far a connector has come. Total is 0 where it is not known.
type ConnectorFigures struct {
	Rows  int64   `json:"rows"`
	Total int64   `json:"totalRows"`
	Bad   int64   `json:"badRows"`
	Rate  float64 `json:"rowsPerSecond"`
	Lag   *int64  `json:"lag,omitempty"` // of a sink that has begun: records that are not delivered
	Error string  `json:"error,omitempty"`
}

// behind is the lag as text.
func (f *ConnectorFigures) behind() string {
	if f.Lag == nil {
		return ""
	}
	return answer.Count(*f.Lag)
}

// ConnectorLine is a line of SHOW CONNECTORS.
type ConnectorLine struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Class string `json:"className"`
	State string `json:"state"`
	ConnectorFigures
}

// Connectors answers SHOW CONNECTORS.
type Connectors struct {
	answer.Common
	Connectors []ConnectorLine `json:"connectors"`
}

// Layout implements answer.Entity.
func (e *Connectors) Layout() answer.Layout {
	return answer.TableOf(e.Connectors, func(c ConnectorLine) []string {
		of := ""
		if c.Total > 0 {
			of = answer.Count(c.Total)
		}
		return []string{c.Name, strings.ToUpper(c.Type), c.Class, c.State, answer.Count(c.Rows), of, answer.Count(int64(c.Rate)), c.behind(), c.Error}
	}, "Connector Name", "Type", "Class", "Status", "Rows", "Of", "Rows/s", "Lag", "Error")
}

// ConnectorPlugin is a class of connectors.
type ConnectorPlugin struct {
	Class   string `json:"className"`
	Type    string `json:"type"`
	Version string `json:"version"`
}

// ConnectorPlugins answers SHOW CONNECTOR PLUGINS.
type ConnectorPlugins struct {
	answer.Common
	Plugins []ConnectorPlugin `json:"connectorsPlugins"`
}

// Layout implements answer.Entity.
func (e *ConnectorPlugins) Layout() answer.Layout {
	line := func(p ConnectorPlugin) []string { return []string{p.Class, strings.ToUpper(p.Type), p.Version} }
	return answer.TableOf(e.Plugins, line, "Class", "Type", "Version")
}

// ConnectorState is the state of a connector or of a task.
type ConnectorState struct {
	State  string `json:"state"`
	Worker string `json:"worker_id"`
	Trace  string `json:"trace,omitempty"`
}

// ConnectorTask is a part of the work of a connector that Kafka Connect runs.
type ConnectorTask struct {
	ID int `json:"id"`
	ConnectorState
}

// ConnectorStatus is how a connector stands.
type ConnectorStatus struct {
	Name      string          `json:"name"`
	Connector ConnectorState  `json:"connector"`
	Tasks     []ConnectorTask `json:"tasks"`
	Type      string          `json:"type"`
}

// ConnectorDescription answers DESCRIBE CONNECTOR.
type ConnectorDescription struct {
	answer.Common
	Class   string              `json:"connectorClass"`
	Status  ConnectorStatus     `json:"status"`
	Sources []SourceDescription `json:"sources"`
	Topics  []string            `json:"topics"`
	ConnectorFigures
}

// Layout implements answer.Entity.
func (e *ConnectorDescription) Layout() answer.Layout {
	rows := answer.Count(e.Rows)
	if e.Total > 0 {
		rows += " of " + answer.Count(e.Total)
	}
	bad := ""
	if e.Bad > 0 {
		bad = answer.Count(e.Bad)
	}
	speed := answer.Count(int64(e.Rate))
	if len(e.Status.Tasks) > 0 { // Kafka Connect counts no rows
		rows, speed = "", ""
	}
	out := answer.Layout{answer.Pairs{
		{"Name", e.Status.Name}, {"Class", e.Class}, {"Type", e.Status.Type}, {"State", e.Status.Connector.State}, {"Error", e.Status.Connector.Trace},
		{"Topics", strings.Join(e.Topics, ", ")}, {"Rows", rows}, {"Bad rows", bad}, {"Rows per second", speed}, {"Lag", e.behind()},
	}}
	if len(e.Status.Tasks) > 0 {
		line := func(t ConnectorTask) []string { return []string{strconv.Itoa(t.ID), t.State, t.Worker, t.Trace} }
		out = append(out, answer.Lines(""))
		out = append(out, answer.TableOf(e.Status.Tasks, line, "Task ID", "State", "Worker", "Error")...)
	}
	return out
}
