"""The ordinary work of confluent-kafka (librdkafka), with exact counts. Usage: confluent.py HOST:PORT"""
import sys
import time

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic

broker = sys.argv[1]
admin = AdminClient({"bootstrap.servers": broker})
for f in admin.create_topics([NewTopic("librdkafka", 3, 1, config={"retention.ms": "3600000"}), NewTopic("librdkafka-tx", 2, 1)]).values():
    f.result(30)
resource = ConfigResource(ConfigResource.Type.TOPIC, "librdkafka")
assert admin.describe_configs([resource])[resource].result(30)["retention.ms"].value == "3600000"
for name, config in ("a b/c", {}), ("wrong", {"no.such": "1"}):
    try:
        admin.create_topics([NewTopic(name, 1, 1, config=config)])[name].result(30)
        raise AssertionError(name + " was made")
    except KafkaException as e:
        print("refused:", e.args[0].str())


def read(group, topic, want, **more):
    consumer = Consumer({"bootstrap.servers": broker, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False,
                         "isolation.level": "read_committed", **more})
    consumer.subscribe([topic])
    got, until = [], time.monotonic() + 60
    while len(got) < want and time.monotonic() < until:
        got += consumer.consume(500, 0.2)
    got += consumer.consume(500, 0.5)
    for m in got:
        assert m.error() is None, m.error()
    assert len(got) == want, f"{topic} of {group}: expected {want} records, found {len(got)}"
    consumer.commit(asynchronous=False)
    consumer.close()
    return got


for compression in "none", "gzip", "snappy", "lz4", "zstd":
    producer = Producer({"bootstrap.servers": broker, "compression.type": compression, "linger.ms": 5, "enable.idempotence": compression == "lz4"})
    for i in range(1000):
        producer.produce("librdkafka", f"v{i}", key=f"{compression}{i}", timestamp=1000 + i, headers=[("h", b"1"), ("h", b"2")])
        producer.poll(0)
    assert producer.flush(60) == 0
for protocol in "classic", "consumer":
    got = read(protocol, "librdkafka", 5000, **{"group.protocol": protocol})
    assert len({m.key() for m in got}) == 5000
    assert all(m.headers() == [("h", b"1"), ("h", b"2")] for m in got)
    found = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(protocol)])[protocol].result(30)
    assert sum(p.offset for p in found.topic_partitions) == 5000, found.topic_partitions

producer = Producer({"bootstrap.servers": broker, "transactional.id": "librdkafka"})
producer.init_transactions(30)
for n in range(10):
    producer.begin_transaction()
    for i in range(50):
        producer.produce("librdkafka-tx", f"{n}-{i}")
    if n % 5 == 4:
        producer.abort_transaction(30)
    else:
        producer.commit_transaction(30)
read("tx", "librdkafka-tx", 400)

producer = Producer({"bootstrap.servers": broker, "allow.auto.create.topics": True})
producer.produce("librdkafka-made-on-use", "x")
assert producer.flush(30) == 0
read("on-use", "librdkafka-made-on-use", 1)

deleted = admin.delete_records([TopicPartition("librdkafka", 0, 5)])[TopicPartition("librdkafka", 0)].result(30)
assert deleted.low_watermark == 5
read("rest", "librdkafka", 4995)
admin.delete_consumer_groups(["rest"])["rest"].result(30)
print("confluent-kafka: ok")
