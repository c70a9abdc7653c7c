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

// checkDecimal refuses what is no DECIMAL.
func checkDecimal(precision, scale int) error {
	rule := ""
	switch {
	case precision < 1:
		rule = "DECIMAL precision must be >= 1"
	case precision > types.MaxPrecision:
		rule = fmt.Sprintf("DECIMAL precision must be <= %d", types.MaxPrecision)
	case scale < 0:
		rule = "DECIMAL scale must be >= 0"
	case scale > precision:
		rule = "DECIMAL precision must be >= scale"
	default:
		return nil
	}
	return fmt.Errorf("%s: DECIMAL(%d,%d)", rule, precision, scale)
}

func duplicateField(name string) error {
	return fmt.Errorf("Duplicate field names found in STRUCT: '%s'", name)
}

// typeOf resolves a type as written, named types included.
func (env *Env) typeOf(t *ast.Type) (*types.Type, error) {
	if scalar, ok := scalarTypes[t.Kind]; ok {
		return scalar, nil
	}
	switch t.Kind {
	case ast.TypeDecimal:
		if err := checkDecimal(t.Precision, t.Scale); err != nil {
			return nil, at(t.Pos(), "%v", err)
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
				return nil, at(f.Pos(), "%v", duplicateField(f.Name))
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
