package planner

import (
	"strings"

	"weir/parser/ast"
)

func (b *builder) dropSource(s *ast.DropSource) (*Plan, error) {
	src, ok := b.env.Catalog.Source(s.Name.Name)
	if !ok {
		if s.IfExists {
			return &Plan{Exists: "Source " + s.Name.Name + " does not exist."}, nil
		}
		return nil, at(s.Name.Pos(), "%s %s does not exist.%s", title(kindName(s.IsTable)), s.Name.Name, b.didYouMeanSource(s.Name.Name))
	}
	if src.IsTable != s.IsTable {
		return nil, at(s.Name.Pos(), "Incompatible data source type is %s, but statement was DROP %s", strings.ToUpper(src.Kind()), strings.ToUpper(kindName(s.IsTable)))
	}
	p := &Plan{}
	p.Change.DropSource, p.Change.DropQuery = src.Name, src.Query
	if _, running := b.env.Catalog.Query(src.Query); !running {
		p.Change.DropQuery = ""
	}
	if s.DeleteTopic {
		if src.ReadOnly {
			return nil, at(s.Name.Pos(), "Cannot delete topic for read-only source: %s", src.Name)
		}
		p.Change.DropTopic = src.Topic
	}
	return p, nil
}
