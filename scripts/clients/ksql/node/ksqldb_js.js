// ksqldb-js 1.1.2: most of it over HTTP/1.1, push queries and inserts over HTTP/2. Usage: node ksqldb_js.js URL OTHER, where OTHER is a server to stop
const { main, refused, same, tell, until } = require('./story')
const { byFetch } = require('./fetch')

async function work(name, Client, url, other) {
  const client = new Client({ ksqldbURL: url })
  await tell(name, {
    ...byFetch(url),
    create: async sql => (await client.ksql(sql)).commandStatus,
    insert: async (stream, row) => same('insertStream', await client.insertStream(stream, [row]), [{ status: 'ok', seq: 0 }]),
    async watch(sql, take) {
      let columns
      const queryId = await client.push(sql, line => columns ? take(JSON.parse(line)) : columns = JSON.parse(line))
      same('columns', columns, { queryId, columnNames: ['K', 'TOTAL'], columnTypes: ['STRING', 'BIGINT'] })
      return { queryId, stop: async () => same('terminate', (await client.terminate(queryId))['@type'], 'terminate_query') }
    },
    ask: async sql => (await client.pull(sql)).slice(1),
    list: async () => ({
      streams: (await client.ksql('LIST STREAMS;')).streams.map(s => s.name),
      tables: (await client.ksql('LIST TABLES;')).tables.map(t => t.name),
      queries: (await client.ksql('LIST QUERIES;')).queries.map(q => q.id),
    }),
    terminate: async id => same('terminate', (await client.terminate(id)).commandStatus.status, 'SUCCESS'),
    drop: sql => client.ksql(sql),
    wrong: async sql => {
      const error = await refused(sql, () => client.ksql(sql))
      same('error', [error.name, error.error_code], ['ksqlDBError', 40001])
      return error.message
    },
    row: (k, total) => [k, total],
    gone: k => [k, null, { tombstone: true }],
  })
  await build(client)
  same('isValidProperty', (await client.isValidProperty('auto.offset.reset')).data, true)
  same('inspectServerInfo', (await client.inspectServerInfo()).data.KsqlServerInfo.serverStatus, 'RUNNING')
  same('inspectServerHealth', (await client.inspectServerHealth()).data.isHealthy, true)
  same('inspectClusterStatus', Object.keys((await client.inspectClusterStatus()).data.clusterStatus).length, 1)
  same('terminateCluster', (await new Client({ ksqldbURL: other }).terminateCluster(['.*'])).status, 200)
}

// build has statements made by the client.
async function build(client) {
  const made = await client.createStream('BUILT', ['K STRING KEY', 'V BIGINT'], 'built', 'json', 1)
  same('createStream', made.data[0].commandStatus.status, 'SUCCESS')
  same('inspectQueryStatus', (await client.inspectQueryStatus(made.data[0].commandId)).data, { status: 'SUCCESS', message: 'Stream created', queryId: null })
  const queryId = await client.createStreamAs('BUILT_MANY', ['K', 'V'], 'BUILT', { kafka_topic: 'built_many', partitions: 1 }, 'V > 1', '')
  const sums = await client.createTableAs('BUILT_SUM', 'BUILT', ['K', 'SUM(V) AS TOTAL'], { topic: 'built_sum' }, { WHERE: 'V > 0', GROUP_BY: 'K', HAVING: 'SUM(V) < 100' })
  client.createTable('BUILT_TABLE', ['K STRING PRIMARY KEY', 'V BIGINT'], 'built', 'json', 1) // gives nothing to wait for
  await until('createTable', async () => (await client.ksql('LIST TABLES;')).tables.some(t => t.name === 'BUILT_TABLE'))
  same('insertStream', await client.insertStream('BUILT', [{ K: 'a', V: 1 }, { K: 'b', V: 2 }, { K: 'a', V: 3 }]), [0, 1, 2].map(seq => ({ status: 'ok', seq })))
  const rows = async sql => (await client.pull(sql)).slice(1).sort()
  let found
  await until('rows', async () => (found = await rows('SELECT K, TOTAL FROM BUILT_SUM;')).length === 2 && found[0][1] === 4)
  same('the table', found, [['a', 4], ['b', 2]])
  same('the stream', await rows('SELECT K, V FROM BUILT_MANY;'), [['a', 3], ['b', 2]])
  const year = new Date().getUTCFullYear()
  same('pullFromTo', (await client.pullFromTo('BUILT', 'UTC', [`${year - 1}-01-01`, '00', '00', '00'])).map(([k, v, date]) => [k, v, typeof date]), [['a', 1, 'string'], ['b', 2, 'string'], ['a', 3, 'string']])
  for (const id of [queryId, sums.data[0].commandStatus.queryId]) same('terminate', (await client.terminate(id)).commandStatus.status, 'SUCCESS')
  for (const drop of ['TABLE BUILT_SUM DELETE TOPIC', 'STREAM BUILT_MANY DELETE TOPIC', 'TABLE BUILT_TABLE', 'STREAM BUILT DELETE TOPIC']) await client.ksql(`DROP ${drop};`)
}

module.exports = { work }
if (require.main === module) main('ksqldb-js', (url, other) => work('ksqldb-js', require('ksqldb-js'), url, other))
