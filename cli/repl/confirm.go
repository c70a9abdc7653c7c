package repl

import (
	"context"
	"strings"

	"weir/engine"
	"weir/parser"
	"weir/parser/ast"
	"weir/server/render"
)

// confirm asks before a DROP ... CASCADE takes away more than what it names; only a person is asked. What can't be told beforehand is not asked about:
// the statement itself says what is wrong.
func (r *REPL) confirm(ctx context.Context, text string) (bool, error) {
	if !r.terminal || r.ask == nil {
		return true, nil
	}
	list, err := parser.Parse(text, parser.Options{})
	if err != nil {
		return true, nil //nolint:nilerr // the backend says it, with the variables in place
	}
	for _, s := range list {
		drop, ok := s.Node.(*ast.DropSource)
		if !ok || !drop.Cascade {
			continue
		}
		var got collector
		if err := r.Backend.Aside(nil).Execute(ctx, Script{Text: "EXPLAIN " + ast.Format(drop) + ";"}, &got); err != nil {
			continue
		}
		for _, e := range got.entities {
			c, ok := e.(*engine.Cascade)
			if !ok || len(c.Drops) < 2 {
				continue
			}
			for line := range strings.SplitSeq(c.Lines(), "\n") {
				if err := r.say(render.Clean(line) + "\n"); err != nil {
					return false, err
				}
			}
			answer, err := r.ask("Drop all of it? [y/N] ")
			if err != nil || !strings.HasPrefix(strings.ToLower(strings.TrimSpace(answer)), "y") {
				return false, r.say("Nothing was dropped.\n")
			}
		}
	}
	return true, nil
}
