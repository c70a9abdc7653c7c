// What every client of ksqlDB's for Node is asked to do, with exact answers. What one does not offer is left to fetch, see fetch.js.
const assert = require('assert')
const { isDeepStrictEqual } = require('util')

const same = (what, found, expected) => assert.deepStrictEqual(found, expected, `${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`)

async function until(what, condition) {
  for (const end = Date.now() + 60000; Date.now() < end; await new Promise(r => setTimeout(r, 20))) if (await condition()) return
  throw new Error(`${what}: not within a minute`)
}

// refused gives the error of an act that has to fail.
async function refused(what, act) {
  let answer
  try { answer = await act() } catch (error) { return error }
  throw new Error(`${what}: expected a refusal, found ${JSON.stringify(answer)}`)
}

// follow watches a table that holds some rows while others are inserted, each with the changes it makes, and answers with what ends that.
async function follow(client, table, stream, held, steps) {
  const changes = [], expected = []
  const watched = await client.watch(`SELECT K, TOTAL FROM ${table} EMIT CHANGES;`, row => changes.push(row), held)
  for (const [[K, V], more] of steps) {
    await client.insert(stream, { K, V })
    expected.push(...more)
    await until(`the changes of ${table} after ${K}=${V}`, () => changes.length >= expected.length)
    same(`changes of ${table}`, changes, expected)
  }
  return async () => {
    await watched.stop()
    await until('the end of the push query', async () => !(await client.list()).queries.includes(watched.queryId))
    same('changes at the end', changes, expected)
  }
}

// tell has a client create a stream and tables, watch them while rows come, change and go, by HAVING and from a list, ask, list, and end all of it.
//
//   create(sql)          a CREATE, whose answer is { status, queryId }
//   insert(stream, row)  a row, as an object
//   watch(sql, take, held)  a push query on a table that holds some rows: take is given each change; answers, once it has begun, { queryId, stop() }
//   ask(sql)             the rows of a pull query
//   list()               { streams, tables, queries }, names and ids
//   terminate(id), drop(sql)
//   wrong(sql)           the message with which a statement is refused
//   row(k, total), gone(k)  a row as the client shows it, and one that has gone
async function tell(name, client) {
  const P = name.toUpperCase().replace(/\W/g, '_'), stream = `${P}_IN`, table = `${P}_SUM`
  same('CREATE STREAM', (await client.create(`CREATE STREAM ${stream} (K STRING KEY, V BIGINT) WITH (KAFKA_TOPIC='${stream}', VALUE_FORMAT='JSON', PARTITIONS=1);`)).status, 'SUCCESS')
  const made = await client.create(`CREATE TABLE ${table} AS SELECT K, SUM(V) AS TOTAL FROM ${stream} GROUP BY K HAVING SUM(V) < 100 EMIT CHANGES;`)
  same('CREATE TABLE', made.status, 'SUCCESS')
  assert.match(made.queryId, new RegExp(`^CTAS_${table}_\\d+$`), 'the id of the query')
  const listed = async () => {
    const { streams, tables, queries } = await client.list()
    return { streams: streams.filter(s => s === stream), tables: tables.filter(t => t === table), queries: queries.filter(q => q === made.queryId) }
  }
  same('what there is', await listed(), { streams: [stream], tables: [table], queries: [made.queryId] })

  const ended = await follow(client, table, stream, [], [[['a', 1], [client.row('a', 1)]], [['b', 2], [client.row('b', 2)]], [['a', 200], [client.gone('a')]], [['c', 5], [client.row('c', 5)]]])
  const byKey = rows => rows.sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
  same('all rows', byKey(await client.ask(`SELECT K, TOTAL FROM ${table};`)), [client.row('b', 2), client.row('c', 5)])
  same('a row', await client.ask(`SELECT K, TOTAL FROM ${table} WHERE K = 'b';`), [client.row('b', 2)])
  same('the row that has gone', await client.ask(`SELECT K, TOTAL FROM ${table} WHERE K = 'a';`), [])

  await ended()
  const list = await client.create(`CREATE TABLE ${P}_TOP AS SELECT K, SUM(V) AS TOTAL FROM ${stream} GROUP BY K ORDER BY TOTAL DESC LIMIT 2 EMIT CHANGES;`)
  const top = [client.row('a', 201), client.row('c', 5)]
  await until('the list', async () => isDeepStrictEqual(byKey(await client.ask(`SELECT K, TOTAL FROM ${P}_TOP;`)), top))
  await (await follow(client, `${P}_TOP`, stream, top, [[['b', 10], [client.gone('c'), client.row('b', 12)]]]))()
  await client.terminate(list.queryId)
  await client.drop(`DROP TABLE ${P}_TOP DELETE TOPIC;`)

  same('a statement that is wrong', (await client.wrong('DROP STREAM NOWHERE;')).split('\n')[0], 'line 1:13: Stream NOWHERE does not exist.')

  await client.terminate(made.queryId)
  same('after TERMINATE', await listed(), { streams: [stream], tables: [table], queries: [] })
  await client.drop(`DROP TABLE ${table} DELETE TOPIC;`)
  await client.drop(`DROP STREAM ${stream} DELETE TOPIC;`)
  same('at the end', await listed(), { streams: [], tables: [], queries: [] })
}

// main runs a client's program: a failure ends it with what was expected, and so does a wait that never ends.
function main(name, work) {
  const timer = setTimeout(() => { console.error(`${name}: not through within two minutes`); process.exit(1) }, 120000)
  work(...process.argv.slice(2)).then(() => { clearTimeout(timer); console.log(`${name}: ok`); process.exit(0) }, error => { console.error(`${name}:`, error); process.exit(1) })
}

module.exports = { main, refused, same, tell, until }
