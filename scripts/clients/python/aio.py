"""The ordinary work of aiokafka, with exact counts. Usage: aio.py HOST:PORT"""
import asyncio
import sys
import time

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

broker = sys.argv[1]


async def read(group, topic, want):
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False,
                                isolation_level="read_committed")
    await consumer.start()
    got, until = [], time.monotonic() + 60
    while len(got) < want and time.monotonic() < until:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            got += records
    for records in (await consumer.getmany(timeout_ms=500)).values():
        got += records
    assert len(got) == want, f"{topic}: expected {want} records, found {len(got)}"
    await consumer.commit()
    await consumer.stop()
    return got


async def main():
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    await admin.create_topics([NewTopic("aiokafka", 3, 1, topic_configs={"retention.ms": "3600000"}), NewTopic("aiokafka-out", 2, 1)])
    for compression in None, "gzip", "snappy", "lz4", "zstd":
        producer = AIOKafkaProducer(bootstrap_servers=broker, compression_type=compression, enable_idempotence=True)
        await producer.start()
        await asyncio.gather(*[await producer.send("aiokafka", b"v", key=b"%s%d" % (str(compression).encode(), i)) for i in range(1000)])
        await producer.stop()
    got = await read("aiokafka", "aiokafka", 5000)
    assert len({r.key for r in got}) == 5000

    # From one topic to another, exactly once.
    producer = AIOKafkaProducer(bootstrap_servers=broker, transactional_id="aiokafka")
    await producer.start()
    consumer = AIOKafkaConsumer("aiokafka", bootstrap_servers=broker, group_id="aiokafka-eos", auto_offset_reset="earliest", enable_auto_commit=False,
                                isolation_level="read_committed")
    await consumer.start()
    passed, until = 0, time.monotonic() + 60
    while passed < 5000 and time.monotonic() < until:
        batch = await consumer.getmany(timeout_ms=200, max_records=700)
        if batch:
            async with producer.transaction():
                for records in batch.values():
                    for r in records:
                        await producer.send("aiokafka-out", r.value, key=r.key)
                    passed += len(records)
                await producer.send_offsets_to_transaction({p: records[-1].offset + 1 for p, records in batch.items()}, "aiokafka-eos")
    ends = [(await consumer.committed(TopicPartition("aiokafka", p))) for p in range(3)]
    assert sum(ends) == 5000, ends
    await consumer.stop()
    await producer.stop()
    assert len({r.key for r in await read("aiokafka-out", "aiokafka-out", 5000)}) == 5000
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    await producer.send_and_wait("aiokafka-made-on-use", b"x")
    await producer.stop()
    await read("aiokafka-on-use", "aiokafka-made-on-use", 1)
    await admin.delete_topics(["aiokafka-made-on-use"])
    await admin.close()
    print("aiokafka: ok")


asyncio.run(main())
