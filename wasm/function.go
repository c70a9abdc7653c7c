package wasm

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"weir/functions"
	"weir/types"
)

// Param is a parameter of a function.
type Param struct {
	Name string
	Type *types.Type
}

// Function is one that a statement declares.
type Function struct {
	Name    string
	Params  []Param
	Returns *types.Type
	From    string // tells of the module, for DESCRIBE FUNCTION
}

// passed is how values of a type are passed: text as the place and the length of its bytes.
func passed(t *types.Type) []api.ValueType {
	switch t.Kind {
	case types.Boolean, types.Integer:
		return []api.ValueType{api.ValueTypeI32}
	case types.Bigint:
		return []api.ValueType{api.ValueTypeI64}
	case types.Double:
		return []api.ValueType{api.ValueTypeF64}
	}
	return []api.ValueType{api.ValueTypeI32, api.ValueTypeI32}
}

// textual says whether values of a type are bytes in the memory.
func textual(t *types.Type) bool { return t.Kind == types.String || t.Kind == types.Bytes }

// shape is the function as WebAssembly has it.
func (f *Function) shape() (params, results []api.ValueType) {
	for _, p := range f.Params {
		params = append(params, passed(p.Type)...)
	}
	if textual(f.Returns) { // the place in the upper half, the length in the lower one
		return params, []api.ValueType{api.ValueTypeI64}
	}
	return params, passed(f.Returns)
}

// String is the function as it is declared.
func (f *Function) String() string {
	var params []string
	for _, p := range f.Params {
		params = append(params, p.Name+" "+p.Type.String())
	}
	return fmt.Sprintf("%s(%s) RETURNS %s", f.Name, strings.Join(params, ", "), f.Returns)
}

// Check says whether the module has the function, as it is declared, and starts.
func (m *Module) Check(f *Function) error {
	compiled, err := m.load()
	if err != nil {
		return err
	}
	exports := compiled.ExportedFunctions()
	def := exported(exports, f.Name)
	if def == nil {
		return fmt.Errorf("it exports no function %s; it has %s", f.Name, names(exports))
	}
	params, results := f.shape()
	if !slices.Equal(def.ParamTypes(), params) || !slices.Equal(def.ResultTypes(), results) {
		return fmt.Errorf("its function %s is %s, and for %s it has to be %s", strings.Join(def.ExportNames(), ", "), signature(def.ParamTypes(), def.ResultTypes()), f, signature(params, results))
	}
	if slices.ContainsFunc(f.Params, func(p Param) bool { return textual(p.Type) }) {
		alloc, one := exports[allocName], []api.ValueType{api.ValueTypeI32}
		if alloc == nil || !slices.Equal(alloc.ParamTypes(), one) || !slices.Equal(alloc.ResultTypes(), one) {
			return fmt.Errorf("STRING and BYTES are passed in memory that it gives: it has to export %s(i32) -> i32", allocName)
		}
	}
	if len(compiled.ExportedMemories()) == 0 {
		return fmt.Errorf("it exports no memory")
	}
	if exports["_start"] != nil && exports["_initialize"] == nil {
		return fmt.Errorf("it is a program, which ends when it has run: build a library, in Go with -buildmode=c-shared, in Rust with --crate-type cdylib")
	}
	inst, err := m.instance(nil, f.Name)
	if err != nil {
		return err
	}
	inst.close()
	return nil
}

// allocName is the function by which a module gives memory for arguments.
const allocName = "alloc"

// exported finds the function of a name, which SQL has in capitals.
func exported(all map[string]api.FunctionDefinition, name string) api.FunctionDefinition {
	for _, n := range slices.Sorted(maps.Keys(all)) {
		if strings.EqualFold(n, name) {
			return all[n]
		}
	}
	return nil
}

func names(all map[string]api.FunctionDefinition) string {
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(all)), ", ")
}

func signature(params, results []api.ValueType) string {
	list := func(ts []api.ValueType) string {
		var out []string
		for _, t := range ts {
			out = append(out, api.ValueTypeName(t))
		}
		return "(" + strings.Join(out, ", ") + ")"
	}
	return list(params) + " -> " + list(results)
}

// Scalar is the function for queries. Each task that uses it has an instance of the module of its own.
func (m *Module) Scalar(f *Function) functions.Scalar {
	var params []string
	for _, p := range f.Params {
		params = append(params, word(p.Name)+" "+p.Type.String())
	}
	overload := functions.Overload{Sig: "(" + strings.Join(params, ", ") + ") " + f.Returns.String(),
		Make: func(*functions.Binding) functions.Eval { return newCaller(m, f).call }}
	return functions.Scalar{Doc: functions.Doc{Name: f.Name, Category: functions.UserFn, Description: f.From}, Overloads: []functions.Overload{overload}}
}

// word is a name as signatures have it.
func word(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, name)
}
