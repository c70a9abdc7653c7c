// ksqlient 1.0.1, ksqldb-js by its former name. Its package's "main" is misspelt where file names have their case. Usage: node ksqlient.js URL OTHER
const { main } = require('./story')
const { work } = require('./ksqldb_js')

main('ksqlient', (url, other) => work('ksqlient', require('ksqlient/ksqldb/ksqldb'), url, other))
