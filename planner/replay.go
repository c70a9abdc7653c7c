package planner

import (
	"errors"
	"slices"
	"strings"

	"weir/catalog"
	"weir/parser/ast"
)

// replays says whether REPLAY=true has a table computed anew.
func (b *builder) replays(s *ast.CreateAs) (bool, error) {
	w, err := b.with(s.With, s.Name.Pos())
	if err != nil {
		return false, err
	}
	pos, given := w.pos["REPLAY"]
	switch {
	case !given || w.vals["REPLAY"] != "true":
		return false, nil
	case !s.OrReplace:
		return false, at(pos, "REPLAY goes with CREATE OR REPLACE TABLE ... AS SELECT, and computes a table anew that is there already")
	case !s.IsTable:
		return false, at(pos, "REPLAY computes a table anew, row by row in its place. The rows of a stream can't be taken back: "+
			"write the changed query's rows to another stream, with a topic of its own")
	case w.pos["LATE_STREAM"] != (ast.Pos{}):
		return false, at(w.pos["LATE_STREAM"], "LATE_STREAM does not go with REPLAY: the rows that it has already would come again")
	}
	return true, nil
}

// Replays says whether a statement has REPLAY=true.
func Replays(s *ast.CreateAs) bool {
	return slices.ContainsFunc(s.With, func(p ast.Prop) bool {
		text, err := propText(p, "REPLAY", withBool)
		return strings.ToUpper(p.Name) == "REPLAY" && err == nil && text == "true"
	})
}

// notReplayed refuses REPLAY where nothing is computed.
func (w *with) notReplayed() error {
	if pos, ok := w.pos["REPLAY"]; ok {
		return at(pos, "REPLAY goes with CREATE OR REPLACE TABLE ... AS SELECT, and computes a table anew that is there already")
	}
	return nil
}

// takesPlace has a query that was computed beside a table take its place.
func (b *builder) takesPlace(p *Plan, old *catalog.Source) {
	p.Replays = true
	if _, runs := b.env.Catalog.Query(old.Query); runs {
		p.Change.DropQuery = old.Query
	}
	p.Change.Built = b.env.Built
	p.Replaces = b.env.Built != "" // it goes on with the state and the offsets that it has there
}

// orReplay adds to what can't be changed in place how a table is changed all the same.
func orReplay(err error, s *ast.CreateAs) error {
	var e *Error
	if !s.IsTable || !errors.As(err, &e) {
		return err
	}
	told := *e
	told.Msg += "\nTo compute the table anew from the beginning of its topics, and put it in the place of this one: CREATE OR REPLACE TABLE ... WITH (REPLAY=true) AS ..."
	return &told
}

// Beside is the statement that computes anew, beside the table that is there, what a statement with REPLAY=true makes: a table of its own, of a name and a topic
// that are free, with as many partitions.
func Beside(s *ast.CreateAs, name, topic string, partitions int) *ast.CreateAs {
	out := &ast.CreateAs{At: s.At, IsTable: true, Name: ast.Ident{At: s.Name.At, Name: name}, Query: s.Query}
	put := func(name string, x ast.Expr) {
		out.With = append(out.With, ast.Prop{Ident: ast.Ident{Name: name}, Value: x})
	}
	put("KAFKA_TOPIC", &ast.StringLit{Value: topic})
	put("PARTITIONS", &ast.BigintLit{Value: int64(partitions)})
	out.With = append(out.With, without(s.With, "REPLAY", "KAFKA_TOPIC", "PARTITIONS")...)
	return out
}

// without are the properties of a WITH clause but for some.
func without(with []ast.Prop, names ...string) []ast.Prop {
	return slices.DeleteFunc(slices.Clone(with), func(p ast.Prop) bool { return slices.Contains(names, strings.ToUpper(p.Name)) })
}
