package ksqldb

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"weir/parser"
	"weir/parser/ast"
)

// Server answers requests of ksqlDB's REST API.
type Server interface {
	Call(ctx context.Context, method, path string, body, into any) error
}

// described is what DESCRIBE tells of a stream or table, as far as it matters here.
type described struct {
	Source struct {
		Name    string    `json:"name"`
		SQL     string    `json:"statement"`
		Writers []running `json:"writeQueries"`
		Readers []running `json:"readQueries"`
	} `json:"sourceDescription"`
}

// running is a query as lists have it.
type running struct {
	ID     string         `json:"id"`
	SQL    string         `json:"queryString"`
	State  string         `json:"state"`
	Counts map[string]int `json:"statusCount"`
}

func (q running) paused() bool { return q.State == "PAUSED" || q.Counts["PAUSED"] > 0 }

// ReadServer asks a server for its streams, tables, types and queries, and for the service id. The properties that statements were given with are
// not among what it tells.
func ReadServer(ctx context.Context, s Server) (commands []Command, service string, err error) {
	var info struct {
		Server struct {
			Service string `json:"ksqlServiceId"`
		} `json:"KsqlServerInfo"`
	}
	if err := s.Call(ctx, http.MethodGet, "/info", nil, &info); err != nil {
		return nil, "", err
	}
	commands, err = types(ctx, s)
	if err != nil {
		return nil, "", err
	}
	var lists []struct {
		Streams []struct{ Name string } `json:"streams"`
		Tables  []struct{ Name string } `json:"tables"`
	}
	if err := ask(ctx, s, "LIST STREAMS; LIST TABLES;", &lists); err != nil {
		return nil, "", err
	}
	var queries []Command
	for _, l := range lists {
		for _, one := range append(l.Streams, l.Tables...) {
			var d []described
			if err := ask(ctx, s, "DESCRIBE `"+strings.ReplaceAll(one.Name, "`", "``")+"`;", &d); err != nil {
				return nil, "", err
			}
			if len(d) != 1 {
				return nil, "", fmt.Errorf("the server's answer to DESCRIBE %s is not what was expected", one.Name)
			}
			made, own := d[0].commands()
			commands, queries = append(commands, made...), append(queries, own...)
		}
	}
	return append(commands, queries...), info.Server.Service, nil
}

func ask(ctx context.Context, s Server, sql string, into any) error {
	return s.Call(ctx, http.MethodPost, "/ksql", map[string]any{"ksql": sql, "streamsProperties": map[string]string{}}, into)
}

// types are those that have names.
func types(ctx context.Context, s Server) ([]Command, error) {
	var lists []struct {
		Types map[string]schema `json:"types"`
	}
	if err := ask(ctx, s, "LIST TYPES;", &lists); err != nil {
		return nil, err
	}
	var out []Command
	for _, l := range lists {
		for _, name := range slices.Sorted(maps.Keys(l.Types)) {
			out = append(out, Command{At: "type " + name, SQL: "CREATE TYPE " + ast.Quote(name) + " AS " + l.Types[name].sql()})
		}
	}
	return out, nil
}

// schema is a type as the API has it.
type schema struct {
	Type   string `json:"type"`
	Fields []struct {
		Name   string `json:"name"`
		Schema schema `json:"schema"`
	} `json:"fields"`
	Member     *schema                    `json:"memberSchema"`
	Parameters map[string]json.RawMessage `json:"parameters"`
}

func (t schema) sql() string {
	switch t.Type {
	case "STRUCT":
		var fields []string
		for _, f := range t.Fields {
			fields = append(fields, ast.Quote(f.Name)+" "+f.Schema.sql())
		}
		return "STRUCT<" + strings.Join(fields, ", ") + ">"
	case "ARRAY":
		return "ARRAY<" + t.Member.sql() + ">"
	case "MAP":
		return "MAP<STRING, " + t.Member.sql() + ">"
	case "DECIMAL":
		return fmt.Sprintf("DECIMAL(%s, %s)", t.Parameters["precision"], t.Parameters["scale"])
	}
	return t.Type
}

// commands are what makes a stream or table, and the other queries that write it.
func (d described) commands() (made, inserts []Command) {
	queryOf := func(list []running, prefix string) (running, bool) {
		for _, q := range list {
			if strings.HasPrefix(q.ID, prefix+strings.ToUpper(d.Source.Name)+"_") {
				return q, true
			}
		}
		return running{}, false
	}
	at := d.Source.Name
	pause := func(q running) []Command {
		if q.paused() {
			return []Command{{At: at, SQL: "PAUSE " + ast.Quote(q.ID)}}
		}
		return nil
	}
	// What was altered has its statements one behind the other.
	pieces := parser.Split(strings.TrimSuffix(strings.TrimSpace(d.Source.SQL), ";") + ";")
	for _, p := range pieces.Statements {
		c := Command{At: at, SQL: strings.TrimSuffix(p.Text, ";")}
		list, err := parser.Parse(c.SQL+"\n;", parser.Options{})
		if err != nil || len(list) != 1 {
			made = append(made, c)
			continue
		}
		switch n := list[0].Node.(type) {
		case *ast.CreateAs:
			q, runs := queryOf(d.Source.Writers, map[bool]string{true: "CTAS_", false: "CSAS_"}[n.IsTable])
			if c.QueryID = q.ID; !runs { // its query was terminated
				c.QueryID = map[bool]string{true: "CTAS_", false: "CSAS_"}[n.IsTable] + strings.ToUpper(n.Name.Name) + "_0"
				made = append(made, c, Command{At: at, SQL: "TERMINATE " + ast.Quote(c.QueryID)})
				continue
			}
			made = append(append(made, c), pause(q)...)
			continue
		case *ast.CreateSource:
			if q, ok := queryOf(d.Source.Readers, "CST_"); ok && n.IsTable && n.ReadOnly {
				c.QueryID = q.ID
			}
		default: // the others have no query
		}
		made = append(made, c)
	}
	for _, q := range d.Source.Writers {
		if strings.HasPrefix(strings.ToUpper(strings.TrimSpace(q.SQL)), "INSERT") {
			c := Command{At: at, SQL: strings.TrimSuffix(strings.TrimSpace(q.SQL), ";"), QueryID: q.ID}
			inserts = append(append(inserts, c), pause(q)...)
		}
	}
	return made, inserts
}
