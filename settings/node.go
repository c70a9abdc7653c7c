package settings

import (
	"log/slog"
	"time"
)

// Of the node. Each has a flag, and a variable that is named after it.
var (
	Brokers = define(Info{Name: "bootstrap.servers", Flag: "brokers", Scope: Start, Unset: "a broker in this program",
		Doc: "An existing Kafka cluster, instead of the broker in this program. docs/security.md tells of TLS and of logging in."},
		list("HOST:PORT,...", "addresses, host:port, with commas between them"), nil)
	KafkaWait = define(Info{Name: "weir.kafka.wait.ms", Flag: "kafka-wait-ms", Scope: Start, Unset: "until it comes",
		Doc: "How long a start waits for brokers that are away. A login or a certificate that they refuse ends it at once."}, millis(0), 0)
	SchemaRegistry = define(Info{Name: "ksql.schema.registry.url", Flag: "schema-registry", Scope: Start, Unset: "a registry in this program",
		Doc: "An existing schema registry, instead of the one in this program."}, text("URL", "a URL"), "")
	DataDir = define(Info{Name: "weir.data.dir", Also: []string{"state.dir"}, Flag: "data-dir", Scope: Start, Unset: "weir in the user's folder for data",
		Doc: "Where topics, state and history are kept."}, path(), "")
	ConnectURL = define(Info{Name: "ksql.connect.url", Flag: "connect-url", Scope: Start, Unset: "none",
		Doc: "The REST API of a Kafka Connect worker, which runs the connectors of classes that are not built in."}, httpURL(), "")
	ConnectTimeout = define(Info{Name: "ksql.connect.request.timeout.ms", Scope: Start,
		Doc: "How long an answer of Kafka Connect may take."}, millis(1), 5*time.Second)
	Listen = define(Info{Name: "listeners", Flag: "listen", Scope: Start,
		Doc: "Address of the HTTP API."}, apiAddress(), "127.0.0.1:8088")
	TLSCertificate = define(Info{Name: "weir.tls.certificate", Flag: "tls-certificate", Scope: Start, Unset: "no TLS",
		Doc: "The certificate with which the HTTP API speaks TLS, with those between it and the authority behind it, in PEM. It is read again when the file changes."}, file(), "")
	TLSKey = define(Info{Name: "weir.tls.key", Flag: "tls-key", Scope: Start, Unset: "no TLS",
		Doc: "The key of the certificate, in PEM. It is read again when the file changes."}, file(), "")
	KafkaListen = define(Info{Name: "weir.kafka.listen", Flag: "kafka-listen", Scope: Start,
		Doc: "Address of the broker in this program."}, address(), "127.0.0.1:9092")
	KafkaAdvertise = define(Info{Name: "weir.kafka.advertise", Flag: "kafka-advertise", Scope: Start, Unset: "the address it listens on",
		Doc: "The address that clients of the broker are told, if they can't use the one it listens on."},
		text("HOST[:PORT]", "a host, with a port or without"), "")
	KafkaAutoCreate = define(Info{Name: "weir.kafka.auto.create.topics", Flag: "kafka-auto-create-topics", Scope: Start,
		Doc: "Whether the broker in this program makes a topic that a client writes to or reads, and that is not there, if the client wants it."}, truth(), true)
	KafkaRetention = define(Info{Name: "weir.kafka.retention", Flag: "kafka-retention", Scope: Start, Unset: "for ever",
		Doc: "How long the broker in this program keeps records, by their own times, in topics without a retention.ms; looked at every 5 minutes. What queries have not read yet is deleted, too."}, span(), 0)
	KafkaRetentionBytes = define(Info{Name: "weir.kafka.retention.bytes", Flag: "kafka-retention-bytes", Scope: Start, Unset: "all",
		Doc: "How much the broker in this program keeps in each partition of topics without a retention.bytes; whole files of 16 MB are deleted. 0 is all."},
		whole("bytes", 0, most), 0)
	KafkaMaxBytes = define(Info{Name: "weir.kafka.max.bytes", Flag: "kafka-max-bytes", Scope: Start, Unset: "none",
		Doc: "The largest size of the data of the broker in this program: from there on it refuses records. A start reads all of it, and after a crash takes into memory what transactions were written into. 0 is no limit."},
		whole("bytes", 0, most), 0)
	RegistryListen = define(Info{Name: "weir.registry.listen", Flag: "registry-listen", Scope: Start,
		Doc: "Address of the schema registry in this program."}, address(), "127.0.0.1:8081")
	LogLevel = define(Info{Name: "weir.log.level", Flag: "log-level", Scope: Start,
		Doc: "What is logged: this and what is worse."}, level(), slog.LevelInfo)
	ServiceID = define(Info{Name: "ksql.service.id", Flag: "service-id", Scope: Start, Value: "ID",
		Doc: "Name of this node's streams, tables and queries on the brokers; only one node at a time can have it."}, topicChars("ID"), "default_")
	MaxRequestBytes = define(Info{Name: "weir.http.max.request.bytes", Flag: "max-request-bytes", Scope: Start,
		Doc: "The largest request that the HTTP API takes."}, whole("bytes", 1, 1<<40), 10<<20)
	MaxConnections = define(Info{Name: "weir.http.max.connections", Flag: "max-connections", Scope: Start, Value: "N",
		Doc: "Connections to the HTTP API at the same time. Further ones are refused, but for /info, /healthcheck and /chc."}, whole("connections", 1, 1<<30), 1000)
	MaxPostedBytes = define(Info{Name: "weir.http.max.posted.bytes", Flag: "max-posted-bytes", Scope: Start,
		Doc: "How many bytes of records that are posted to topics may be under way at the same time. Further ones are asked to come again later."}, whole("bytes", 1, 1<<40), 64<<20)
	MaxIdempotencyKeys = define(Info{Name: "weir.http.max.idempotency.keys", Scope: Start,
		Doc: "How many Idempotency-Keys of records that are posted to topics are remembered: the last ones."}, whole("keys", 1, 1<<24), 100_000)
	Tokens = define(Info{Name: "weir.http.tokens", Flag: "tokens", Scope: Start, Unset: "none: everybody may use the HTTP API",
		Doc: "A file of principals, with their tokens and limits: nobody else may use the HTTP API then. It is read again when it changes."}, file(), "")
	Hosts = define(Info{Name: "weir.http.hosts", Flag: "hosts", Scope: Start, Unset: "this machine's names",
		Doc: "Names under which the HTTP API and the schema registry may be asked for, beside this machine's, while they listen on a loopback address; * is any name. Pages of the web can make a name of their own stand for this machine."},
		list("NAME,...", "names of hosts, with commas between them"), nil)
	FileRoot = define(Info{Name: "weir.file.root", Flag: "file-root", Scope: Start, Unset: "none may be read",
		Doc: "The folder below which connectors read files that are made over the HTTP API. Those of weir run and of the prompt read whatever their user may."}, path(), "")
	FunctionsDir = define(Info{Name: "weir.functions.dir", Flag: "functions-dir", Scope: Start, Unset: "none may be read",
		Doc: "The folder below which CREATE FUNCTION over the HTTP API finds modules. That of weir run and of the prompt reads whatever its user may."}, path(), "")
	GeoIPFiles = define(Info{Name: "weir.geoip.files", Flag: "geoip-files", Scope: Start, Unset: "the countries that are within",
		Doc: "Databases in MaxMind's format, such as GeoLite2-City.mmdb and GeoLite2-ASN.mmdb, that GEOIP asks first; up to 4, read into memory at the start. Queries that are run again over other ones may answer otherwise."},
		list("FILE,...", "names of files, with commas between them"), nil)
	MaxStreams = define(Info{Name: "weir.http.max.streams", Flag: "max-streams", Scope: Start, Value: "N",
		Doc: "SELECTs, PRINTs, changes and streams of inserts over the HTTP API at the same time."}, whole("streams", 1, 1<<30), 500)
	MaxPendingBytes = define(Info{Name: "weir.http.max.pending.bytes", Scope: Start,
		Doc: "How many bytes may wait for each client of a SELECT, a PRINT or changes. From there on the query waits with them, or changes are left in their topic until the client takes more."}, whole("bytes", 1<<10, 1<<30), 1<<20)
	WriteTimeout = define(Info{Name: "weir.http.write.timeout", Scope: Start,
		Doc: "How long a client of a SELECT, a PRINT or changes may take nothing of what there is for it: then it is cut off."}, timeout(), time.Minute)
	Heartbeat = define(Info{Name: "weir.http.heartbeat", Scope: Start,
		Doc: "How often server-sent events have a comment that keeps the connection alive, and a client of a WebSocket is asked whether it is still there."}, timeout(), 15*time.Second)
	Origins = define(Info{Name: "weir.http.origins", Also: []string{"access.control.allow.origin"}, Flag: "origins", Scope: Start, Unset: "the server's own",
		Doc: "The origins whose pages may use the HTTP API beside those of the server itself; * is any. Such a page may do whatever its reader can."},
		originList(), nil)
	WWW = define(Info{Name: "weir.http.www", Flag: "www", Scope: Start, Unset: "none",
		Doc: "A folder of files that are served beside the HTTP API, whose own paths come first."}, path(), "")
)
