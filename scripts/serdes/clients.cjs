// Both families of JavaScript's serializers against a running Weir, as clients.py does it. Arguments: broker, registry, REST API.
const assert = require('node:assert/strict')
const { CompressionCodecs, CompressionTypes, Kafka, Partitioners, logLevel } = require('kafkajs')
const lz4 = require('lz4js')
const confluent = require('@confluentinc/schemaregistry')
const { SchemaRegistry, SchemaType } = require('@kafkajs/confluent-schema-registry')
const { create, createFileRegistry, fromBinary, toBinary, toJson } = require('@bufbuild/protobuf')
const { FileDescriptorProtoSchema } = require('@bufbuild/protobuf/wkt')

// kafkajs has no LZ4 of its own, in which topics are written.
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async (encoder) => Buffer.from(lz4.compress(encoder.buffer)),
  decompress: async (data) => Buffer.from(lz4.decompress(data)),
})

const [broker, registry, api] = process.argv.slice(2)
const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.ERROR })
const client = new confluent.SchemaRegistryClient({ baseURLs: [registry] })
const ROWS = 200

async function statement(ksql) {
  const answer = await fetch(api + '/ksql', {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ksql, streamsProperties: { 'ksql.streams.auto.offset.reset': 'earliest' } }),
  })
  assert.equal(answer.status, 200, `${ksql}\n${await answer.text()}`)
}

async function make(topic) {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] })
  await admin.disconnect()
}

async function produce(topic, rows, serialize) {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  const messages = []
  for (const row of rows) {
    const headers = {}
    messages.push({ key: 'k', value: await serialize(row, headers), headers })
  }
  await producer.send({ topic, messages })
  await producer.disconnect()
}

async function consume(topic, count, deserialize) {
  const consumer = kafka.consumer({ groupId: topic })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const records = []
  await new Promise((done, failed) => {
    const late = setTimeout(() => failed(new Error(`${topic}: ${records.length} records of ${count}`)), 120_000)
    consumer.run({
      eachMessage: async ({ message }) => {
        records.push(message)
        if (records.length === count) {
          clearTimeout(late)
          done()
        }
      },
    }).catch(failed)
  })
  await consumer.disconnect()
  const out = []
  for (const record of records) out.push(await deserialize(record.value, record.headers))
  return out
}

function check(what, got, want) {
  assert.deepEqual(got, want, what)
  console.log(`javascript ${what}: ${got.length} rows there and back`)
}

// round writes rows, has Weir copy them, reads the copy, writes it back with the schema that Weir made and reads what comes of that.
async function round(what, topic, format, rows, plain, write, read, writeBack) {
  await make(topic)
  await produce(topic, rows, write(topic))
  await statement(`CREATE STREAM ${topic} WITH (KAFKA_TOPIC='${topic}', VALUE_FORMAT='${format}');` +
    `CREATE STREAM ${topic}_out WITH (KAFKA_TOPIC='${topic}_out') AS SELECT * FROM ${topic};`)
  const want = rows.map(plain)
  check(what, (await consume(`${topic}_out`, ROWS, read(`${topic}_out`))).map(plain), want)
  if (!writeBack) return
  await produce(`${topic}_out`, rows, await writeBack(`${topic}_out`))
  await statement(`CREATE STREAM ${topic}_again WITH (KAFKA_TOPIC='${topic}_again') AS SELECT * FROM ${topic}_out;`)
  check(`${what}, written back`, (await consume(`${topic}_again`, 2 * ROWS, read(`${topic}_again`))).map(plain), want.concat(want))
}

const range = (make) => Array.from({ length: ROWS }, (_, i) => make(i))
const avroSchema = JSON.stringify({
  type: 'record', name: 'Order', namespace: 'shop', fields: [
    { name: 'ID', type: 'long' }, { name: 'NAME', type: ['null', 'string'], default: null }, { name: 'TAGS', type: { type: 'array', items: 'string' } }],
})
const jsonSchema = JSON.stringify({
  $schema: 'http://json-schema.org/draft-07/schema#', title: 'Order', type: 'object',
  properties: { ID: { type: 'integer' }, NAME: { type: 'string' }, SUM: { type: 'number' } },
})
const avroRows = range((i) => ({ ID: i, NAME: i % 7 ? `näme ${i}` : null, TAGS: ['a', String(i)] }))
const jsonRows = range((i) => ({ ID: i, NAME: `näme ${i}`, SUM: i / 4 }))
const same = (row) => ({ ...row })
const VALUE = confluent.SerdeType.VALUE

