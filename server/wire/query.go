package wire

type (
	// RunningQuery is a line of SHOW QUERIES.
	RunningQuery struct {
		SQL         string         `json:"queryString"`
		Sinks       []string       `json:"sinks"`
		SinkTopics  []string       `json:"sinkKafkaTopics"`
		ID          string         `json:"id"`
		StatusCount map[string]int `json:"statusCount"`
		Type        string         `json:"queryType"` // PERSISTENT or PUSH
		State       string         `json:"state"`
	}
	// Queries answers SHOW QUERIES.
	Queries struct {
		Common
		Queries []RunningQuery `json:"queries"`
	}

	// QueryDescription is what EXPLAIN tells of a query.
	QueryDescription struct {
		ID            string            `json:"id"`
		StatementText string            `json:"statementText"`
		WindowType    *string           `json:"windowType"`
		Fields        []Field           `json:"fields"`
		Sources       []string          `json:"sources"`
		Sinks         []string          `json:"sinks"`
		Topology      string            `json:"topology"`
		Plan          string            `json:"executionPlan"`
		Properties    map[string]string `json:"overriddenProperties"`
		HostStatus    map[string]string `json:"ksqlHostQueryStatus"`
		Type          string            `json:"queryType"`
		Errors        []QueryError      `json:"queryErrors"`
		Tasks         []any             `json:"tasksMetadata"`
		State         string            `json:"state"`
		Group         string            `json:"consumerGroupId"`
		Steps         []Step            `json:"steps,omitempty"` // our own: of a query that runs
	}
	// Step has the rows of a step of a query that runs: read = used + filtered + late + nullKey + bad. It is our own.
	Step struct {
		Step     string `json:"step"` // its line in EXPLAIN
		Read     int64  `json:"read"`
		Used     int64  `json:"used"` // went on, or into state
		Made     int64  `json:"made"` // given to the next step
		Filtered int64  `json:"filtered"`
		Late     int64  `json:"late"`
		NullKey  int64  `json:"nullKey"`
		Bad      int64  `json:"bad"`
	}
	// QueryError is what a query failed of. The time is in milliseconds since 1970.
	QueryError struct {
		Timestamp int64  `json:"timestamp"`
		Message   string `json:"errorMessage"`
		Type      string `json:"type"`
	}
	// QueryDescriptionEntity answers EXPLAIN.
	QueryDescriptionEntity struct {
		Common
		Query QueryDescription `json:"queryDescription"`
	}
	// QueryDescriptions answers SHOW QUERIES EXTENDED.
	QueryDescriptions struct {
		Common
		Queries []QueryDescription `json:"queryDescriptions"`
	}
)
