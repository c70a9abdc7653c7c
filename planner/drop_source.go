package planner

import (
	"slices"
	"strings"

	"weir/catalog"
	"weir/parser/ast"
	"weir/types"
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
	if s.Cascade {
		return b.cascade(s, src)
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

// cascade plans DROP ... CASCADE. Topics of others go where nothing that stays is declared over them.
func (b *builder) cascade(s *ast.DropSource, src *catalog.Source) (*Plan, error) {
	if s.DeleteTopic && src.ReadOnly {
		return nil, at(s.Name.Pos(), "Cannot delete topic for read-only source: %s", src.Name)
	}
	c := b.env.Catalog.Cascade(src.Name)
	if s.DeleteTopic {
		for _, name := range c.Sources {
			gone, _ := b.env.Catalog.Source(name)
			stays := slices.ContainsFunc(b.env.Catalog.Sources(), func(o *catalog.Source) bool {
				return o.Topic == gone.Topic && !slices.Contains(c.Sources, o.Name)
			})
			if (name == src.Name || !stays) && !slices.Contains(c.Topics, gone.Topic) {
				c.Topics = append(c.Topics, gone.Topic)
			}
		}
	}
	p := &Plan{}
	p.Change.Drop = c
	return p, nil
}

// Cascaded tells what goes by DROP ... CASCADE, a line for each, in the order in which it goes.
func Cascaded(c *catalog.Cascade, cat catalog.Reader) []string {
	var out []string
	for _, id := range c.Queries {
		out = append(out, "query "+id)
	}
	for _, name := range c.Sources {
		src, _ := cat.Source(name)
		out = append(out, src.Kind()+" "+types.QuoteName(name))
	}
	for _, topic := range c.Topics {
		out = append(out, "topic "+topic)
	}
	return out
}
