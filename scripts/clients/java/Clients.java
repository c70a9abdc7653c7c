import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.serialization.*;

/** The ordinary work of Kafka's admin client, producer and consumers, with exact counts. Usage: Clients HOST:PORT */
public class Clients {
    static String broker;

    public static void main(String[] args) throws Exception {
        broker = args[0];
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker))) {
            admin(admin);
            refusals(admin);
            produceAndConsume(admin);
            groups(admin);
            transactions(admin);
        }
        share();
        System.out.println("java clients: ok");
    }

    static void admin(Admin admin) throws Exception {
        CreateTopicsResult made = admin.createTopics(List.of(
            new NewTopic("java-plain", 3, (short) 1),
            new NewTopic("java-compact", Optional.empty(), Optional.empty()).configs(Map.of("cleanup.policy", "compact", "retention.ms", "5000"))));
        made.all().get();
        same("partitions made", 3, made.numPartitions("java-plain").get());
        same("replicas made", 1, made.replicationFactor("java-plain").get());
        same("setting made", "compact", made.config("java-compact").get().get("cleanup.policy").value());
        TopicDescription d = admin.describeTopics(List.of("java-plain")).allTopicNames().get().get("java-plain");
        same("partitions described", 3, d.partitions().size());
        same("the id is the same", made.topicId("java-plain").get(), d.topicId());
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, "java-compact");
        Config config = admin.describeConfigs(List.of(topic)).all().get().get(topic);
        same("setting", "5000", config.get("retention.ms").value());
        same("source of a setting", ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG, config.get("retention.ms").source());
        same("a default", "604800000", config.get("segment.ms").value());
        admin.incrementalAlterConfigs(Map.of(topic, List.of(
            new AlterConfigOp(new ConfigEntry("retention.ms", ""), AlterConfigOp.OpType.DELETE),
            new AlterConfigOp(new ConfigEntry("segment.bytes", "2000000"), AlterConfigOp.OpType.SET)))).all().get();
        config = admin.describeConfigs(List.of(topic)).all().get().get(topic);
        same("setting altered", "2000000", config.get("segment.bytes").value());
        admin.createPartitions(Map.of("java-plain", NewPartitions.increaseTo(4))).all().get();
        same("partitions added", 4, admin.describeTopics(List.of("java-plain")).allTopicNames().get().get("java-plain").partitions().size());
        same("quotas", 0, admin.describeClientQuotas(org.apache.kafka.common.quota.ClientQuotaFilter.all()).entities().get().size());
        same("brokers", 1, admin.describeCluster().nodes().get().size());
        check("log dirs", !admin.describeLogDirs(List.of(0)).allDescriptions().get().isEmpty());
        same("reassignments", 0, admin.listPartitionReassignments().reassignments().get().size());
    }

    static void refusals(Admin admin) {
        fails("a name with blanks", InvalidTopicException.class, () -> admin.createTopics(List.of(new NewTopic("a b/c", 1, (short) 1))).all().get());
        fails("an unknown setting", InvalidConfigurationException.class,
            () -> admin.createTopics(List.of(new NewTopic("x", 1, (short) 1).configs(Map.of("no.such", "1")))).all().get());
        fails("no number", InvalidConfigurationException.class,
            () -> admin.createTopics(List.of(new NewTopic("x", 1, (short) 1).configs(Map.of("retention.ms", "abc")))).all().get());
        fails("three replicas", InvalidReplicationFactorException.class, () -> admin.createTopics(List.of(new NewTopic("x", 1, (short) 3))).all().get());
        fails("a topic that is there", TopicExistsException.class, () -> admin.createTopics(List.of(new NewTopic("java-plain", 1, (short) 1))).all().get());
        fails("fewer partitions", InvalidPartitionsException.class, () -> admin.createPartitions(Map.of("java-plain", NewPartitions.increaseTo(2))).all().get());
        fails("a topic that is not there", UnknownTopicOrPartitionException.class, () -> admin.describeTopics(List.of("java-missing")).allTopicNames().get());
        fails("access control", SecurityDisabledException.class, () -> admin.describeAcls(AclBindingFilter.ANY).values().get());
    }

    static void produceAndConsume(Admin admin) throws Exception {
        for (String compression : List.of("none", "gzip", "snappy", "lz4", "zstd"))
            try (Producer<String, String> p = producer(Map.of("compression.type", compression, "linger.ms", "5"))) {
                for (int i = 0; i < 1000; i++)
                    p.send(new ProducerRecord<>("java-plain", null, 1000L + i, compression + i, "v" + i, List.of(
                        new org.apache.kafka.common.header.internals.RecordHeader("h", new byte[] {(byte) i}))));
            }
        try (Producer<String, String> p = producer(Map.of())) { // a topic made by its first use
            p.send(new ProducerRecord<>("java-made-on-use", "k", "v")).get();
        }
        same("records of a topic made on use", 1, read("on-use", "classic", 1, "java-made-on-use").size());
        for (String protocol : List.of("classic", "consumer")) {
            Set<String> keys = new HashSet<>();
            for (ConsumerRecord<String, String> r : read("java-" + protocol, protocol, 5000, "java-plain")) {
                check("a header", r.headers().lastHeader("h").value()[0] == (byte) Integer.parseInt(r.value().substring(1)));
                keys.add(r.key());
            }
            same(protocol + " keys", 5000, keys.size());
            same(protocol + " committed", 5000L, committed(admin, "java-" + protocol));
        }
        TopicPartition p0 = new TopicPartition("java-plain", 0);
        long end = admin.listOffsets(Map.of(p0, OffsetSpec.latest())).partitionResult(p0).get().offset();
        check("an end", end > 0);
        same("first at its time", 0L, admin.listOffsets(Map.of(p0, OffsetSpec.forTimestamp(0))).partitionResult(p0).get().offset());
        same("deleted up to", 5L, admin.deleteRecords(Map.of(p0, RecordsToDelete.beforeOffset(5))).lowWatermarks().get(p0).get().lowWatermark());
        same("the rest", 4995, read("java-rest", "classic", 4995, "java-plain").size());
    }

    static void groups(Admin admin) throws Exception {
        List<String> groups = new ArrayList<>();
        for (GroupListing g : admin.listGroups().all().get()) if (g.groupId().startsWith("java-")) groups.add(g.groupId());
        Collections.sort(groups);
        same("groups", List.of("java-classic", "java-consumer", "java-rest"), groups);
        same("state", GroupState.EMPTY, admin.describeConsumerGroups(List.of("java-classic")).all().get().get("java-classic").groupState());
        TopicPartition p1 = new TopicPartition("java-plain", 1);
        admin.alterConsumerGroupOffsets("java-classic", Map.of(p1, new OffsetAndMetadata(3))).all().get();
        same("offset set", 3L, admin.listConsumerGroupOffsets("java-classic").partitionsToOffsetAndMetadata().get().get(p1).offset());
        admin.deleteConsumerGroupOffsets("java-classic", Set.of(p1)).all().get();
        check("offset deleted", admin.listConsumerGroupOffsets("java-classic").partitionsToOffsetAndMetadata().get().get(p1) == null);
        admin.deleteConsumerGroups(List.of("java-classic", "java-consumer")).all().get();
        fails("a deleted group", GroupIdNotFoundException.class, () -> admin.describeConsumerGroups(List.of("java-classic")).all().get());
    }

    static void transactions(Admin admin) throws Exception {
        admin.createTopics(List.of(new NewTopic("java-tx", 2, (short) 1))).all().get();
        try (Producer<String, String> p = producer(Map.of("transactional.id", "java-tx"))) {
            p.initTransactions();
            for (int round = 0; round < 10; round++) {
                p.beginTransaction();
                for (int i = 0; i < 50; i++) p.send(new ProducerRecord<>("java-tx", round + "-" + i, "v"));
                p.sendOffsetsToTransaction(Map.of(new TopicPartition("java-plain", 2), new OffsetAndMetadata(round)), new ConsumerGroupMetadata("java-tx"));
                if (round % 5 == 4) p.abortTransaction();
                else p.commitTransaction();
            }
        }
        same("committed records", 400, read("java-tx-read", "classic", 400, "java-tx").size());
        same("committed offset", 8L, committed(admin, "java-tx"));
        for (boolean commit : new boolean[] {true, false})
            try (Producer<String, String> zombie = producer(Map.of("transactional.id", "java-fenced")); Producer<String, String> owner = producer(Map.of("transactional.id", "java-fenced"))) {
                zombie.initTransactions();
                zombie.beginTransaction();
                zombie.send(new ProducerRecord<>("java-tx", "zombie", "v")).get();
                owner.initTransactions();
                fails("a fenced producer", ProducerFencedException.class, () -> {
                    if (commit) zombie.commitTransaction();
                    else zombie.abortTransaction();
                    return null;
                });
                owner.beginTransaction();
                owner.send(new ProducerRecord<>("java-tx", "owner", "v")).get();
                owner.commitTransaction();
            }
        same("committed records, none of the fenced ones", 402, read("java-tx-read2", "classic", 402, "java-tx").size());
    }

    static void share() {
        fails("share groups", UnsupportedVersionException.class, () -> {
            try (ShareConsumer<String, String> c = new KafkaShareConsumer<>(Map.of("bootstrap.servers", broker, "group.id", "java-share"), new StringDeserializer(), new StringDeserializer())) {
                c.subscribe(List.of("java-plain"));
                long until = System.nanoTime() + 60_000_000_000L;
                while (System.nanoTime() < until) c.poll(Duration.ofMillis(200));
            }
            return null;
        });
    }

    static long committed(Admin admin, String group) throws Exception {
        long sum = 0;
        for (OffsetAndMetadata o : admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().values()) sum += o.offset();
        return sum;
    }

    static Producer<String, String> producer(Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>(more);
        config.put("bootstrap.servers", broker);
        return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
    }

    /** Reads all there is, and a little longer: one too many is found, too. */
    static List<ConsumerRecord<String, String>> read(String group, String protocol, int want, String topic) {
        List<ConsumerRecord<String, String>> out = new ArrayList<>();
        try (Consumer<String, String> c = new KafkaConsumer<>(Map.of("bootstrap.servers", broker, "group.id", group, "group.protocol", protocol,
                "auto.offset.reset", "earliest", "isolation.level", "read_committed", "enable.auto.commit", "false"), new StringDeserializer(), new StringDeserializer())) {
            c.subscribe(List.of(topic));
            long until = System.nanoTime() + 60_000_000_000L;
            while (out.size() < want && System.nanoTime() < until) c.poll(Duration.ofMillis(200)).forEach(out::add);
            c.poll(Duration.ofMillis(300)).forEach(out::add);
            c.commitSync();
        }
        same("records of " + topic, want, out.size());
        return out;
    }

    static void check(String what, boolean ok) {
        if (!ok) throw new AssertionError(what);
    }

    static void same(String what, Object want, Object got) {
        if (!want.equals(got)) throw new AssertionError(what + ": expected " + want + ", found " + got);
    }

    static void fails(String what, Class<? extends Throwable> want, Callable<?> work) {
        Throwable got = null;
        try {
            work.call();
        } catch (Throwable e) {
            got = e instanceof ExecutionException ? e.getCause() : e;
        }
        for (Throwable e = got; e != null; e = e.getCause()) if (want.isInstance(e)) return;
        throw new AssertionError(what + ": expected " + want.getSimpleName() + ", found " + got, got);
    }
}
