"""The ordinary work of kafka-python, with exact counts. Usage: kafka_python.py HOST:PORT"""
import sys
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

broker = sys.argv[1]
admin = KafkaAdminClient(bootstrap_servers=broker)
admin.create_topics([NewTopic("kafka-python", 3, 1, topic_configs={"retention.ms": "3600000"}), NewTopic("kafka-python-tx", 2, 1)])
assert len(admin.describe_topics(["kafka-python"])[0]["partitions"]) == 3

for compression in None, "gzip":
    producer = KafkaProducer(bootstrap_servers=broker, compression_type=compression)
    sent = [producer.send("kafka-python", key=b"%s%d" % (str(compression).encode(), i), value=b"v", headers=[("h", b"1")], timestamp_ms=1000 + i) for i in range(1000)]
    producer.flush(60)
    assert all(f.succeeded() for f in sent)
    producer.close()


def read(group, topic, want):
    consumer = KafkaConsumer(topic, bootstrap_servers=broker, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False,
                             isolation_level="read_committed")
    got, until = [], time.monotonic() + 60
    while len(got) < want and time.monotonic() < until:
        for records in consumer.poll(200).values():
            got += records
    for records in consumer.poll(500).values():
        got += records
    assert len(got) == want, f"{topic}: expected {want} records, found {len(got)}"
    consumer.commit()
    ends = consumer.end_offsets([TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic)])
    assert topic.endswith("-tx") or sum(ends.values()) == want
    consumer.close()
    return got


got = read("kafka-python", "kafka-python", 2000)
assert len({r.key for r in got}) == 2000 and all(r.headers == [("h", b"1")] for r in got)

producer = KafkaProducer(bootstrap_servers=broker, transactional_id="kafka-python")
producer.init_transactions()
for n in range(10):
    producer.begin_transaction()
    for i in range(50):
        producer.send("kafka-python-tx", b"%d-%d" % (n, i))
    if n % 5 == 4:
        producer.abort_transaction()
    else:
        producer.commit_transaction()
producer.close()
read("kafka-python-tx", "kafka-python-tx", 400)
KafkaProducer(bootstrap_servers=broker).send("kafka-python-made-on-use", b"x").get(30)
read("kafka-python-on-use", "kafka-python-made-on-use", 1)
admin.delete_topics(["kafka-python-made-on-use"])
print("kafka-python: ok")
