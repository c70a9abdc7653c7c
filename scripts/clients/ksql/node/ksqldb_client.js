// ksqldb-client 1.0.5, over HTTP/2. Usage: node ksqldb_client.js URL
const Client = require('ksqldb-client')
const { main, refused, same, tell } = require('./story')
const { byFetch } = require('./fetch')

main('ksqldb-client', async url => {
  const { hostname, port } = new URL(url)
  const client = new Client({ host: hostname, port })
  await client.connect()
  const statement = async sql => {
    const { status, data, error } = await client.executeStatement(sql)
    if (error) throw error
    same(sql, status, 200)
    return data.rows[0]
  }
  await tell('ksqldb-client', {
    ...byFetch(url),
    create: async sql => (await statement(sql)).commandStatus,
    insert: async (stream, row) => same('insertInto', await client.insertInto(stream, row), { data: { rows: [{ status: 'ok', seq: 0 }] }, error: undefined, status: 200 }),
    async watch(sql, take) {
      let end
      const queryId = await new Promise((resolve, reject) => {
        end = client.streamQuery(sql, ({ metadata, rows }) => rows ? rows.forEach(take) : resolve(metadata.queryId))
        end.then(({ error }) => error && reject(new Error(error.message)), reject)
      })
      return {
        queryId,
        async stop() {
          same('terminatePushQuery', await client.terminatePushQuery(queryId), { data: undefined, error: undefined, status: 200 })
          same('columns', (await end).data.metadata, { queryId, columnNames: ['K', 'TOTAL'], columnTypes: ['STRING', 'BIGINT'] })
        },
      }
    },
    async ask(sql) {
      const { data, error } = await client.query(sql)
      if (error) throw new Error(error.message)
      return data.rows
    },
    list: async () => ({
      streams: (await client.listStreams()).map(s => s.name),
      tables: (await client.listTables()).map(t => t.name),
      queries: (await client.listQueries()).map(q => q.id),
    }),
    terminate: id => statement(`TERMINATE ${id};`),
    drop: statement,
    wrong: async sql => (await refused(sql, () => statement(sql))).message,
    row: (K, TOTAL) => ({ K, TOTAL }),
    gone: K => ({ K, TOTAL: null, undefined: { tombstone: true } }),
  })

  await statement("CREATE STREAM ROOM (K STRING KEY, V BIGINT) WITH (KAFKA_TOPIC='room', VALUE_FORMAT='JSON', PARTITIONS=1);")
  same('describeSource', (await client.describeSource('ROOM')).fields.map(f => [f.name, f.schema.type]), [['K', 'STRING'], ['V', 'BIGINT']])
  same('listTopics', (await client.listTopics()).filter(t => t.name === 'room'), [{ name: 'room', replicaInfo: [1] }])
  // It takes the object that tells of an error for a list.
  same('a row that is wrong', (await refused('insertInto', () => client.insertInto('NOWHERE', { K: 'a' }))).constructor, TypeError)
  // It looks for an entity in every answer, and INSERT has none: the row is there all the same.
  const error = await refused('INSERT by executeStatement', () => client.executeStatement("INSERT INTO ROOM (K, V) VALUES ('a', 1);"))
  same('INSERT by executeStatement', error.constructor, TypeError)
  same('the row', (await client.query('SELECT K, V FROM ROOM;')).data.rows, [{ K: 'a', V: 1 }])
  await statement('DROP STREAM ROOM DELETE TOPIC;')
  await client.disconnect()
})
