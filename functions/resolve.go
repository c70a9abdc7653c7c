package functions

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"weir/types"
)

// choose finds the signature that fits the arguments best, and what its place among them is; the first among equals. A strict
// function does not choose between several ways to widen.
func choose(name string, sigs []string, args []Arg, strict bool, accepts func(i int, m *match) bool) (int, *match, error) {
	best, at, fits := (*match)(nil), 0, 0
	var bad error // the fault of a lambda where all else fits
	misfit := ""
	for i, text := range sigs {
		sig, err := parseSignature(text)
		if err != nil {
			return 0, nil, fmt.Errorf("function %s: %w", name, err)
		}
		m, ok := fit(sig, args)
		if !ok && m != nil && bad == nil {
			bad = m.bad
		}
		if !ok && m != nil {
			misfit = cmp.Or(misfit, m.misfit)
		}
		if !ok || !accepts(i, m) {
			continue
		}
		if fits++; best == nil || m.cost < best.cost {
			best, at = m, i
		}
	}
	if best == nil && bad != nil {
		return 0, nil, bad
	}
	if best == nil {
		return 0, nil, noMatch(name, sigs, args, misfit)
	}
	if strict && fits > 1 && (best.widened || allNull(args)) {
		return 0, nil, ambiguous(name, sigs, args)
	}
	return at, best, nil
}

func allNull(args []Arg) bool {
	return !slices.ContainsFunc(args, func(a Arg) bool { return a.Type == nil || a.Type.Kind != types.Null })
}

func ambiguous(name string, sigs []string, args []Arg) error {
	return argumentError(name, sigs, fmt.Sprintf("Function '%s' cannot be resolved due to ambiguous method parameters (%s).\n"+
		"Use CAST() to explicitly cast your parameters to one of the supported function calls.\nValid function calls are:", name, describe(args)))
}

// noMatch says what was given and what could have been; why tells of a lambda that does not fit, or is empty.
func noMatch(name string, sigs []string, args []Arg, why string) error {
	if why != "" {
		why = "\n" + why
	}
	return argumentError(name, sigs, fmt.Sprintf("Function '%s' does not accept parameters (%s).%s\nValid alternatives are:", name, describe(args), why))
}

func argumentError(name string, sigs []string, fault string) error {
	var b strings.Builder
	b.WriteString(fault)
	for _, text := range sigs {
		if sig, err := parseSignature(text); err == nil {
			b.WriteString("\n" + sig.show(name))
		}
	}
	b.WriteString("\nFor detailed information on a function run: DESCRIBE FUNCTION <Function-Name>;")
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
	case a.Type == nil:
		return "null"
	}
	return describeType(a.Type)
}

func describeType(t *types.Type) string {
	if t.Kind == types.Null {
		return "null"
	}
	return strings.ReplaceAll(t.String(), "`", "") // names of fields are shown as they are
}
