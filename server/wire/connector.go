package wire

type (
	// ConnectorInfo is a connector as it was declared.
	ConnectorInfo struct {
		Name   string            `json:"name"`
		Config map[string]string `json:"config"`
		Tasks  []any             `json:"tasks"`
		Type   string            `json:"type"` // source or sink
	}
	// ConnectorCreated answers CREATE CONNECTOR.
	ConnectorCreated struct {
		Common
		Info ConnectorInfo `json:"info"`
	}
	// ConnectorDropped answers DROP CONNECTOR.
	ConnectorDropped struct {
		Common
		Name string `json:"connectorName"`
	}

	// ConnectorFigures are beyond ksqlDB: how far a connector has come. Total is 0 where it is not known.
	ConnectorFigures struct {
		Rows  int64   `json:"rows"`
		Total int64   `json:"totalRows"`
		Bad   int64   `json:"badRows"`
		Rate  float64 `json:"rowsPerSecond"`
	}
	// ConnectorLine is a line of SHOW CONNECTORS.
	ConnectorLine struct {
		Name  string `json:"name"`
		Type  string `json:"type"`
		Class string `json:"className"`
		State string `json:"state"`
		ConnectorFigures
	}
	// Connectors answers SHOW CONNECTORS.
	Connectors struct {
		Common
		Connectors []ConnectorLine `json:"connectors"`
	}

	// ConnectorPlugin is a class of connectors.
	ConnectorPlugin struct {
		Class   string `json:"className"`
		Type    string `json:"type"`
		Version string `json:"version"`
	}
	// ConnectorPlugins answers SHOW CONNECTOR PLUGINS.
	ConnectorPlugins struct {
		Common
		Plugins []ConnectorPlugin `json:"connectorsPlugins"`
	}

	// ConnectorState is the state of a connector or of a task.
	ConnectorState struct {
		State  string `json:"state"`
		Worker string `json:"worker_id"`
		Trace  string `json:"trace,omitempty"`
	}
	// ConnectorStatus is how a connector stands.
	ConnectorStatus struct {
		Name      string         `json:"name"`
		Connector ConnectorState `json:"connector"`
		Tasks     []any          `json:"tasks"`
		Type      string         `json:"type"`
	}
	// ConnectorDescription answers DESCRIBE CONNECTOR.
	ConnectorDescription struct {
		Common
		Class   string              `json:"connectorClass"`
		Status  ConnectorStatus     `json:"status"`
		Sources []SourceDescription `json:"sources"`
		Topics  []string            `json:"topics"`
		ConnectorFigures
	}
)
