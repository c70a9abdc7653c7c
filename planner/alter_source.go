package planner

import (
	"strings"

	"weir/parser/ast"
	"weir/types"
)

func (b *builder) alterSource(s *ast.AlterSource) (*Plan, error) {
	src, ok := b.env.Catalog.Source(s.Name.Name)
	if !ok {
		return nil, at(s.Name.Pos(), "Source %s does not exist.%s", s.Name.Name, b.didYouMeanSource(s.Name.Name))
	}
	switch {
	case src.IsTable != s.IsTable:
		return nil, at(s.Name.Pos(), "Incompatible data source type is %s, but statement was ALTER %s", strings.ToUpper(src.Kind()), strings.ToUpper(kindName(s.IsTable)))
	case src.ReadOnly:
		return nil, at(s.Name.Pos(), "Cannot alter %s '%s': ALTER operations are not supported on source %ss.", src.Kind(), src.Name, src.Kind())
	case src.Query != "":
		return nil, at(s.Name.Pos(), "ALTER command is not supported for CREATE ... AS statements.")
	}
	added, err := b.declared(s.Add, s.IsTable)
	if err != nil {
		return nil, err
	}
	next := *src
	next.Schema = append(types.Schema(nil), src.Schema...)
	for i, c := range added {
		if c.Role != types.ValueColumn {
			return nil, at(s.Add[i].Pos(), "Only value columns can be added: `%s` is a key or header column.", c.Name)
		}
		if next.Schema.Find(c.Name) >= 0 {
			return nil, at(s.Add[i].Pos(), "Cannot add column `%s` to schema. A column with the same name already exists.", c.Name)
		}
		next.Schema = append(next.Schema, c)
	}
	next.SQL, next.Before = b.sql, before(src)
	p := &Plan{}
	p.Change.PutSource = &next
	return p, b.checkFormats(s.Name.Pos(), &next)
}
