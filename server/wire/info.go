package wire

// Info answers /info.
type Info struct {
	Server ServerInfo `json:"KsqlServerInfo"`
}

// ServerInfo is what a client learns of a server.
type ServerInfo struct {
	Version        string `json:"version"`
	KafkaClusterID string `json:"kafkaClusterId"`
	ServiceID      string `json:"ksqlServiceId"`
	Status         string `json:"serverStatus"`
	// Failed are queries, streams, tables and types in ERROR, with the reasons. ksqlDB does not tell them here.
	Failed []Failure `json:"failed,omitempty"`
}

// Failure is an object in ERROR.
type Failure struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// Health answers /healthcheck.
type Health struct {
	Healthy bool                    `json:"isHealthy"`
	Details map[string]HealthDetail `json:"details"`
	State   string                  `json:"serverState"`
}

// HealthDetail is the state of one part.
type HealthDetail struct {
	Healthy bool `json:"isHealthy"`
}

// States of a server.
const (
	StateRunning = "RUNNING"
	StateWaiting = "INITIALIZING" // for Kafka, which is away
	StateError   = "ERROR"
)

// CommandStatuses answers /status: commands with their states.
type CommandStatuses struct {
	Statuses map[string]string `json:"commandStatuses"`
}

// CommandStatus is the state of a command.
type CommandStatus struct {
	Status  string  `json:"status"`
	Message string  `json:"message"`
	QueryID *string `json:"queryId"`
}

// StatusOf is that of a command that was carried out; query is the id of the query that it made or ended, or empty.
func StatusOf(message, query string) CommandStatus {
	s := CommandStatus{Status: Success, Message: message}
	if query != "" {
		s.QueryID = &query
	}
	return s
}

// Success is the status of a command that was carried out.
const Success = "SUCCESS"

// ClusterStatus answers /clusterStatus.
type ClusterStatus struct {
	Hosts map[string]HostStatus `json:"clusterStatus"`
}

// HostStatus is the state of one node. The time is in milliseconds since 1970.
type HostStatus struct {
	Alive         bool           `json:"hostAlive"`
	LastUpdate    int64          `json:"lastStatusUpdateMs"`
	ActiveStandby map[string]any `json:"activeStandbyPerQuery"`
	StoreLags     map[string]any `json:"hostStoreLags"`
}

// Metadata answers /v1/metadata.
type Metadata struct {
	Version string      `json:"version"`
	Cluster ClusterName `json:"clusterId"`
}

// ClusterName says of which clusters a server is.
type ClusterName struct {
	Scope struct {
		Path     []string          `json:"path"`
		Clusters map[string]string `json:"clusters"`
	} `json:"scope"`
	ID string `json:"id"`
}

// ClusterOf names a Kafka cluster and a service.
func ClusterOf(kafka, service string) ClusterName {
	var c ClusterName
	c.Scope.Path = []string{}
	c.Scope.Clusters = map[string]string{"kafka-cluster": kafka, "ksql-cluster": service}
	return c
}
