package planner

import (
	"fmt"

	"weir/parser/ast"
	"weir/types"
)

var scalarTypes = map[ast.TypeKind]*types.Type{
	ast.TypeBoolean: types.TBoolean, ast.TypeInteger: types.TInteger, ast.TypeBigint: types.TBigint,
	ast.TypeDouble: types.TDouble, ast.TypeString: types.TString, ast.TypeBytes: types.TBytes, ast.TypeTime: types.TTime,
	ast.TypeDate: types.TDate, ast.TypeTimestamp: types.TTimestamp,
}

func decimalRule(t *ast.Type) string {
	switch {
	case t.Precision < 1:
		return "DECIMAL precision must be >= 1"
	case t.Precision > types.MaxPrecision:
		return fmt.Sprintf("DECIMAL precision must be <= %d", types.MaxPrecision)
	case t.Scale < 0:
		return "DECIMAL scale must be >= 0"
	}
	return "DECIMAL precision must be >= scale"
}

// typeOf resolves a type as written, named types included.
func (env *Env) typeOf(t *ast.Type) (*types.Type, error) {
	if scalar, ok := scalarTypes[t.Kind]; ok {
		return scalar, nil
	}
	switch t.Kind {
	case ast.TypeDecimal:
		if t.Precision < 1 || t.Precision > types.MaxPrecision || t.Scale < 0 || t.Scale > t.Precision {
			return nil, at(t.Pos(), "%s: DECIMAL(%d,%d)", decimalRule(t), t.Precision, t.Scale)
		}
		return types.TDecimal(t.Precision, t.Scale), nil
	case ast.TypeArray:
		elem, err := env.typeOf(t.Elem)
		if err != nil {
			return nil, err
		}
		return types.TArray(elem), nil
	case ast.TypeMap:
		key, err := env.typeOf(t.Key)
		if err != nil {
			return nil, err
		}
		elem, err := env.typeOf(t.Elem)
		if err != nil {
			return nil, err
		}
		return types.TMap(key, elem), nil
	case ast.TypeStruct:
		fields := make([]types.Field, len(t.Fields))
		seen := map[string]bool{}
		for i, f := range t.Fields {
			ft, err := env.typeOf(f.Type)
			if err != nil {
				return nil, err
			}
			if seen[f.Name] {
				return nil, at(f.Pos(), "Duplicate field names found in STRUCT: '%s'", f.Name)
			}
			seen[f.Name] = true
			fields[i] = types.Field{Name: f.Name, Type: ft}
		}
		return types.TStruct(fields...), nil
	}
	if named, ok := env.Catalog.Type(t.Name); ok {
		return named, nil
	}
	var names []string
	for name := range env.Catalog.Types() {
		names = append(names, name)
	}
	for _, scalar := range scalarTypes {
		names = append(names, scalar.String())
	}
	return nil, at(t.Pos(), "Cannot resolve unknown type: %s%s", t.Name, didYouMean(t.Name, names))
}
