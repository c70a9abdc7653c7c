// Package conformance holds cases of the dialect as text, in testdata/*.test, and runs each of them in several ways that
// must answer alike: on queries in memory, on an engine with the embedded broker, on one that is closed and opened again
// after every record, on one that commits by transactions, on one with the settings that users have, where changes of tables are held
// back and only the last of each key is compared, and on a Kafka where WEIR_TEST_KAFKA names one; each with one partition and with four.
//
// go test ./conformance -rewrite writes the answers as they are now into the files: read the difference before keeping it.
package conformance
