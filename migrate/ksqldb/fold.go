package ksqldb

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/parser"
	"weir/parser/ast"
)

// processingLog is the stream that ksqlDB's servers make of their log. Weir has one of its own under the same name.
const processingLog = "KSQL_PROCESSING_LOG"

// Fold finds out what is left of the commands of a service when all have been carried out.
func Fold(commands []Command, service string) *Cluster {
	f := &folding{service: service, types: map[string]*ast.Type{}}
	for _, c := range commands {
		f.command(c)
	}
	for _, s := range f.list {
		f.finish(s)
	}
	return &Cluster{Commands: len(commands), Statements: inOrder(f.list), LeftOut: f.leftOut}
}

// folding is what stands so far, in the order in which it was made.
type folding struct {
	service string
	list    []*Statement
	types   map[string]*ast.Type
	leftOut []LeftOut
}

func (f *folding) leave(c Command, why string) {
	f.leftOut = append(f.leftOut, LeftOut{c.At, parser.Masked(c.SQL), why})
}

func (f *folding) command(c Command) {
	if c.Kind == "cluster" && c.Action == "terminate" {
		f.list, f.types = nil, map[string]*ast.Type{}
		f.leave(c, "it ended the cluster, with all that came before")
		return
	}
	c.SQL = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(c.SQL), ";"))
	list, err := parser.Parse(c.SQL+"\n;", parser.Options{})
	if err != nil || len(list) != 1 {
		f.unread(c)
		return
	}
	switch n := list[0].Node.(type) {
	case *ast.CreateSource:
		f.source(c, c.SQL, n, n.Name.Name, n.IsTable, n.IfNotExists, n.OrReplace)
	case *ast.CreateAs:
		f.source(c, c.SQL, n, n.Name.Name, n.IsTable, n.IfNotExists, n.OrReplace)
	case *ast.InsertSelect:
		f.without(func(s *Statement) bool { return s.Kind == kindQuery && s.QueryID == c.QueryID && c.QueryID != "" })
		f.add(c, &Statement{Kind: kindQuery, Name: n.Target.Name, SQL: c.SQL, node: n})
	case *ast.AlterSource:
		f.add(c, &Statement{Kind: kind(n.IsTable), Name: n.Name.Name, SQL: c.SQL, node: n, alters: n.Name.Name})
	case *ast.CreateType:
		if _, there := f.types[n.Name.Name]; !there || !n.IfNotExists {
			f.types[n.Name.Name] = expand(n.Type, f.types)
			f.without(func(s *Statement) bool { return s.Kind == ast.KindType && s.Name == n.Name.Name })
			f.add(c, &Statement{Kind: ast.KindType, Name: n.Name.Name, SQL: c.SQL, node: n})
		}
	case *ast.DropType:
		delete(f.types, n.Name.Name)
		f.without(func(s *Statement) bool { return s.Kind == ast.KindType && s.Name == n.Name.Name })
	case *ast.DropSource:
		f.drop(n.Name.Name)
	case *ast.Terminate:
		f.terminate(n.All, n.QueryID.Name)
	case *ast.Pause:
		f.pause(n.All, n.QueryID.Name, true)
	case *ast.Resume:
		f.pause(n.All, n.QueryID.Name, false)
	default:
		f.leave(c, why(n))
	}
}

// The kind of a statement that makes a query alone.
const kindQuery = "query"

func kind(isTable bool) string {
	if isTable {
		return ast.KindTable
	}
	return ast.KindStream
}

// why says why a statement of a script is not taken over.
func why(n ast.Statement) string {
	switch n.(type) {
	case *ast.InsertValues:
		return "it writes a row once: the row lies in the topic, or is to be written by weir cli -f"
	case *ast.CreateConnector, *ast.DropConnector, *ast.PauseConnector:
		return "connectors belong to Kafka Connect, and stay there: ksql.connect.url names it to Weir, too"
	case *ast.AlterSystem:
		return "it sets the server, and not a query: docs/settings.md has Weir's settings"
	default:
		return "it makes nothing that would have to be there"
	}
}

// source makes or replaces a stream or table.
func (f *folding) source(c Command, text string, n ast.Statement, name string, isTable, ifNotExists, orReplace bool) {
	if name == processingLog {
		f.leave(c, "Weir has a stream of this name of its own, over a topic of its own")
		return
	}
	if f.has(name) && ifNotExists && !orReplace {
		return
	}
	f.without(func(s *Statement) bool { return s.Kind != ast.KindType && s.Kind != kindQuery && s.Name == name })
	f.add(c, &Statement{Kind: kind(isTable), Name: name, SQL: plainCreate(text, n), node: n})
}

