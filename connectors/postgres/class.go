// Package postgres is the sink that keeps the rows of a stream or table in a table of PostgreSQL, exactly once: the position is stored
// beside the rows, in their transaction.
package postgres

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"weir/connectors/connector"
)

// What a row does to the table.
const (
	upsert = "upsert"
	insert = "insert"
)

// topicMark and nameMark stand in a table's name for the name of the topic, and of the stream or table.
const (
	topicMark = "{topic}"
	nameMark  = "{name}"
)

// Class is the entry of sink class 'postgres'.
func Class() connector.Class {
	return connector.Class{
		Name: "postgres",
		Kind: connector.Sink,
		Doc: "Writes rows to a table of PostgreSQL. The rows of a table are kept by their key, with what it deletes deleted; those of a stream are added. " +
			"The position is stored in the same transaction, in the table weir_positions: each row counts once, whatever fails. " +
			"Names in capitals become small ones, as PostgreSQL has them. WINDOWSTART and WINDOWEND are of type timestamptz, as TIMESTAMPs are; MAPs, STRUCTs and ARRAYs are jsonb.",
		Properties: append([]connector.Property{
			{Name: "connection.url", Type: connector.String, Required: true, Doc: "where the database is: postgres://HOST:5432/DATABASE?sslmode=require, or as for JDBC with jdbc:postgresql in front"},
			{Name: "connection.user", Type: connector.String, Doc: "the user, where the URL does not name it"},
			{Name: "connection.password", Type: connector.String, Doc: "the password; best as ${env:NAME} or ${file:PATH}"},
			{Name: "table.name.format", Type: connector.String, Default: nameMark, Doc: "the table, with its schema if need be; " + nameMark + " stands for the name of the stream or table, " + topicMark + " for that of the topic"},
			{Name: "insert.mode", Type: connector.String, Values: []string{upsert, insert}, Doc: "upsert keeps the last row of each key, insert adds rows. Default: upsert for tables, insert for streams"},
			{Name: "pk.fields", Type: connector.String, Doc: "the columns that are the key for upsert, with commas between them. Default: those of the key, with those of its window"},
			{Name: "auto.create", Type: connector.Boolean, Default: "true", Doc: "makes the table if it is not there"},
			{Name: "delete.enabled", Type: connector.Boolean, Default: "true", Doc: "deletes rows that the table deletes"},
		}, connector.Flush{Rows: "5000", Bytes: "8388608", Interval: "100ms"}.SinkProperties()...),
		Example: "CREATE SINK CONNECTOR counts WITH ('connector.class'='postgres', 'connection.url'='postgres://127.0.0.1:5432/site', " +
			"'connection.user'='weir', 'connection.password'='${env:WEIR_SECRET_DB}', 'from'='visits_by_country', 'flush.interval'='5s');",
		OpenSink: open,
	}
}

func open(env connector.Env, v connector.Values) (connector.Opened, error) {
	url := strings.TrimPrefix(v.Text("connection.url"), "jdbc:")
	config, err := pgx.ParseConfig(url)
	if err != nil { // whose text may hold the password
		return connector.Opened{}, fmt.Errorf("property 'connection.url': expected an address such as postgres://127.0.0.1:5432/database?sslmode=disable")
	}
	if v.Given("connection.user") {
		config.User = v.Text("connection.user")
	}
	if v.Given("connection.password") {
		config.Password = v.Text("connection.password")
	}
	config.RuntimeParams["application_name"] = "weir " + env.Name
	config.RuntimeParams["timezone"] = "UTC"
	s := &sink{
		env: env, config: config, mode: v.Text("insert.mode"), create: v.Bool("auto.create"), deletes: v.Bool("delete.enabled"),
		name: v.Text("table.name.format"), key: v.List("pk.fields"),
	}
	if s.mode == insert && len(s.key) > 0 {
		return connector.Opened{}, fmt.Errorf("property 'pk.fields' is for 'insert.mode'='%s'", upsert)
	}
	if strings.TrimSpace(s.name) == "" {
		return connector.Opened{}, fmt.Errorf("property 'table.name.format' is empty")
	}
	return connector.Opened{Writer: s, Columns: true, Check: func(rels []connector.Relation) error { _, err := s.targets(rels); return err }}, nil
}
