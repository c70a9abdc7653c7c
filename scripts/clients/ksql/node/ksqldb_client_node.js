// ksqldb-client-node 1.1.1, over HTTP/2, for queries alone. Usage: node ksqldb_client_node.js URL
const { KsqlDbClient, KsqlDbQueryStreamError } = require('ksqldb-client-node')
const { main, refused, same, tell, until } = require('./story')
const { byFetch } = require('./fetch')

main('ksqldb-client-node', async url => {
  const session = new KsqlDbClient({ url }).session()
  const others = byFetch(url)
  async function all(sql) {
    const rows = []
    for await (const some of session.queryStream({ sql })) rows.push(...some)
    return rows
  }
  await tell('ksqldb-client-node', {
    ...others,
    async watch(sql, take) {
      const query = session.queryStream({ sql, properties: { 'auto.offset.reset': 'latest' } })
      const read = (async () => { for await (const some of query) some.forEach(take) })()
      await until('the columns', () => query.queryId)
      same('columns', [query.columnNames, query.columnTypes], [['K', 'TOTAL'], ['STRING', 'BIGINT']])
      return { queryId: query.queryId, stop: async () => { await others.ksql(`TERMINATE ${query.queryId};`); await read } }
    },
    ask: all,
    row: (K, TOTAL) => ({ K, TOTAL }),
    gone: K => ({ K, TOTAL: null }),
  })

  const error = await refused('a query that is wrong', () => all('SELECT * FROM NOWHERE;'))
  same('error', [error instanceof KsqlDbQueryStreamError, error.type, error.errorCode, error.message.split('\n')[0]], [true, 'statement_error', 40001, 'line 1:15: NOWHERE does not exist.'])
  session.close()
})
