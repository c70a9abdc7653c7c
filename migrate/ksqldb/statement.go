package ksqldb

import "weir/parser/ast"

// Statement is one of those that a cluster runs by.
type Statement struct {
	Kind        string // stream, table, type or query
	Name        string // of what it makes; of a query, what it writes
	SQL         string
	At          string
	Properties  map[string]string // those that have an effect under Weir
	QueryID     string
	Group       string
	Reset       string
	Schema      string
	Paused      bool
	Ended       bool     // its query was terminated, and what it made is still there
	Differences []string // what is not as it was, whatever the server says

	node   ast.Statement // nil where it can't be parsed
	alters string        // name of what it alters; empty for none
	types  map[string]*ast.Type
	shared bool // its query runs with others in one group
}

// LeftOut is a statement that needs nothing in its place, or that is none of a server's.
type LeftOut struct {
	At  string `json:"at"`
	SQL string `json:"sql"`
	Why string `json:"why"`
}

// Cluster is what a ksqlDB cluster runs.
type Cluster struct {
	Commands   int // that were read
	Statements []*Statement
	LeftOut    []LeftOut
}
