package project

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"weir/parser/ast"
)

// Server answers requests of ksqlDB's REST API.
type Server interface {
	Call(ctx context.Context, method, path string, body, into any) error
}

// State is how far a migration has come.
type State string

// The states.
const (
	Pending  State = "PENDING" // of files alone
	Running  State = "RUNNING"
	Migrated State = "MIGRATED"
	Failed   State = "ERROR"
)

// none stands for no version, and noReason for no error.
const (
	none     = "<none>"
	noReason = "N/A"
	current  = "CURRENT" // key of the version that was begun last
)

// Version is what the server keeps of a migration.
type Version struct {
	Version            int
	Name               string
	State              State
	Sum                string
	Started, Completed string // milliseconds since 1970; empty where that is not so yet
	Previous           string // version, or <none>
	Reason             string // of an error
}

// Project is one with the server on which it is carried out.
type Project struct {
	Config *Config
	Server Server
	// Patience is how long it is waited for the table to have what was written to the stream; 0 for a default.
	Patience time.Duration
}

func (p *Project) patience() time.Duration {
	if p.Patience > 0 {
		return p.Patience
	}
	return 30 * time.Second
}

// execute sends statements.
func (p *Project) execute(ctx context.Context, sql string, properties, variables map[string]string, into any) error {
	body := map[string]any{"ksql": sql, "streamsProperties": properties}
	if len(variables) > 0 {
		body["sessionVariables"] = variables
	}
	return p.Server.Call(ctx, http.MethodPost, "/ksql", body, into)
}

// Initialize makes the stream and the table in which the server keeps what was carried out.
func (p *Project) Initialize(ctx context.Context) error {
	streamTopic, tableTopic := p.Config.StreamTopic, p.Config.TableTopic
	if streamTopic == "" || tableTopic == "" {
		var info struct {
			Server struct {
				Service string `json:"ksqlServiceId"`
			} `json:"KsqlServerInfo"`
		}
		if err := p.Server.Call(ctx, http.MethodGet, "/info", nil, &info); err != nil {
			return err
		}
		if streamTopic == "" {
			streamTopic = info.Server.Service + "ksql_" + p.Config.Stream
		}
		if tableTopic == "" {
			tableTopic = info.Server.Service + "ksql_" + p.Config.Table
		}
	}
	stream := fmt.Sprintf("CREATE STREAM %s (version_key STRING KEY, version STRING, name STRING, state STRING, checksum STRING, started_on STRING, completed_on STRING, "+
		"previous STRING, error_reason STRING) WITH (KAFKA_TOPIC=%s, VALUE_FORMAT='JSON', PARTITIONS=1, REPLICAS=%d);", p.Config.Stream, ast.QuoteString(streamTopic), p.Config.Replicas)
	columns := "version_key"
	for _, c := range []string{"version", "name", "state", "checksum", "started_on", "completed_on", "previous", "error_reason"} {
		columns += fmt.Sprintf(", LATEST_BY_OFFSET(%s) AS %s", c, c)
	}
	table := fmt.Sprintf("CREATE TABLE %s WITH (KAFKA_TOPIC=%s) AS SELECT %s FROM %s GROUP BY version_key;", p.Config.Table, ast.QuoteString(tableTopic), columns, p.Config.Stream)
	if err := p.execute(ctx, stream, nil, nil, nil); err != nil {
		return fmt.Errorf("cannot make the stream %s: %w", p.Config.Stream, err)
	}
	if err := p.execute(ctx, table, map[string]string{"auto.offset.reset": "earliest"}, nil, nil); err != nil {
		return fmt.Errorf("cannot make the table %s: %w", p.Config.Table, err)
	}
	return nil
}

// Destroy removes them, with their topics. What was carried out stays.
func (p *Project) Destroy(ctx context.Context) error {
	for _, sql := range []string{"DROP TABLE IF EXISTS " + p.Config.Table + " DELETE TOPIC;", "DROP STREAM IF EXISTS " + p.Config.Stream + " DELETE TOPIC;"} {
		if err := p.execute(ctx, sql, nil, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// look asks for what is kept under a key; nil for nothing.
func (p *Project) look(ctx context.Context, key string) (*Version, error) {
	sql := fmt.Sprintf("SELECT version, name, state, checksum, started_on, completed_on, previous, error_reason FROM %s WHERE version_key = %s;", p.Config.Table, ast.QuoteString(key))
	var lines []struct {
		Row *struct {
			Columns []*string `json:"columns"`
		} `json:"row"`
		Error *struct {
			Message string `json:"message"`
		} `json:"errorMessage"`
	}
	if err := p.Server.Call(ctx, http.MethodPost, "/query", map[string]any{"ksql": sql, "streamsProperties": map[string]string{}}, &lines); err != nil {
		return nil, fmt.Errorf("cannot ask for the state of the migrations: %w. Was the project initialized? weir migrate initialize", err)
	}
	for _, l := range lines {
		if l.Error != nil {
			return nil, fmt.Errorf("cannot ask for the state of the migrations: %s", l.Error.Message)
		}
		if l.Row == nil {
			continue
		}
		if len(l.Row.Columns) != 8 {
			return nil, fmt.Errorf("%s has not the columns that it was made with", p.Config.Table)
		}
		text := func(i int) string {
			if l.Row.Columns[i] == nil {
				return ""
			}
			return *l.Row.Columns[i]
		}
		n, err := strconv.Atoi(text(0))
		if err != nil {
			return nil, fmt.Errorf("%s has the version %q under the key %s", p.Config.Table, text(0), key)
		}
		return &Version{n, text(1), State(text(2)), text(3), text(4), text(5), text(6), text(7)}, nil
	}
	return nil, nil
}

// write notes the state of a migration, as the last one begun and under its version, and waits until the table has it.
func (p *Project) write(ctx context.Context, v Version) error {
	version := strconv.Itoa(v.Version)
	for _, key := range []string{current, version} {
		var values []string
		for _, s := range []string{key, version, v.Name, string(v.State), v.Sum, v.Started, v.Completed, v.Previous, v.Reason} {
			values = append(values, strings.ReplaceAll(ast.QuoteString(s), "${", "$${")) // it is no variable
		}
		sql := fmt.Sprintf("INSERT INTO %s (version_key, version, name, state, checksum, started_on, completed_on, previous, error_reason) VALUES (%s);",
			p.Config.Stream, strings.Join(values, ", "))
		if err := p.execute(ctx, sql, nil, nil, nil); err != nil {
			return fmt.Errorf("cannot note the state of version %d: %w", v.Version, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, p.patience())
	defer cancel()
	for {
		is, err := p.look(ctx, version)
		last, failed := p.look(ctx, current)
		if err == nil && failed == nil && is != nil && last != nil && *is == v && *last == v {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("version %d was noted as %s, and %s does not show it yet: does its query run? %w", v.Version, v.State, p.Config.Table, cmp.Or(err, failed, ctx.Err()))
		case <-time.After(20 * time.Millisecond):
		}
	}
}
