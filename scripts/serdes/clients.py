"""Confluent's serializers for Python against a running Weir: what they write is read with columns taken from their schemas, what
CREATE ... AS SELECT writes is read by them, and what they write with its schema is read again. Arguments: broker, registry, REST API."""
import json
import sys
import time
import urllib.error
import urllib.request

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import SchemaRegistryClient, header_schema_id_serializer
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from google.protobuf.json_format import MessageToDict

broker, registry, api = sys.argv[1:4]
sr = SchemaRegistryClient({'url': registry})
admin = AdminClient({'bootstrap.servers': broker})
producer = Producer({'bootstrap.servers': broker})
ROWS = 200


def statement(sql):
    body = json.dumps({'ksql': sql, 'streamsProperties': {'ksql.streams.auto.offset.reset': 'earliest'}}).encode()
    request = urllib.request.Request(api + '/ksql', body, {'Content-Type': 'application/json'})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as e:
        sys.exit(f'{sql}\n{e.read().decode()}')


def make(topic):
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(60)


def delivered(error, _):
    if error is not None:
        sys.exit(f'not written: {error}')


def produce(topic, serialize, rows):
    for row in rows:
        context = SerializationContext(topic, MessageField.VALUE, headers=[])
        data = serialize(row, context)
        producer.produce(topic, data, key=b'k', headers=context.headers, on_delivery=delivered)
    assert producer.flush(60) == 0


def consume(topic, deserialize, count):
    consumer = Consumer({'bootstrap.servers': broker, 'group.id': topic, 'auto.offset.reset': 'earliest', 'enable.auto.commit': False})
    consumer.subscribe([topic])
    out, deadline = [], time.monotonic() + 120
    while len(out) < count and time.monotonic() < deadline:
        record = consumer.poll(1)
        if record is None:
            continue
        assert record.error() is None, record.error()
        out.append(deserialize(record.value(), SerializationContext(topic, MessageField.VALUE, record.headers())))
    consumer.close()
    assert len(out) == count, f'{topic}: {len(out)} records of {count}'
    return out


def check(what, got, want):
    assert got == want, f'{what}\ngot  {got[:3]}\nwant {want[:3]}'
    print(f'python {what}: {len(got)} rows there and back')


def message_class(file, name):
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def latest_message(subject):
    """The first message of a subject's schema, as a class."""
    import base64
    file = descriptor_pb2.FileDescriptorProto.FromString(
        base64.b64decode(sr.get_latest_version(subject, fmt='serialized').schema.schema_str))
    file.name = 'latest.proto'
    return message_class(file, (file.package + '.' if file.package else '') + file.message_type[0].name)


def order_class():
    f = descriptor_pb2.FileDescriptorProto(name='order.proto', package='shop', syntax='proto3')
    f.dependency.append('google/protobuf/timestamp.proto')
    other = f.message_type.add(name='Other')  # so that the index of the message is not 0
    other.field.add(name='n', number=1, type=5, label=1)
    m = f.message_type.add(name='Order')
    m.field.add(name='id', number=1, type=3, label=1)
    m.field.add(name='name', number=2, type=9, label=1)
    m.field.add(name='at', number=3, type=11, label=1, type_name='.google.protobuf.Timestamp')
    m.field.add(name='tags', number=4, type=9, label=3)
    return message_class(f, 'shop.Order')


def avro(how, conf):
    topic = f'py_avro_{how}'
    make(topic)
    schema = json.dumps({'type': 'record', 'name': 'Order', 'namespace': 'shop', 'fields': [
        {'name': 'ID', 'type': 'long'}, {'name': 'NAME', 'type': ['null', 'string'], 'default': None},
        {'name': 'TAGS', 'type': {'type': 'array', 'items': {'type': 'string'}}}]})
    rows = [{'ID': i, 'NAME': None if i % 7 == 0 else f'näme {i}', 'TAGS': ['a', str(i)]} for i in range(ROWS)]
    produce(topic, AvroSerializer(sr, schema, conf=conf), rows)
    statement(f"CREATE STREAM {topic} WITH (KAFKA_TOPIC='{topic}', VALUE_FORMAT='AVRO');"
              f"CREATE STREAM {topic}_out WITH (KAFKA_TOPIC='{topic}_out') AS SELECT * FROM {topic};")
    check(f'AVRO, {how}', consume(f'{topic}_out', AvroDeserializer(sr), ROWS), rows)
    again = AvroSerializer(sr, conf={'auto.register.schemas': False, 'use.latest.version': True, **conf})
    produce(f'{topic}_out', again, rows)
    statement(f"CREATE STREAM {topic}_again WITH (KAFKA_TOPIC='{topic}_again') AS SELECT * FROM {topic}_out;")
    check(f'AVRO written back, {how}', consume(f'{topic}_again', AvroDeserializer(sr), 2 * ROWS), rows + rows)


