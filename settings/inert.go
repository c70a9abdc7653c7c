package settings

import (
	"slices"
	"strings"
)

// Fact is what is known of names that ksqlDB or Kafka have and that nothing here reads.
type Fact struct {
	names []string
	// Only are the values that are accepted, the one that holds first; nil for any, empty for none.
	Only []string
	Why  string // why they have no effect, or why other values are refused
}

// Names are the names that the fact holds for.
func (f Fact) Names() []string { return f.names }

// InertFacts are all names that are accepted, or refused for a reason, without being settings.
func InertFacts() []Fact { return inert }

// clientPrefixes stand before names of Kafka's clients and topics, also behind ksql.streams.
var clientPrefixes = []string{"producer.", "consumer.", "main.consumer.", "restore.consumer.", "global.consumer.", "admin.", "topic."}

// Inert finds what is known of a name that is no setting.
func Inert(name string) (Fact, bool) {
	name = canonical(name)
	bare, family := name, ""
	for _, p := range clientPrefixes {
		if rest, ok := strings.CutPrefix(name, p); ok {
			bare, family = rest, p
			break
		}
	}
	if family != "" && slices.ContainsFunc(KafkaSecurity.members, func(s *Of[string]) bool { return s.info.Name == bare }) {
		return Fact{names: []string{name}, Why: "all clients log in as " + bare + " without a prefix says"}, true
	}
	for _, f := range inert {
		if slices.Contains(f.names, name) {
			return f, true
		}
		if family != "" && slices.Contains(f.names, bare) && !strings.HasPrefix(bare, "ksql.") {
			return f, true
		}
	}
	return Fact{}, false
}

