// @cubejs-backend/ksql-driver 1.7.43, that makes tables and describes them; their rows Cube reads from Kafka. Usage: node cube.js URL HOST:PORT
const { KsqlDriver } = require('@cubejs-backend/ksql-driver')
const { main, refused, same, tell } = require('./story')
const { byFetch } = require('./fetch')

main('@cubejs-backend/ksql-driver', async (url, kafkaHost) => {
  const driver = new KsqlDriver({ url, kafkaHost })
  const query = sql => driver.query(sql.replace(/;$/, '')) // it adds its own
  await driver.testConnection()
  await tell('cube', {
    ...byFetch(url),
    create: async sql => (await query(sql)).commandStatus,
    insert: async (stream, row) => same('INSERT', await driver.query(`INSERT INTO ${stream} (K, V) VALUES (?, ?)`, [row.K, row.V]), undefined),
    list: async () => ({
      streams: (await query('LIST STREAMS')).streams.map(s => s.name),
      tables: (await query('LIST TABLES')).tables.map(t => t.name),
      queries: (await query('LIST QUERIES')).queries.map(q => q.id),
    }),
    terminate: id => query(`TERMINATE ${id}`),
    drop: query,
    wrong: async sql => (await refused(sql, () => query(sql))).message.replace(`ksql API error for '${sql}': `, ''),
  })

  await query("CREATE STREAM `shop-orders` (K STRING KEY, V BIGINT) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=1)")
  await driver.loadPreAggregationIntoTable('shop.sums', 'CREATE TABLE `shop.sums` WITH (KAFKA_TOPIC=?) AS SELECT K, COUNT(*) AS N FROM `shop-orders` WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY K EMIT CHANGES', ['sums'], { streamOffset: 'earliest' })
  same('tablesSchema', (await driver.tablesSchema()).shop, { orders: [{ name: 'K', type: 'STRING' }, { name: 'V', type: 'BIGINT' }], sums: [{ name: 'K', type: 'STRING' }, { name: 'N', type: 'BIGINT' }] })
  const { types, partitions, streamingTable, streamingSource } = await driver.downloadTable('shop.sums', { streamOffset: 'earliest' })
  const windowed = ['K', 'WINDOWSTART', 'WINDOWEND', 'N']
  same('downloadTable', [types.map(t => t.name), partitions, streamingTable, streamingSource.type], [windowed, 1, 'sums', 'kafka'])
  await driver.dropTable('shop.sums')
  await query('DROP STREAM `shop-orders` DELETE TOPIC')
})
