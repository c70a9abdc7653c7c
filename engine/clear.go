package engine

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"weir/catalog"
	"weir/parser"
	"weir/types"
)

// Clear ends all queries and connectors, drops all that statements have made, and deletes the topics of streams and tables whose names match. It
// answers with the number of the last command.
func (e *Engine) Clear(ctx context.Context, s *Session, topics []*regexp.Regexp) (int64, error) {
	err := e.Execute(ctx, s, e.clearing(topics), func(parser.Stmt, Result) error { return nil })
	return e.Applied(), err
}

// clearing are the statements that do so.
func (e *Engine) clearing(topics []*regexp.Regexp) string {
	var b strings.Builder
	b.WriteString("TERMINATE ALL;\n")
	e.mu.Lock()
	names := slices.Sorted(maps.Keys(e.declared))
	e.mu.Unlock()
	for _, name := range names {
		b.WriteString("DROP CONNECTOR IF EXISTS " + types.QuoteName(name) + ";\n")
	}
	now := e.Snapshot()
	deleted := map[string]bool{}
	matches := func(src *catalog.Source) bool {
		return !src.ReadOnly && slices.ContainsFunc(topics, func(p *regexp.Regexp) bool { return p.MatchString(src.Topic) })
	}
	for _, src := range now.Sources() {
		if src.Name == problemStream {
			continue
		}
		b.WriteString("DROP " + strings.ToUpper(src.Kind()) + " IF EXISTS " + types.QuoteName(src.Name))
		if matches(src) && !deleted[src.Topic] {
			deleted[src.Topic] = true
			b.WriteString(" DELETE TOPIC")
		}
		b.WriteString(";\n")
	}
	for _, name := range slices.Sorted(maps.Keys(now.Types())) {
		b.WriteString("DROP TYPE IF EXISTS " + types.QuoteName(name) + ";\n")
	}
	return b.String()
}
