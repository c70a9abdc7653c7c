package wire

type (
	// Source is a line of SHOW STREAMS and SHOW TABLES.
	Source struct {
		Type        string `json:"type"` // STREAM or TABLE
		Name        string `json:"name"`
		Topic       string `json:"topic"`
		KeyFormat   string `json:"keyFormat"`
		ValueFormat string `json:"valueFormat"`
		Windowed    bool   `json:"isWindowed"`
	}
	// Streams answers SHOW STREAMS.
	Streams struct {
		Common
		Streams []Source `json:"streams"`
	}
	// Tables answers SHOW TABLES.
	Tables struct {
		Common
		Tables []Source `json:"tables"`
	}

	// Schema is a type, as clients read it.
	Schema struct {
		Type       string         `json:"type"`
		Fields     []Field        `json:"fields"`
		Member     *Schema        `json:"memberSchema"` // of an array's items or a map's values
		Parameters map[string]int `json:"parameters,omitempty"`
	}
	// Field is a column, or a field of a struct.
	Field struct {
		Name   string `json:"name"`
		Schema Schema `json:"schema"`
		Type   string `json:"type,omitempty"` // KEY or HEADER
		Header string `json:"headerKey,omitempty"`
	}

	// SourceDescription is what DESCRIBE tells of a source.
	SourceDescription struct {
		Name          string         `json:"name"`
		WindowType    *string        `json:"windowType"`
		ReadQueries   []RunningQuery `json:"readQueries"`
		WriteQueries  []RunningQuery `json:"writeQueries"`
		Fields        []Field        `json:"fields"`
		Type          string         `json:"type"` // STREAM or TABLE
		Timestamp     string         `json:"timestamp"`
		Statistics    string         `json:"statistics"`
		ErrorStats    string         `json:"errorStats"`
		Extended      bool           `json:"extended"`
		KeyFormat     string         `json:"keyFormat"`
		ValueFormat   string         `json:"valueFormat"`
		Topic         string         `json:"topic"`
		Partitions    int            `json:"partitions"`
		Replication   int            `json:"replication"`
		Statement     string         `json:"statement"`
		Offsets       []QueryOffsets `json:"queryOffsetSummaries"`
		Constraints   []string       `json:"sourceConstraints"`
		ClusterStats  []any          `json:"clusterStatistics"`
		ClusterErrors []any          `json:"clusterErrorStats"`
		Steps         []QuerySteps   `json:"querySteps,omitempty"` // our own: of the queries that write it, with EXTENDED
	}
	// QuerySteps are the steps of a query, in the order of EXPLAIN.
	QuerySteps struct {
		ID    string `json:"queryId"`
		Steps []Step `json:"steps"`
	}
	// QueryOffsets are a query's offsets in its topics.
	QueryOffsets struct {
		Group  string         `json:"groupId"`
		Topics []TopicOffsets `json:"topicSummaries"`
	}
	// TopicOffsets are the offsets in a topic.
	TopicOffsets struct {
		Topic   string            `json:"kafkaTopic"`
		Offsets []PartitionOffset `json:"offsets"`
	}
	// PartitionOffset is how far a query has come in a partition.
	PartitionOffset struct {
		Partition int32 `json:"partition"`
		Start     int64 `json:"logStartOffset"`
		End       int64 `json:"logEndOffset"`
		Consumer  int64 `json:"consumerOffset"`
	}
	// SourceDescriptionEntity answers DESCRIBE.
	SourceDescriptionEntity struct {
		Common
		Source SourceDescription `json:"sourceDescription"`
	}
	// SourceDescriptions answers DESCRIBE STREAMS and SHOW STREAMS EXTENDED.
	SourceDescriptions struct {
		Common
		Sources []SourceDescription `json:"sourceDescriptions"`
	}

	// Topic is a line of SHOW TOPICS.
	Topic struct {
		Name     string `json:"name"`
		Replicas []int  `json:"replicaInfo"` // per partition
	}
	// Topics answers SHOW TOPICS.
	Topics struct {
		Common
		Topics []Topic `json:"topics"`
	}
	// TopicExtended is a line of SHOW TOPICS EXTENDED.
	TopicExtended struct {
		Topic
		Consumers int `json:"consumerCount"`
		Groups    int `json:"consumerGroupCount"`
	}
	// TopicsExtended answers SHOW TOPICS EXTENDED.
	TopicsExtended struct {
		Common
		Topics []TopicExtended `json:"topics"`
	}
)