var inert = []Fact{
	{[]string{"processing.guarantee"}, []string{"exactly_once_v2", "exactly_once"}, "queries are always exactly once; at_least_once is not there yet"},
	{[]string{"ksql.fail.on.deserialization.error"}, []string{"false"}, "a record that can't be read goes to the processing log, and the query goes on"},
	{[]string{"ksql.timestamp.throw.on.invalid"}, []string{"false"}, "a record without a valid time goes to the processing log, and the query goes on"},
	{[]string{"ksql.functions.substring.legacy.args"}, []string{"false"}, "SUBSTRING counts from 1"},
	{[]string{"ksql.windowed.session.key.legacy"}, []string{"false"}, "keys of sessions are written in one way"},
	{[]string{"ksql.insert.into.values.enabled", "ksql.pull.queries.enable", "ksql.key.format.enabled", "ksql.lambdas.enabled", "ksql.headers.columns.enabled",
		"ksql.rowpartition.rowoffset.enabled", "ksql.suppress.enabled", "ksql.query.pull.stream.enabled", "ksql.multicol.key.format.enabled", "ksql.variable.substitution.enable"}, []string{"true"}, "it is always there"},
	// Of Kafka's security: what is left beside the settings.
	{words(`sasl.client.callback.handler.class sasl.login.class ssl.engine.factory.class security.providers`), []string{}, "no classes of Java are loaded"},
	{words(`sasl.oauthbearer.assertion.algorithm sasl.oauthbearer.assertion.file sasl.oauthbearer.assertion.private.key.file
		sasl.oauthbearer.assertion.private.key.passphrase sasl.oauthbearer.assertion.template.file`), []string{}, "tokens are asked for with the id and the secret of a client"},
	{[]string{"sasl.oauthbearer.jwt.retriever.class"}, []string{"org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever",
		"org.apache.kafka.common.security.oauthbearer.ClientCredentialsJwtRetriever"}, "tokens are asked for with the id and the secret of a client"},
	{words(`sasl.login.connect.timeout.ms sasl.login.read.timeout.ms sasl.login.refresh.buffer.seconds sasl.login.refresh.min.period.seconds
		sasl.login.refresh.window.factor sasl.login.refresh.window.jitter sasl.login.retry.backoff.max.ms sasl.login.retry.backoff.ms`), nil, "tokens are got anew after four fifths of their life"},
	{words(`sasl.oauthbearer.assertion.claim.aud sasl.oauthbearer.assertion.claim.exp.seconds sasl.oauthbearer.assertion.claim.iss
		sasl.oauthbearer.assertion.claim.jti.include sasl.oauthbearer.assertion.claim.nbf.seconds sasl.oauthbearer.assertion.claim.sub
		sasl.oauthbearer.clock.skew.seconds sasl.oauthbearer.expected.audience sasl.oauthbearer.expected.issuer sasl.oauthbearer.jwks.endpoint.refresh.ms
		sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms sasl.oauthbearer.jwks.endpoint.retry.backoff.ms sasl.oauthbearer.jwks.endpoint.url
		sasl.oauthbearer.jwt.validator.class sasl.oauthbearer.scope.claim.name sasl.oauthbearer.sub.claim.name`), nil, "tokens are looked at by brokers"},
	{words(`sasl.kerberos.kinit.cmd sasl.kerberos.min.time.before.relogin sasl.kerberos.service.name sasl.kerberos.ticket.renew.jitter
		sasl.kerberos.ticket.renew.window.factor`), nil, "there is no Kerberos"},
	{words(`ssl.keymanager.algorithm ssl.provider ssl.secure.random.implementation ssl.trustmanager.algorithm`), nil, "TLS is that of Go"},
	{[]string{"ssl.client.authentication", "ssl.client.auth"}, nil, "weir.tls.certificate has the HTTP API speak TLS, and weir.http.tokens names a file of those who may log in"},
	{[]string{"authentication.method"}, []string{"NONE"}, "weir.http.tokens names a file of those who may log in"},
	{[]string{"authentication.realm", "authentication.roles", "ksql.authentication.plugin.class", "ksql.access.validator.enable", "ksql.security.extension.class",
		"ksql.authorization.cache.expiry.time.secs", "ksql.authorization.cache.max.entries"}, nil, "weir.http.tokens names a file of those who may log in"},
	{[]string{"access.control.allow.methods", "access.control.allow.headers"}, nil, "pages of the origins that are allowed may do whatever others can"},

	{[]string{"ksql.advertised.listener", "ksql.internal.listener", "ksql.heartbeat.enable", "ksql.heartbeat.send.interval.ms", "ksql.heartbeat.check.interval.ms",
		"ksql.heartbeat.window.ms", "ksql.heartbeat.missed.threshold.ms", "ksql.heartbeat.discover.interval.ms", "ksql.heartbeat.thread.pool.size",
		"ksql.lag.reporting.enable", "ksql.lag.reporting.send.interval.ms", "ksql.query.pull.enable.standby.reads", "ksql.query.pull.max.allowed.offset.lag",
		"ksql.query.pull.forwarding.timeout.ms", "ksql.query.pull.consistency.token.enabled", "num.standby.replicas", "max.warmup.replicas", "acceptable.recovery.lag",
		"probing.rebalance.interval.ms", "rack.aware.assignment.strategy", "rack.aware.assignment.tags", "rack.aware.assignment.traffic_cost",
		"rack.aware.assignment.non_overlap_cost", "task.assignor.class", "application.server"}, nil, "it is for several nodes"},
	{[]string{"ksql.query.pull.max.qps", "ksql.query.pull.max.concurrent.requests", "ksql.query.pull.max.hourly.bandwidth.megabytes",
		"ksql.query.push.v2.max.hourly.bandwidth.megabytes", "ksql.query.persistent.active.limit", "ksql.query.persistent.max.bytes.buffering.total",
		"ksql.query.transient.max.bytes.buffering.total", "ksql.suppress.buffer.size.bytes", "ksql.query.error.max.queue.size"}, nil, "Weir has other limits"},
	{[]string{"ksql.query.push.v2.registry.installed", "ksql.query.push.v2.alos.enabled", "ksql.query.push.v2.interpreter.enabled",
		"ksql.query.push.v2.continuation.tokens.enabled", "ksql.query.push.v2.new.latest.delay.ms", "ksql.query.push.v2.latest.reset.age.ms",
		"ksql.query.push.v2.metrics.enabled", "ksql.query.push.v2.catchup.consumer.msg.window"}, nil, "push queries are of one kind"},
	{[]string{"ksql.query.pull.interpreter.enabled", "ksql.query.pull.thread.pool.size", "ksql.query.pull.router.thread.pool.size", "ksql.query.pull.metrics.enabled",
		"ksql.query.retry.backoff.initial.ms", "ksql.query.retry.backoff.max.ms", "ksql.query.status.running.threshold.seconds",
		"ksql.query.cleanup.shutdown.timeout.ms", "ksql.transient.query.cleanup.service.enable", "ksql.transient.query.cleanup.service.initial.delay.seconds",
		"ksql.transient.query.cleanup.service.period.seconds", "ksql.shared.runtimes.count", "ksql.runtime.feature.shared.enabled", "ksql.worker.pool.size",
		"ksql.verticle.instances", "ksql.idle.connection.timeout.seconds", "ksql.healthcheck.interval.ms",
		"ksql.assert.topic.default.timeout.ms", "ksql.assert.schema.default.timeout.ms", "ksql.fail.on.production.error",
		"ksql.nested.error.set.null", "ksql.cast.strings.preserve.nulls", "ksql.json_sr.converter.deserializer.enabled", "ksql.endpoint.migrate.query",
		"ksql.endpoint.logging.log.queries", "ksql.endpoint.logging.ignored.paths.regex", "ksql.error.classifier.regex", "ksql.metrics.extension",
		"ksql.metrics.tags.custom", "ksql.udf.collect.metrics", "ksql.sink.window.change.log.additional.retention", "ksql.properties.overrides.denylist",
		"ksql.hidden.topics", "ksql.readonly.topics", "ksql.metastore.backup.location", "ksql.persistent.prefix", "ksql.transient.prefix"},
		nil, "Weir works in another way"},
	{[]string{"ksql.sink.partitions", "ksql.sink.replicas"}, nil, "WITH has PARTITIONS and REPLICAS"},
	{[]string{"ksql.extension.dir", "ksql.udfs.enabled", "ksql.udf.enable.security.manager", "ksql.server.install.dir", "ksql.resource.extension.class"},
		nil, "there are no extensions"},
	{[]string{"ksql.connect.worker.config"}, nil, "no Kafka Connect runs in this program: ksql.connect.url names one"},
	{[]string{"ksql.connect.basic.auth.credentials.reload"}, []string{"true"}, "the file of credentials is read for each request"},
	{[]string{"ksql.queries.file"}, nil, "weir run carries a script out"},
	{[]string{"ksql.logging.processing.topic.auto.create", "ksql.logging.processing.topic.name", "ksql.logging.processing.topic.partitions",
		"ksql.logging.processing.topic.replication.factor", "ksql.logging.processing.stream.auto.create", "ksql.logging.processing.stream.name",
		"ksql.logging.processing.rows.include", "ksql.logging.server.rate.limited.request.paths", "ksql.logging.server.rate.limited.response.codes"},
		nil, "the processing log is always there"},
	{[]string{"ksql.internal.topic.min.insync.replicas"}, nil, "topics have the cluster's default"},

	// Of Kafka Streams.
	{words(`application.id buffered.records.per.partition built.in.metrics.version client.id connections.max.idle.ms default.client.supplier
		default.deserialization.exception.handler default.dsl.store default.key.serde default.production.exception.handler default.timestamp.extractor
		default.value.serde deserialization.exception.handler dsl.store.suppliers.class enable.metrics.push ensure.explicit.internal.resource.naming
		input.buffer.max.bytes log.summary.interval.ms metadata.max.age.ms metadata.recovery.strategy metric.reporters metrics.num.samples
		metrics.recording.level metrics.sample.window.ms num.stream.threads poll.ms processing.exception.handler processor.wrapper.class
		production.exception.handler receive.buffer.bytes reconnect.backoff.max.ms reconnect.backoff.ms repartition.purge.interval.ms request.timeout.ms
		retries retry.backoff.max.ms retry.backoff.ms rocksdb.config.setter send.buffer.bytes shutdown.timeout.ms state.cleanup.delay.ms task.timeout.ms topology.optimization
		upgrade.from window.size.ms windowed.inner.class.serde windowstore.changelog.additional.retention.ms
		__emit.interval.ms.kstreams.windowed.aggregation__`), nil, "Weir is no application of Kafka Streams"},
	// Of Kafka's clients, with the prefix of a kind of client or without.
	{words(`acks allow.auto.create.topics auto.commit.interval.ms batch.size bootstrap.servers buffer.memory check.crcs client.dns.lookup client.rack
		compression.gzip.level compression.lz4.level compression.type compression.zstd.level default.api.timeout.ms delivery.timeout.ms enable.auto.commit
		enable.idempotence exclude.internal.topics fetch.max.bytes fetch.max.wait.ms fetch.min.bytes group.id group.instance.id group.protocol
		heartbeat.interval.ms interceptor.classes isolation.level key.deserializer key.serializer linger.ms max.block.ms
		max.in.flight.requests.per.connection max.partition.fetch.bytes max.poll.interval.ms max.poll.records max.request.size metadata.max.idle.ms
		partition.assignment.strategy partitioner.adaptive.partitioning.enable partitioner.availability.timeout.ms partitioner.class
		partitioner.ignore.keys session.timeout.ms socket.connection.setup.timeout.max.ms socket.connection.setup.timeout.ms transaction.timeout.ms
		transactional.id value.deserializer value.serializer`), nil, "Weir sets up its clients by itself"},
	// Of topics, with the prefix topic.
	{prefixed("topic.", `cleanup.policy compression.type delete.retention.ms file.delete.delay.ms flush.messages flush.ms index.interval.bytes
		max.compaction.lag.ms max.message.bytes message.timestamp.after.max.ms message.timestamp.before.max.ms message.timestamp.type
		min.cleanable.dirty.ratio min.compaction.lag.ms min.insync.replicas preallocate retention.bytes retention.ms segment.bytes segment.index.bytes
		segment.jitter.ms segment.ms unclean.leader.election.enable`), nil, "Weir sets up its topics by itself"},
}

func words(s string) []string { return strings.Fields(s) }

func prefixed(prefix, s string) []string {
	out := strings.Fields(s)
	for i := range out {
		out[i] = prefix + out[i]
	}
	return out
}