async function confluents(how, ids) {
  const latest = { autoRegisterSchemas: false, useLatestVersion: true, ...ids }
  const kinds = [
    ['avro', 'AVRO', avroSchema, avroRows, confluent.AvroSerializer, confluent.AvroDeserializer],
    ['json', 'JSON_SR', jsonSchema, jsonRows, confluent.JsonSerializer, confluent.JsonDeserializer]]
  for (const [name, format, schema, rows, Serializer, Deserializer] of kinds) {
    const topic = `js_${name}_${how}`
    await client.register(`${topic}-value`, { schema, schemaType: name.toUpperCase() })
    const write = (conf) => (to) => {
      const s = new Serializer(client, VALUE, conf)
      return (row, headers) => s.serialize(to, row, headers)
    }
    const read = (from) => {
      const d = new Deserializer(client, VALUE, {})
      return (data, headers) => d.deserialize(from, data, headers)
    }
    await round(`${format} of @confluentinc, ${how}`, topic, format, rows, same, write(latest), read, write(latest))
  }
}

async function protobuf(how, ids) {
  const topic = `js_proto_${how}`
  const TYPE = { int64: 3, string: 9 }
  const field = (name, number, type, label = 1) => ({ name, number, type, label })
  const file = create(FileDescriptorProtoSchema, {
    name: 'order.proto', package: 'shop', syntax: 'proto3', messageType: [
      { name: 'Other', field: [field('n', 1, TYPE.int64)] },
      { name: 'Order', field: [field('ID', 1, TYPE.int64), field('NAME', 2, TYPE.string), field('TAGS', 3, TYPE.string, 3)] }],
  })
  const files = createFileRegistry(file, () => undefined)
  const order = files.getMessage('shop.Order')
  const rows = range((i) => create(order, { ID: BigInt(i), NAME: `näme ${i}`, TAGS: ['a', String(i)] }))
  const plain = (m) => ({ ID: String(m.ID), NAME: m.NAME, TAGS: [...m.TAGS] })
  const serializer = new confluent.ProtobufSerializer(client, VALUE, { autoRegisterSchemas: true, ...ids })
  serializer.registry.add(order)
  await make(topic)
  await produce(topic, rows, (row, headers) => serializer.serialize(topic, row, headers))
  await statement(`CREATE STREAM ${topic} WITH (KAFKA_TOPIC='${topic}', VALUE_FORMAT='PROTOBUF', VALUE_SCHEMA_FULL_NAME='shop.Order');` +
    `CREATE STREAM ${topic}_out WITH (KAFKA_TOPIC='${topic}_out') AS SELECT * FROM ${topic};`)
  const deserializer = new confluent.ProtobufDeserializer(client, VALUE, {})
  const read = (from) => (data, headers) => deserializer.deserialize(from, data, headers)
  check(`PROTOBUF of @confluentinc, ${how}`, (await consume(`${topic}_out`, ROWS, read(`${topic}_out`))).map(plain), rows.map(plain))
}

async function kafkajs() {
  // strict: it refuses connect.index and connect.type, which Kafka Connect's and ksqlDB's schemas have too.
  const own = new SchemaRegistry({ host: registry }, { [SchemaType.JSON]: { strict: false } })
  for (const [name, format, type, schema, rows] of [
    ['avro', 'AVRO', SchemaType.AVRO, avroSchema, avroRows], ['json', 'JSON_SR', SchemaType.JSON, jsonSchema, jsonRows]]) {
    const topic = `kafkajs_${name}`
    const { id } = await own.register({ type, schema }, { subject: `${topic}-value` })
    const write = (id) => (row) => own.encode(id, row)
    await round(`${format} of @kafkajs`, topic, format, rows, same, () => write(id), () => (data) => own.decode(data),
      async (out) => write(await own.getLatestSchemaId(`${out}-value`)))
  }
}

async function all() {
  for (const [how, ids] of [['prefix', {}], ['header', { schemaIdSerializer: confluent.HeaderSchemaIdSerializer }]]) {
    await confluents(how, ids)
    await protobuf(how, ids)
  }
  await kafkajs()
}

all().then(() => process.exit(0), (e) => {
  console.error(e)
  process.exit(1)
})
