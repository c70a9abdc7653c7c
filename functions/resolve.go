package functions

import (
	"fmt"
	"strings"

	"weir/types"
)

// choose finds the signature that fits the arguments best, and what its place among them is; the first among equals.
func choose(name string, sigs []string, args []Arg, accepts func(i int, m *match) bool) (int, *match, error) {
	best, at := (*match)(nil), 0
	for i, text := range sigs {
		sig, err := parseSignature(text)
		if err != nil {
			return 0, nil, fmt.Errorf("function %s: %w", name, err)
		}
		m, ok := fit(sig, args)
		if ok && (best == nil || m.cost < best.cost) && accepts(i, m) {
			best, at = m, i
		}
	}
	if best == nil {
		return 0, nil, noMatch(name, sigs, args)
	}
	return at, best, nil
}

// noMatch says what was given and what could have been.
func noMatch(name string, sigs []string, args []Arg) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Function '%s' does not accept parameters (%s).\nValid alternatives are:", name, describe(args))
	for _, text := range sigs {
		if sig, err := parseSignature(text); err == nil {
			b.WriteString("\n" + sig.show(name))
		}
	}
	return &ArgumentError{b.String()}
}

// ArgumentError says that a function doesn't take the arguments it is given.
type ArgumentError struct{ text string }

func (e *ArgumentError) Error() string { return e.text }

func describe(args []Arg) string {
	given := make([]string, len(args))
	for i := range args {
		given[i] = describeArg(&args[i])
	}
	return strings.Join(given, ", ")
}

func describeArg(a *Arg) string {
	switch {
	case a.Lambda != nil:
		return "LAMBDA"
	case a.Unit != "":
		return "INTERVALUNIT"
	case a.Type == nil || a.Type.Kind == types.Null:
		return "null"
	}
	return a.Type.String()
}
