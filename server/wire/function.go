package wire

import (
	"fmt"
	"strings"

	"weir/answer"
)

var functionTypes = map[string]answer.Entity{"describe_function": (*FunctionDescription)(nil)}

// FunctionDescription answers DESCRIBE FUNCTION.
type FunctionDescription struct {
	answer.Common
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Author      string    `json:"author"`
	Version     string    `json:"version"`
	Path        string    `json:"path"`
	Functions   []Variant `json:"functions"`
	Kind        string    `json:"type"`
	Examples    []Example `json:"examples,omitempty"` // beyond ksqlDB
}

// Variant is a signature of a function.
type Variant struct {
	Arguments   []Argument `json:"arguments"`
	Returns     string     `json:"returnType"`
	Description string     `json:"description"`
}

// Signature is how a function of the name is called, and what it gives.
func (v Variant) Signature(name string) string {
	args := make([]string, len(v.Arguments))
	for i, a := range v.Arguments {
		args[i] = strings.TrimSpace(a.Name + " " + a.Type)
		if a.Variadic {
			args[i] += "..."
		}
	}
	return fmt.Sprintf("%s(%s) -> %s", name, strings.Join(args, ", "), v.Returns)
}

// Argument is a parameter of a function.
type Argument struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Description string `json:"description"`
	Variadic    bool   `json:"isVariadic"`
}

// Example is a call and what it gives.
type Example struct {
	Call   string `json:"call"`
	Result string `json:"result"`
}

// Layout implements answer.Entity.
func (e *FunctionDescription) Layout() answer.Layout {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n%s\n", e.Name, strings.ToLower(e.Kind), e.Description)
	for _, v := range e.Functions {
		b.WriteString("  " + v.Signature(e.Name) + "\n")
	}
	for i, x := range e.Examples {
		if i == 0 {
			b.WriteString("Examples:\n")
		}
		fmt.Fprintf(&b, "  %s = %s\n", x.Call, x.Result)
	}
	return answer.Layout{answer.Lines(b.String())}
}
