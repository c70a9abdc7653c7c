// Node's fetch, over HTTP/1.1, with bodies that say text/plain as those of browsers do. Usage: node fetch.js URL
const { main, refused, same, tell } = require('./story')

async function post(url, path, body, headers = {}) {
  const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  const text = await answer.text()
  if (answer.status === 200) return text ? JSON.parse(text) : undefined
  throw new Error(JSON.parse(text).message)
}

function byFetch(url) {
  const ksql = sql => post(url, '/ksql', { ksql: sql })
  return {
    ksql,
    create: async sql => (await ksql(sql))[0].commandStatus,
    insert: (stream, row) => ksql(`INSERT INTO ${stream} (K, V) VALUES ('${row.K}', ${row.V});`),
    async watch(sql, take) {
      const control = new AbortController()
      const answer = await fetch(url + '/query-stream', { method: 'POST', body: JSON.stringify({ sql }), signal: control.signal })
      const lines = (async function* () {
        let rest = ''
        for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
          const parts = (rest + chunk).split('\n')
          rest = parts.pop()
          yield* parts.filter(Boolean)
        }
      })()
      const head = JSON.parse((await lines.next()).value)
      same('columns', [head.columnNames, head.columnTypes], [['K', 'TOTAL'], ['STRING', 'BIGINT']])
      const read = (async () => { for await (const line of lines) take(JSON.parse(line)) })().catch(error => { if (error.name !== 'AbortError') throw error })
      return { queryId: head.queryId, stop: () => { control.abort(); return read } }
    },
    ask: async sql => (await post(url, '/query-stream', { sql }, { accept: 'application/json' })).slice(1),
    async list() {
      const [streams, tables, queries] = await ksql('LIST STREAMS; LIST TABLES; LIST QUERIES;')
      return { streams: streams.streams.map(s => s.name), tables: tables.tables.map(t => t.name), queries: queries.queries.map(q => q.id) }
    },
    terminate: id => ksql(`TERMINATE ${id};`),
    drop: sql => ksql(sql),
    wrong: async sql => (await refused(sql, () => ksql(sql))).message,
    row: (k, total) => [k, total],
    gone: k => [k, null, { tombstone: true }],
  }
}

module.exports = { byFetch }
if (require.main === module) main("Node's fetch", url => tell('fetch', byFetch(url)))