def json_sr(how, conf):
    topic = f'py_json_{how}'
    make(topic)
    schema = json.dumps({'$schema': 'http://json-schema.org/draft-07/schema#', 'title': 'Order', 'type': 'object', 'properties': {
        'ID': {'type': 'integer'}, 'NAME': {'oneOf': [{'type': 'null'}, {'type': 'string'}]}, 'SUM': {'type': 'number'}}})
    rows = [{'ID': i, 'NAME': f'näme {i}', 'SUM': i / 4} for i in range(ROWS)]
    produce(topic, JSONSerializer(schema, sr, conf=conf), rows)
    statement(f"CREATE STREAM {topic} WITH (KAFKA_TOPIC='{topic}', VALUE_FORMAT='JSON_SR');"
              f"CREATE STREAM {topic}_out WITH (KAFKA_TOPIC='{topic}_out') AS SELECT * FROM {topic};")
    check(f'JSON_SR, {how}', consume(f'{topic}_out', JSONDeserializer(None, schema_registry_client=sr), ROWS), rows)
    latest = sr.get_latest_version(f'{topic}_out-value').schema.schema_str
    again = JSONSerializer(latest, sr, conf={'auto.register.schemas': False, 'use.latest.version': True, **conf})
    produce(f'{topic}_out', again, rows)
    statement(f"CREATE STREAM {topic}_again WITH (KAFKA_TOPIC='{topic}_again') AS SELECT * FROM {topic}_out;")
    check(f'JSON_SR written back, {how}', consume(f'{topic}_again', JSONDeserializer(None, schema_registry_client=sr), 2 * ROWS), rows + rows)


def protobuf(how, conf):
    topic = f'py_proto_{how}'
    make(topic)
    order = order_class()
    rows = [order(id=i, name=f'näme {i}', tags=['a', str(i)]) for i in range(ROWS)]
    for i, row in enumerate(rows):
        row.at.seconds, row.at.nanos = 1700000000 + i, 5000000
    produce(topic, ProtobufSerializer(order, sr, conf=conf), rows)
    statement(f"CREATE STREAM {topic} WITH (KAFKA_TOPIC='{topic}', VALUE_FORMAT='PROTOBUF', VALUE_SCHEMA_FULL_NAME='shop.Order');"
              f"CREATE STREAM {topic}_out WITH (KAFKA_TOPIC='{topic}_out', VALUE_FORMAT='PROTOBUF') AS SELECT * FROM {topic};")
    result = latest_message(f'{topic}_out-value')

    def plain(messages):
        return [{k.upper(): v for k, v in MessageToDict(m, preserving_proto_field_name=True).items()} for m in messages]
    want = plain(rows)
    check(f'PROTOBUF, {how}', plain(consume(f'{topic}_out', ProtobufDeserializer(result, schema_registry_client=sr), ROWS)), want)
    read = consume(topic, ProtobufDeserializer(order, schema_registry_client=sr), ROWS)
    check(f'PROTOBUF of its own, {how}', plain(read), want)
    again = ProtobufSerializer(result, sr, conf={'auto.register.schemas': False, 'use.latest.version': True, **conf})
    back = []
    for m in rows:
        one = result()
        for field in result.DESCRIPTOR.fields:
            value = getattr(m, field.name.lower())
            if field.is_repeated:
                getattr(one, field.name).extend(value)
            elif field.message_type is not None:
                getattr(one, field.name).MergeFromString(value.SerializeToString())
            else:
                setattr(one, field.name, value)
        back.append(one)
    produce(f'{topic}_out', again, back)
    statement(f"CREATE STREAM {topic}_again WITH (KAFKA_TOPIC='{topic}_again') AS SELECT * FROM {topic}_out;")
    last = latest_message(f'{topic}_again-value')
    check(f'PROTOBUF written back, {how}', plain(consume(f'{topic}_again', ProtobufDeserializer(last, schema_registry_client=sr), 2 * ROWS)), want + want)


for how, conf in (('prefix', {}), ('header', {'schema.id.serializer': header_schema_id_serializer})):
    for run in (avro, json_sr, protobuf):
        run(how, conf)
