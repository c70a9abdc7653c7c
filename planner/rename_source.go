package planner

import (
	"slices"
	"strings"

	"weir/catalog"
	"weir/parser/ast"
)

// renameSource refuses what the statements of queries name: a restart plans these again, and would look for the old name.
func (b *builder) renameSource(s *ast.RenameSource) (*Plan, error) {
	src, ok := b.env.Catalog.Source(s.Name.Name)
	if !ok {
		return nil, at(s.Name.Pos(), "Source %s does not exist.%s", s.Name.Name, b.didYouMeanSource(s.Name.Name))
	}
	if src.IsTable != s.IsTable {
		return nil, at(s.Name.Pos(), "Incompatible data source type is %s, but statement was ALTER %s", strings.ToUpper(src.Kind()), strings.ToUpper(kindName(s.IsTable)))
	}
	if taken, ok := b.env.Catalog.Source(s.To.Name); ok {
		return nil, at(s.To.Pos(), "Cannot rename %s '%s': A %s with the name '%s' already exists", src.Kind(), src.Name, taken.Kind(), taken.Name)
	}
	if list := b.namedBy(src); len(list) > 0 {
		todo := "TERMINATE these queries first. What reads it or writes into it can be made again with its new name, and begins anew."
		if src.ReadOnly && src.Query != "" {
			todo = "The rows of a source table are kept under its name: DROP what reads it and the table, and create them again; the topic stays as it is."
		}
		return nil, at(s.Name.Pos(), "Cannot rename %s '%s': the statements of queries that run name it.\n  %s\n%s", src.Kind(), src.Name, strings.Join(list, "\n  "), todo)
	}
	next := *src
	next.Name, next.SQL, next.Before = s.To.Name, b.sql, before(src)
	p := &Plan{}
	p.Change.DropSource, p.Change.PutSource = src.Name, &next
	return p, nil
}

// namedBy tells of the queries whose statements name a stream or table.
func (b *builder) namedBy(src *catalog.Source) []string {
	var out []string
	for _, q := range b.env.Catalog.Queries() {
		switch {
		case q.ID == src.Query:
			out = append(out, q.ID+" makes it")
		case q.Sink == src.Name || q.Late == src.Name:
			out = append(out, q.ID+" writes into it")
		}
		if q.ID != src.Query && slices.Contains(q.Sources, src.Name) {
			out = append(out, q.ID+" reads from it")
		}
	}
	return out
}
