package planner

import (
	"regexp"
	"slices"
	"strings"

	"weir/catalog"
	"weir/parser/ast"
	"weir/types"
)

// functionName is what functions are called: their names are found in any case.
var functionName = regexp.MustCompile("^[A-Z_][A-Z0-9_]*$")

func (b *builder) createFunction(s *ast.CreateFunction) (*Plan, error) {
	name := strings.ToUpper(s.Name.Name)
	_, old := b.env.Catalog.Function(name)
	fs := b.env.Functions
	switch {
	case !functionName.MatchString(name):
		return nil, at(s.Name.Pos(), "a function's name consists of letters, digits and _, but this is %s", ast.Quote(s.Name.Name))
	case old && s.IfNotExists:
		return &Plan{Exists: "Function " + name + " already exists"}, nil
	case old && !s.OrReplace:
		return nil, at(s.Name.Pos(), "Function %s already exists. CREATE OR REPLACE FUNCTION puts another one in its place.", name)
	case !old && (fs.Scalar(name) != nil || fs.Aggregate(name) != nil || fs.Table(name) != nil):
		return nil, at(s.Name.Pos(), "%s is a function of Weir's own. Give this one another name.", name)
	case s.Language.Name != "WASM":
		return nil, at(s.Language.Pos(), "the language %s is not known: functions are written in any that makes a WebAssembly module, LANGUAGE WASM.", s.Language.Name)
	case b.env.Module == nil:
		return nil, at(s.Pos(), "functions can't be made here")
	}
	f := &catalog.Function{Name: name, File: s.File.Name, SHA256: strings.ToLower(s.SHA256), SQL: b.sql}
	for i, p := range s.Params {
		if slices.ContainsFunc(s.Params[:i], func(q ast.Field) bool { return q.Name == p.Name }) {
			return nil, at(p.Pos(), "there are two parameters named %s", p.Name)
		}
		t, err := b.passed(p.Type)
		if err != nil {
			return nil, err
		}
		f.Params = append(f.Params, types.Field{Name: p.Name, Type: t})
	}
	var err error
	if f.Returns, err = b.passed(s.Returns); err != nil {
		return nil, err
	}
	if err := b.env.Module(f); err != nil {
		return nil, at(s.File.Pos(), "The file '%s' does not serve as %s: %v", s.File.Name, name, err)
	}
	p := &Plan{}
	p.Change.PutFunction = f
	return p, nil
}

// passed is the type of a parameter or a result.
func (b *builder) passed(t *ast.Type) (*types.Type, error) {
	out, err := b.env.typeOf(t)
	if err != nil {
		return nil, err
	}
	switch out.Kind {
	case types.Boolean, types.Integer, types.Bigint, types.Double, types.String, types.Bytes:
		return out, nil
	}
	hint := "Pass it as a STRING, by CAST"
	switch out.Kind {
	case types.Array, types.Map, types.Struct:
		hint = "Pass it as JSON in a STRING, by TO_JSON_STRING"
	case types.Timestamp, types.Date, types.Time:
		hint = "Pass it as a BIGINT, by UNIX_TIMESTAMP or UNIX_DATE, or as a STRING"
	}
	return nil, at(t.Pos(), "%s does not go into a module: BOOLEAN, INTEGER, BIGINT, DOUBLE, STRING and BYTES do. %s.", out, hint)
}

func (b *builder) dropFunction(s *ast.DropFunction) (*Plan, error) {
	name := strings.ToUpper(s.Name.Name)
	if _, ok := b.env.Catalog.Function(name); ok {
		p := &Plan{}
		p.Change.DropFunction = name
		return p, nil
	}
	fs := b.env.Functions
	switch {
	case fs.Scalar(name) != nil || fs.Aggregate(name) != nil || fs.Table(name) != nil:
		return nil, at(s.Name.Pos(), "%s is a function of Weir's own, which can't be dropped.", name)
	case s.IfExists:
		return &Plan{Exists: "Function " + name + " does not exist"}, nil
	}
	return nil, at(s.Name.Pos(), "Function %s does not exist.", name)
}
