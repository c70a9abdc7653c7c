// ksqldb-rx-client 1.1.1: statements over HTTP/1.1, rows over HTTP/2. Usage: node ksqldb_rx_client.js URL
const { KsqlDBClient } = require('ksqldb-rx-client')
const { main, refused, same, tell, until } = require('./story')
const { byFetch } = require('./fetch')

main('ksqldb-rx-client', async url => {
  const client = new KsqlDBClient(url)
  const statement = async sql => {
    const answer = await client.statement(sql)
    if (answer.error_code) throw new Error(answer.message)
    return answer
  }
  const others = byFetch(url)
  const rows = sql => new Promise((resolve, reject) => {
    const all = []
    client.queryStream({ sql }).subscribe({ next: row => all.push(row), error: reject, complete: () => resolve(all) })
  })
  await tell('ksqldb-rx-client', {
    ...others,
    create: async sql => (await statement(sql))[0].commandStatus,
    insert: async (stream, row) => same('INSERT', await statement(`INSERT INTO ${stream} (K, V) VALUES ('${row.K}', ${row.V});`), []),
    // It keeps the line with the columns and the query's id to itself, and has no way to end a query but to end all of them. So the query begins with what is
    // there, to tell when it has begun.
    async watch(sql, take, held) {
      const before = (await others.list()).queries, table = new Map()
      let end, begun = false
      const done = new Promise((resolve, reject) => { end = { resolve, reject } })
      const next = row => {
        if (begun) return take(row)
        if (row.TOTAL === null) table.delete(row.K)
        else table.set(row.K, row)
      }
      client.queryStream({ sql, properties: { 'auto.offset.reset': 'earliest' } }).subscribe({ next, error: end.reject, complete: end.resolve })
      await until('what is there', () => table.size === held.length && held.every(row => table.get(row.K)?.TOTAL === row.TOTAL))
      begun = true
      let queryId
      await until('the push query', async () => queryId = (await others.list()).queries.find(id => !before.includes(id)))
      return { queryId, stop: async () => { await others.ksql(`TERMINATE ${queryId};`); await done } }
    },
    ask: rows,
    list: async () => ({
      streams: (await client.listStreams()).streams.map(s => s.name),
      tables: (await client.listTables()).tables.map(t => t.name),
      queries: (await statement('LIST QUERIES;'))[0].queries.map(q => q.id),
    }),
    terminate: id => statement(`TERMINATE ${id};`),
    drop: statement,
    wrong: async sql => (await refused(sql, () => statement(sql))).message,
    row: (K, TOTAL) => ({ K, TOTAL }),
    gone: K => ({ K, TOTAL: null }),
  })

  same('info', (await client.getInfo()).KsqlServerInfo.serverStatus, 'RUNNING')
  same('healthcheck', (await client.getHealthcheck()).isHealthy, true)
  same('LIST STREAMS EXTENDED', (await client.listStreamsExtended())['@type'], 'source_descriptions')
  same('LIST TABLES EXTENDED', (await client.listTablesExtended())['@type'], 'source_descriptions')
  // A query that is refused completes without rows: the object that says so is taken for the columns.
  same('a query that is wrong', await rows('SELECT * FROM NOWHERE;'), [])
  client.close()
})
