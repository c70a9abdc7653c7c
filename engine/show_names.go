package engine

import (
	"maps"
	"slices"

	"weir/answer"
	"weir/functions"
)

// FunctionNames answers SHOW FUNCTIONS.
type FunctionNames struct {
	answer.Common
	Functions []FunctionName `json:"functions"`
}

// FunctionName is a line of SHOW FUNCTIONS.
type FunctionName struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // SCALAR, AGGREGATE or TABLE
	Category string `json:"category"`
}

func (*FunctionNames) result() {}

// Layout implements answer.Entity.
func (f *FunctionNames) Layout() answer.Layout {
	line := func(f FunctionName) []string { return []string{f.Name, f.Category, f.Type} }
	return answer.TableOf(f.Functions, line, "Function Name", "Category", "Type")
}

func functionNames(all []functions.Entry) *FunctionNames {
	out := &FunctionNames{Functions: []FunctionName{}}
	for _, f := range all {
		out.Functions = append(out.Functions, FunctionName{Name: f.Name, Type: string(f.Kind), Category: string(f.Category)})
	}
	return out
}

// Variables answers SHOW VARIABLES.
type Variables struct {
	answer.Common
	Variables []Variable `json:"variables"`
}

// Variable is a line of SHOW VARIABLES.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (*Variables) result() {}

// Layout implements answer.Entity.
func (v *Variables) Layout() answer.Layout {
	line := func(v Variable) []string { return []string{v.Name, v.Value} }
	return answer.TableOf(v.Variables, line, "Variable Name", "Value")
}

// VariablesOf lists the variables of a session by their names.
func VariablesOf(session map[string]string) *Variables {
	out := &Variables{Variables: []Variable{}}
	for _, name := range slices.Sorted(maps.Keys(session)) {
		out.Variables = append(out.Variables, Variable{Name: name, Value: session[name]})
	}
	return out
}
