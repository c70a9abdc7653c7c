// Package main does with ksqldb-go what it offers, with exact answers. Usage: ksql URL OTHER, where OTHER is a server to stop
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/thmeitz/ksqldb-go"
	"github.com/thmeitz/ksqldb-go/net"
)

const (
	stream = "CREATE STREAM GO_IN (K STRING KEY, V BIGINT) WITH (KAFKA_TOPIC='GO_IN', VALUE_FORMAT='JSON', PARTITIONS=1);"
	table  = "CREATE TABLE GO_SUM AS SELECT K, SUM(V) AS TOTAL FROM GO_IN GROUP BY K HAVING SUM(V) < 100 EMIT CHANGES;"
	rows   = "SELECT K, TOTAL FROM GO_SUM"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := work(ctx, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "ksqldb-go:", err)
		os.Exit(1)
	}
	fmt.Println("ksqldb-go: ok")
}

func work(ctx context.Context, url, other string) error {
	client, err := ksqldb.NewClientWithOptions(net.Options{BaseUrl: url, AllowHTTP: true})
	if err != nil {
		return err
	}
	defer client.Close()
	for _, act := range []func(context.Context, *ksqldb.KsqldbClient) error{create, watch, ask, inform, end} {
		if err := act(ctx, &client); err != nil {
			return err
		}
	}
	last, err := ksqldb.NewClientWithOptions(net.Options{BaseUrl: other, AllowHTTP: true})
	if err != nil {
		return err
	}
	defer last.Close()
	_, err = last.TerminateCluster(".*")
	return same("TerminateCluster", error(nil), err)
}

func create(_ context.Context, client *ksqldb.KsqldbClient) error {
	for _, sql := range []string{stream, table} {
		answer, err := client.Execute(ksqldb.ExecOptions{KSql: sql})
		if err != nil {
			return err
		}
		if err := same(sql, "SUCCESS", (*answer)[0].CommandStatus.Status); err != nil {
			return err
		}
	}
	answer, err := client.Execute(ksqldb.ExecOptions{KSql: "LIST TABLES;"})
	if err != nil {
		return err
	}
	for _, t := range *(*answer)[0].Tables {
		if t.Name == "GO_SUM" {
			return same("LIST TABLES", ksqldb.Table{Name: "GO_SUM", Topic: "GO_SUM", Type: "TABLE"}, t)
		}
	}
	return fmt.Errorf("LIST TABLES: expected GO_SUM, found %v", *(*answer)[0].Tables)
}

// watch follows the table while one of its rows comes, changes and goes. LIMIT ends the query: who cancels the context may get an error,
// since the client asks for the end with the context that has ended.
func watch(ctx context.Context, client *ksqldb.KsqldbClient) error {
	heads, changes, done := make(chan ksqldb.Header, 1), make(chan ksqldb.Row, 8), make(chan error, 1)
	go func() { done <- client.Push(ctx, rows+" EMIT CHANGES LIMIT 4;", changes, heads) }()
	select {
	case <-heads:
	case err := <-done:
		return fmt.Errorf("the push query has ended at once: %w", err)
	}
	for _, c := range []struct {
		key   string
		value int
		want  ksqldb.Row
	}{
		{"a", 1, ksqldb.Row{"a", 1.0}},
		{"b", 2, ksqldb.Row{"b", 2.0}},
		{"a", 200, ksqldb.Row{"a", nil, map[string]any{"tombstone": true}}},
		{"c", 5, ksqldb.Row{"c", 5.0}},
	} {
		sql, err := ksqldb.QueryBuilder("INSERT INTO GO_IN (K, V) VALUES (?, ?);", c.key, c.value)
		if err != nil {
			return err
		}
		if _, err := client.Execute(ksqldb.ExecOptions{KSql: *sql}); err != nil {
			return err
		}
		select {
		case got := <-changes:
			if err := same("change", c.want, got); err != nil {
				return err
			}
		case err := <-done:
			return fmt.Errorf("the push query has ended before %v: %w", c.want, err)
		}
	}
	return same("the end of the push query", nil, <-done)
}

func ask(ctx context.Context, client *ksqldb.KsqldbClient) error {
	options := (&ksqldb.QueryOptions{Sql: rows + ";"}).EnablePullQueryTableScan(true)
	_, all, err := client.Pull(ctx, *options)
	if err != nil {
		return err
	}
	if len(all) == 2 && all[0][0] == "c" {
		all[0], all[1] = all[1], all[0]
	}
	if err := same("all rows", ksqldb.Payload{{"b", 2.0}, {"c", 5.0}}, all); err != nil {
		return err
	}
	_, one, err := client.Pull(ctx, ksqldb.QueryOptions{Sql: rows + " WHERE K = 'b';"})
	if err != nil {
		return err
	}
	if err := same("a row", ksqldb.Payload{{"b", 2.0}}, one); err != nil {
		return err
	}
	_, _, err = client.Pull(ctx, ksqldb.QueryOptions{Sql: rows + " WHERE K = 'a';"})
	return same("the row that has gone", true, errors.Is(err, ksqldb.ErrNotFound))
}

func inform(_ context.Context, client *ksqldb.KsqldbClient) error {
	info, err := client.GetServerInfo()
	if err != nil {
		return err
	}
	status, err := client.GetServerStatus()
	if err != nil {
		return err
	}
	cluster, err := client.GetClusterStatus()
	if err != nil {
		return err
	}
	if err := same("server", []any{"RUNNING", true, 1}, []any{info.ServerStatus, *status.IsHealthy, len(cluster.ClusterStatus.Host)}); err != nil {
		return err
	}
	valid, err := client.ValidateProperty("auto.offset.reset")
	if err != nil {
		return err
	}
	if err := same("ValidateProperty", true, *valid); err != nil {
		return err
	}
	// It puts the id right behind /status: with a slash before, it is found.
	command, err := client.GetQueryStatus("/stream/`GO_IN`/create")
	if err != nil {
		return err
	}
	return same("GetQueryStatus", ksqldb.QueryStatus{Status: "SUCCESS", Message: "Stream created"}, *command)
}

func end(_ context.Context, client *ksqldb.KsqldbClient) error {
	// It takes the list of sinks for text.
	_, err := client.Execute(ksqldb.ExecOptions{KSql: "LIST QUERIES;"})
	if err == nil || !strings.Contains(err.Error(), "cannot unmarshal array into Go struct field") {
		return fmt.Errorf("LIST QUERIES: expected an error of the client's, found %v", err)
	}
	for _, sql := range []string{"TERMINATE ALL;", "DROP TABLE GO_SUM DELETE TOPIC;", "DROP STREAM GO_IN DELETE TOPIC;"} {
		if _, err := client.Execute(ksqldb.ExecOptions{KSql: sql}); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	_, err = client.Execute(ksqldb.ExecOptions{KSql: "DROP STREAM NOWHERE;"})
	var refused ksqldb.ResponseError
	errors.As(err, &refused)
	return same("a wrong statement", 40001, refused.ErrCode)
}

// same fails unless what was found is what was expected.
func same(what string, want, got any) error {
	if !reflect.DeepEqual(want, got) {
		return fmt.Errorf("%s: expected %v, found %v", what, want, got)
	}
	return nil
}
