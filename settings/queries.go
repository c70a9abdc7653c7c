package settings

import "time"

// Formats are the names of formats that a default may name.
var Formats = []string{"AVRO", "DELIMITED", "JSON", "JSON_SR", "KAFKA", "MSGPACK", "NONE", "PROTOBUF", "PROTOBUF_NOSR"}

// Of queries and statements.
var (
	OffsetReset = define(Info{Name: "auto.offset.reset", Also: []string{"consumer.auto.offset.reset"},
		Unset: "latest for push queries and PRINT, earliest for persistent queries",
		Doc:   "Where a query that has read nothing yet begins in its topics."}, oneOf("earliest", "latest"), "")
	Buffering = define(Info{Name: "cache.max.bytes.buffering", Also: []string{"statestore.cache.max.bytes"},
		Doc: "0 makes tables write each change; any other number makes them hold changes back until the commit, one a key."}, whole("bytes", 0, most), 10_000_000)
	CommitInterval = define(Info{Name: "commit.interval.ms",
		Doc: "How often a query makes what it did durable and visible."}, millis(1), 100*time.Millisecond)
	IdleUpstream = define(Info{Name: "weir.idle.upstream",
		Doc: "How long a stage of a query waits for the stream time of an upstream task that says nothing; 0 waits for none."}, millis(0), time.Second)
	TaskIdle = define(Info{Name: "max.task.idle.ms",
		Doc: "How long what has been read to its end still holds back the rows of others, which joins and aggregates that hang on the order of rows take in the order of event time. 0 waits for what topics hold by the time that a row is read; more is for producers whose records of one time come to several partitions at different moments."}, millis(0), 0)
	WaitUpstream = define(Info{Name: "weir.wait.upstream",
		Doc: "How long a row that a join or an aggregate is to take in the order of event time waits for rows that may come before it, while what they come from makes no progress. Rows that come after all are counted as behind."}, millis(0), 10*time.Second)
	WaitBytes = define(Info{Name: "weir.wait.bytes",
		Doc: "How much memory the records of one input of a task may take that wait for others; above it, what is ahead is not read on, and above eight times as much rows go on without what they wait for."}, whole("bytes", 1<<16, most), 16<<20)
	IdleClose = define(Info{Name: "weir.idle.close", Unset: "never",
		Doc: "After how long without a record the stream time of a source goes on by itself, so that its windows close."}, span(), 0)
	SampleRecords = define(Info{Name: "weir.sample.records",
		Doc: "How many records of a topic, or rows of a file, CREATE ... FROM looks at to find out formats and types."}, whole("records", 1, 1_000_000), 1000)
	SampleBytes = define(Info{Name: "weir.sample.bytes",
		Doc: "About how many bytes of them CREATE ... FROM looks at."}, whole("bytes", 1, 1<<30), 4<<20)
	// OnLostRecords goes on by default: standing still brings nothing back, and retention does not wait.
	OnLostRecords = define(Info{Name: "weir.on.lost.records",
		Doc: "What a query does where records are gone that it was to read or had written: fail, or continue without them and tell of them in the log and in KSQL_PROCESSING_LOG."}, oneOf("continue", "fail"), "continue")
	ListLimit = define(Info{Name: "ksql.functions.collect_list.limit", Unset: "no limit",
		Doc: "How many values COLLECT_LIST keeps; later ones are left out."}, whole("values", 0, most), 0)
	SetLimit = define(Info{Name: "ksql.functions.collect_set.limit", Unset: "no limit",
		Doc: "How many values COLLECT_SET keeps; later ones are left out."}, whole("values", 0, most), 0)

	CreateOrReplace  = define(Info{Name: "ksql.create.or.replace.enabled", Doc: "Whether CREATE OR REPLACE may be used."}, truth(), true)
	KeepSourceTables = define(Info{Name: "ksql.source.table.materialization.enabled",
		Doc: "Whether a SOURCE TABLE keeps its rows, so that pull queries can ask for them."}, truth(), true)
	KeylessTables = define(Info{Name: "ksql.new.query.planner.enabled",
		Doc: "Whether CREATE ... AS may leave the key out of what it selects."}, truth(), false)
	TopicPrefix = define(Info{Name: "ksql.output.topic.name.prefix",
		Doc: "Stands before the names of topics that CREATE ... AS makes without KAFKA_TOPIC."}, topicChars("TEXT"), "")
	MakeTopics = define(Info{Name: "weir.topics.create", Unset: "true with the broker in this program, false with others",
		Doc: "Whether CREATE STREAM and CREATE TABLE without PARTITIONS make a topic that is not there; otherwise they are refused, as in ksqlDB."}, eitherWay(), false)
	TopicPartitions = define(Info{Name: "weir.topics.partitions",
		Doc: "How many partitions a topic has that is made without a number: by CREATE STREAM and CREATE TABLE, and on the broker in this program by CREATE TOPIC and by clients."},
		whole("partitions", 1, 10_000), 4)
	KeyFormat = define(Info{Name: "ksql.persistence.default.format.key",
		Doc: "The format of keys where a statement names none."}, oneOf(Formats...), "KAFKA")
	ValueFormat = define(Info{Name: "ksql.persistence.default.format.value", Unset: "statements have to name one",
		Doc: "The format of values where a statement names none."}, oneOf(Formats...), "")
	WrapSingles = define(Info{Name: "ksql.persistence.wrap.single.values", Unset: "as is usual for the format",
		Doc: "Whether a value of a single column is written inside a record."}, oneOf("true", "false"), "")
	PullLimit   = define(Info{Name: "ksql.query.pull.limit.clause.enabled", Doc: "Whether pull queries may have a LIMIT."}, truth(), true)
	PullRange   = define(Info{Name: "ksql.query.pull.range.scan.enabled", Doc: "Whether pull queries may ask for a range of keys."}, truth(), true)
	PullTable   = define(Info{Name: "ksql.query.pull.table.scan.enabled", Doc: "Whether pull queries may read a whole table."}, truth(), true)
	ScalableIDs = define(Info{Name: "ksql.query.push.v2.enabled",
		Doc: "Whether the ids of push queries that follow what a running query writes begin with SCALABLE_PUSH_QUERY, as in ksqlDB; nothing else hangs on it."}, truth(), false)
)

// Of the engine as a whole.
var (
	CommandTimeout = define(Info{Name: "ksql.server.command.response.timeout.ms", Scope: Start,
		Doc: "How long a request waits until the command has been carried out that its commandSequenceNumber names."}, millis(1), 5*time.Second)
	MaxPushQueries = define(Info{Name: "ksql.max.push.queries", Scope: Start, Doc: "How many push queries may be open at the same time."}, whole("queries", 0, most), 100)
	StateMemory    = define(Info{Name: "weir.state.memory.bytes", Scope: Start,
		Doc: "How much memory the state of all queries of a node may take; above it, groups are read back from disk."}, whole("bytes", 1, most), 1<<30)
	WaitMemory = define(Info{Name: "weir.wait.memory.bytes", Scope: Start,
		Doc: "How much memory the rows may take that wait for others, of all queries of a node; above it, the rows of the queries that have most of it go on without what they wait for."}, whole("bytes", 1<<16, most), 1<<29)
	Replicas = define(Info{Name: "ksql.internal.topic.replicas", Also: []string{"replication.factor"}, Scope: Start,
		Doc: "Replicas of the topics that Weir makes, unless a statement says otherwise."}, whole("replicas", 1, 1<<15-1), 1)
)
