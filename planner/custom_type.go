package planner

import "weir/parser/ast"

func (b *builder) createType(s *ast.CreateType) (*Plan, error) {
	if _, ok := b.env.Catalog.Type(s.Name.Name); ok {
		if s.IfNotExists {
			return &Plan{Exists: s.Name.Name + " is already registered with type " + s.Name.Name}, nil
		}
		return nil, at(s.Name.Pos(), "Cannot register custom type '%s' since it is already registered with type: %s",
			s.Name.Name, b.env.Catalog.Types()[s.Name.Name])
	}
	t, err := b.env.typeOf(s.Type)
	if err != nil {
		return nil, err
	}
	p := &Plan{}
	p.Change.PutType, p.Change.Type = s.Name.Name, t
	return p, nil
}

func (b *builder) dropType(s *ast.DropType) (*Plan, error) {
	if _, ok := b.env.Catalog.Type(s.Name.Name); !ok {
		if s.IfExists {
			return &Plan{Exists: "Type '" + s.Name.Name + "' does not exist"}, nil
		}
		return nil, at(s.Name.Pos(), "Type %s does not exist.", s.Name.Name)
	}
	p := &Plan{}
	p.Change.DropType = s.Name.Name
	return p, nil
}
