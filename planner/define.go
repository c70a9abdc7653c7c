package planner

import (
	"fmt"

	"weir/parser/ast"
)

// define plans a statement that changes what there is.
func (b *builder) define(s ast.Definition) (*Plan, error) {
	switch s := s.(type) {
	case *ast.CreateSource:
		return b.createSource(s)
	case *ast.CreateAs:
		return b.createAs(s)
	case *ast.InsertSelect:
		return b.insertSelect(s)
	case *ast.AlterSource:
		return b.alterSource(s)
	case *ast.RenameSource:
		return b.renameSource(s)
	case *ast.DropSource:
		return b.dropSource(s)
	case *ast.CreateType:
		return b.createType(s)
	case *ast.DropType:
		return b.dropType(s)
	case *ast.CreateFunction:
		return b.createFunction(s)
	case *ast.DropFunction:
		return b.dropFunction(s)
	}
	return nil, at(s.Pos(), "%T can't be planned", s)
}

// Answer tells what was done when the plan of a statement was carried out, as ksqlDB words it.
func (p *Plan) Answer(s ast.Definition) string {
	if p.Query != nil {
		return "Created query with ID " + p.Query.ID
	}
	name := s.Defines().Name.Name
	switch s := s.(type) {
	case *ast.CreateSource:
		return title(kindName(s.IsTable)) + " created"
	case *ast.AlterSource:
		return fmt.Sprintf("%s %s altered.", title(kindName(s.IsTable)), name)
	case *ast.RenameSource:
		return fmt.Sprintf("%s %s is named %s now.", title(kindName(s.IsTable)), name, s.To.Name)
	case *ast.DropSource:
		return fmt.Sprintf("Source `%s` was dropped.", name)
	case *ast.CreateType:
		return fmt.Sprintf("Registered custom type with name '%s' and SQL type %s", name, p.Change.Type)
	case *ast.DropType:
		return fmt.Sprintf("Dropped type '%s'", name)
	case *ast.CreateFunction:
		return fmt.Sprintf("Function %s created", p.Change.PutFunction.Name)
	case *ast.DropFunction:
		return fmt.Sprintf("Function %s was dropped", name)
	case *ast.CreateAs, *ast.InsertSelect: // these have a query
	}
	return ""
}