// plainCreate is a CREATE without OR REPLACE and IF NOT EXISTS: nothing of Weir's own is to be replaced, and nothing of another meaning to be
// taken for it.
func plainCreate(text string, n ast.Statement) string {
	switch n := n.(type) {
	case *ast.CreateSource:
		if !n.OrReplace && !n.IfNotExists {
			return text
		}
		n.OrReplace, n.IfNotExists = false, false
	case *ast.CreateAs:
		if !n.OrReplace && !n.IfNotExists {
			return text
		}
		n.OrReplace, n.IfNotExists = false, false
	default: // about these alone
	}
	return ast.Format(n)
}

func (f *folding) has(name string) bool {
	return slices.ContainsFunc(f.list, func(s *Statement) bool { return ast.IsSource(s.Kind) && s.Name == name })
}

func (f *folding) without(gone func(*Statement) bool) { f.list = slices.DeleteFunc(f.list, gone) }

// add appends a statement with what its command says.
func (f *folding) add(c Command, s *Statement) {
	s.At, s.QueryID, s.Group, s.Schema = c.At, c.QueryID, c.Group, c.Schema
	s.Properties, s.Reset = maps.Clone(c.Properties), reset(c)
	s.types = maps.Clone(f.types)
	s.shared = c.Group != ""
	if s.Group == "" && s.QueryID != "" && f.service != "" {
		infix := "query_"
		if v := c.Server["ksql.persistent.prefix"]; v != "" {
			infix = v
		}
		s.Group = prefix(f.service) + infix + s.QueryID
	}
	if len(c.Properties) == 0 {
		s.Properties = map[string]string{}
	}
	f.list = append(f.list, s)
}

// reset is where a query began to read, by the session or the server.
func reset(c Command) string {
	for _, list := range []map[string]string{c.Properties, c.Server} {
		for _, name := range []string{"ksql.streams.auto.offset.reset", "auto.offset.reset", "ksql.streams.consumer.auto.offset.reset", "consumer.auto.offset.reset"} {
			if v := strings.ToLower(list[name]); v == "earliest" || v == "latest" {
				return v
			}
		}
	}
	return ""
}

// drop takes a stream or table out, and the query that made it.
func (f *folding) drop(name string) {
	f.without(func(s *Statement) bool { return s.Kind != ast.KindType && s.Name == name })
}

func (f *folding) terminate(all bool, id string) {
	f.without(func(s *Statement) bool { return s.Kind == kindQuery && (all || s.QueryID == id) })
	for _, s := range f.list {
		if _, made := s.node.(*ast.CreateAs); (made || s.node == nil) && s.QueryID != "" && (all || s.QueryID == id) {
			s.Ended, s.Paused = true, false
		}
	}
}

func (f *folding) pause(all bool, id string, paused bool) {
	for _, s := range f.list {
		if s.QueryID != "" && !s.Ended && (all || s.QueryID == id) {
			s.Paused = paused
		}
	}
}

// unread is a command that the parser does not take: its key tells what it is about.
func (f *folding) unread(c Command) {
	switch {
	case (ast.IsSource(c.Kind) || c.Kind == ast.KindType) && c.Action == "create":
		if !strings.HasPrefix(strings.ToUpper(strings.TrimSpace(c.SQL)), "INSERT") {
			f.without(func(s *Statement) bool {
				return s.Name == c.Entity && ast.IsSource(s.Kind) == ast.IsSource(c.Kind) && s.Kind != kindQuery
			})
		}
		f.add(c, &Statement{Kind: c.Kind, Name: c.Entity, SQL: c.SQL})
	case ast.IsSource(c.Kind) && c.Action == "alter":
		f.add(c, &Statement{Kind: c.Kind, Name: c.Entity, SQL: c.SQL, alters: c.Entity})
	case ast.IsSource(c.Kind) && c.Action == "drop":
		f.drop(c.Entity)
	case c.Kind == ast.KindType && c.Action == "drop":
		f.without(func(s *Statement) bool { return s.Kind == ast.KindType && s.Name == c.Entity })
	case c.Kind == "terminate":
		f.terminate(strings.EqualFold(c.Entity, "ALL"), c.Entity)
	case c.Kind == "pause" || c.Kind == "resume":
		f.pause(strings.EqualFold(c.Entity, "ALL"), c.Entity, c.Kind == "pause")
	default: // of a script: the server says what is wrong with it
		f.add(c, &Statement{Kind: "statement", Name: fmt.Sprintf("at %s", c.At), SQL: c.SQL})
	}
}
