// The ordinary work of kafkajs, with exact counts. Usage: node clients.js HOST:PORT
const { Kafka, CompressionTypes, logLevel, ConfigResourceTypes } = require('kafkajs')
const assert = require('assert')

const kafka = new Kafka({ brokers: [process.argv[2]], logLevel: logLevel.ERROR, clientId: 'kafkajs' })

async function read(groupId, topic, want) {
  const consumer = kafka.consumer({ groupId, readUncommitted: false })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const got = []
  await consumer.run({ eachMessage: async ({ message }) => { got.push(message) } })
  for (const until = Date.now() + 60000; got.length < want && Date.now() < until;) await new Promise(r => setTimeout(r, 50))
  await new Promise(r => setTimeout(r, 500))
  await consumer.disconnect()
  assert.strictEqual(got.length, want, `${topic}: records`)
  return got
}

async function main() {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [
    { topic: 'kafkajs', numPartitions: 3, configEntries: [{ name: 'retention.ms', value: '3600000' }] },
    { topic: 'kafkajs-tx', numPartitions: 2 },
  ] })
  const described = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: 'kafkajs' }] })
  assert.strictEqual(described.resources[0].configEntries.find(c => c.configName === 'retention.ms').configValue, '3600000')
  await assert.rejects(admin.createTopics({ topics: [{ topic: 'wrong', configEntries: [{ name: 'no.such', value: '1' }] }] }))

  for (const [name, compression] of [['none', CompressionTypes.None], ['gzip', CompressionTypes.GZIP]]) {
    const producer = kafka.producer({ idempotent: name === 'gzip' })
    await producer.connect()
    const messages = Array.from({ length: 1000 }, (_, i) => ({ key: name + i, value: 'v' + i, headers: { h: '1' }, timestamp: String(1000 + i) }))
    for (let i = 0; i < 1000; i += 100) await producer.send({ topic: 'kafkajs', compression, messages: messages.slice(i, i + 100) })
    await producer.disconnect()
  }
  const got = await read('kafkajs', 'kafkajs', 2000)
  assert.strictEqual(new Set(got.map(m => m.key.toString())).size, 2000, 'keys')
  const committed = await admin.fetchOffsets({ groupId: 'kafkajs', topics: ['kafkajs'] })
  assert.strictEqual(committed[0].partitions.reduce((sum, p) => sum + Number(p.offset), 0), 2000, 'committed')

  const producer = kafka.producer({ transactionalId: 'kafkajs', maxInFlightRequests: 1, idempotent: true })
  await producer.connect()
  for (let n = 0; n < 10; n++) {
    const tx = await producer.transaction()
    await tx.send({ topic: 'kafkajs-tx', messages: Array.from({ length: 50 }, (_, i) => ({ value: `${n}-${i}` })) })
    if (n % 5 === 4) await tx.abort()
    else await tx.commit()
  }
  await producer.send({ topic: 'kafkajs-made-on-use', messages: [{ value: 'x' }] })
  await producer.disconnect()
  await read('kafkajs-tx', 'kafkajs-tx', 400)
  await read('kafkajs-on-use', 'kafkajs-made-on-use', 1)

  await admin.fetchTopicMetadata({ topics: ['kafkajs'] })
  await admin.deleteTopicRecords({ topic: 'kafkajs', partitions: [{ partition: 0, offset: '5' }] })
  await read('kafkajs-rest', 'kafkajs', 1995)
  await admin.deleteGroups(['kafkajs-rest'])
  assert.ok(!(await admin.listGroups()).groups.some(g => g.groupId === 'kafkajs-rest'))
  await admin.disconnect()
  console.log('kafkajs: ok')
}

main().catch(e => { console.error(e); process.exit(1) })
