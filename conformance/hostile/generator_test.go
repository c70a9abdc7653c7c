package hostile

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"weir/functions"
)

// shape is a type as text, taken apart: ARRAY<T> is ARRAY with T. Single letters stand for any type.
type shape struct {
	name string
	args []shape
	// lambda has the types of its parameters in args, and that of its body last.
	lambda bool
}

func (s shape) String() string {
	if len(s.args) == 0 {
		return s.name
	}
	parts := make([]string, len(s.args))
	for i, a := range s.args {
		parts[i] = a.String()
	}
	return s.name + "<" + strings.Join(parts, ", ") + ">"
}

func (s shape) variable() bool { return len(s.name) == 1 && len(s.args) == 0 }

// shapeOf reads a type of a signature; ok is false for what is not written here.
func shapeOf(text string) (s shape, ok bool) {
	text = strings.TrimSpace(text)
	if params, body, found := strings.Cut(text, "=>"); found {
		s.lambda = true
		for _, p := range append(strings.Split(strings.Trim(strings.TrimSpace(params), "()"), ","), body) {
			a, ok := shapeOf(p)
			if !ok {
				return s, false
			}
			s.args = append(s.args, a)
		}
		return s, true
	}
	name, rest, nested := strings.Cut(text, "<")
	s.name = name
	if !nested {
		return s, s.variable() || plain[name]
	}
	depth, from := 0, 0
	rest = strings.TrimSuffix(rest, ">")
	for i := 0; i <= len(rest); i++ {
		switch {
		case i == len(rest) || rest[i] == ',' && depth == 0:
			a, ok := shapeOf(rest[from:i])
			if !ok {
				return s, false
			}
			s.args = append(s.args, a)
			from = i + 1
		case rest[i] == '<':
			depth++
		case rest[i] == '>':
			depth--
		}
	}
	return s, true
}

var plain = map[string]bool{"STRING": true, "INTEGER": true, "BIGINT": true, "DOUBLE": true, "BOOLEAN": true, "BYTES": true}

// bind finds what the letters of a pattern stand for; false where it does not fit.
func bind(pattern, to shape, letters map[string]shape) bool {
	if pattern.variable() {
		if was, ok := letters[pattern.name]; ok {
			return was.String() == to.String()
		}
		letters[pattern.name] = to
		return true
	}
	if pattern.name != to.name || len(pattern.args) != len(to.args) {
		return false
	}
	for i := range pattern.args {
		if !bind(pattern.args[i], to.args[i], letters) {
			return false
		}
	}
	return true
}

func replaced(s shape, letters map[string]shape) shape {
	if to, ok := letters[s.name]; ok && s.variable() {
		return to
	}
	out := shape{name: s.name, lambda: s.lambda}
	for _, a := range s.args {
		out.args = append(out.args, replaced(a, letters))
	}
	return out
}

// signature is a function as the generator calls it.
type signature struct {
	name     string
	args     []shape
	variadic bool
	returns  shape
}

// generator writes expressions that are valid as a rule, nested, with numbers that are large.
type generator struct {
	*rand.Rand
	scalars, aggregates, tables []signature
	columns                     map[string][]string // by type
	params                      []string            // of lambdas, with their types
	types                       []shape
	size                        int // of the expression so far
}

func newGenerator(seed uint64) *generator {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 17)), columns: map[string][]string{
		"STRING": {"k", "a"}, "BIGINT": {"n"}, "ARRAY<STRING>": {"l"}, "MAP<STRING, BIGINT>": {"m"}, "DOUBLE": {"d"},
	}}
	for _, e := range functions.Standard().All() {
		for _, v := range e.Variants {
			s := signature{name: e.Name}
			var ok bool
			if s.returns, ok = shapeOf(v.Returns); !ok {
				continue
			}
			for _, a := range v.Arguments {
				t, known := shapeOf(a.Type)
				ok = ok && known
				s.args, s.variadic = append(s.args, t), a.Variadic
			}
			switch {
			case !ok:
			case e.Kind == functions.KindAggregate:
				g.aggregates = append(g.aggregates, s)
			case e.Kind == functions.KindTable:
				g.tables = append(g.tables, s)
			default:
				g.scalars = append(g.scalars, s)
			}
		}
	}
	return g
}

var kinds = []string{"STRING", "STRING", "STRING", "INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "BYTES", "ARRAY<STRING>", "ARRAY<BIGINT>", "MAP<STRING, BIGINT>",
	"ARRAY<ARRAY<STRING>>", "MAP<STRING, STRING>"}

// some is any type.
func (g *generator) some() shape {
	s, _ := shapeOf(kinds[g.IntN(len(kinds))])
	return s
}

// top is an expression of a statement.
func (g *generator) top(t shape) string {
	g.size = 0
	return g.expr(t, 1+g.IntN(7))
}

// maxSize bounds an expression, in calls.
const maxSize = 60

func (g *generator) expr(t shape, depth int) string {
	if g.size++; depth <= 0 || g.size > maxSize {
		return g.leaf(t)
	}
	switch g.IntN(12) {
	case 0:
		return g.leaf(t)
	case 1:
		return "CASE WHEN " + g.expr(shape{name: "BOOLEAN"}, depth-1) + " THEN " + g.expr(t, depth-1) + " ELSE " + g.expr(t, depth-1) + " END"
	case 2:
		switch t.name {
		case "STRING", "BYTES":
			return "(" + g.expr(t, depth-1) + " || " + g.expr(t, depth-1) + ")"
		case "INTEGER", "BIGINT", "DOUBLE":
			return "(" + g.expr(t, depth-1) + string("+-*/%"[g.IntN(5)]) + g.expr(t, depth-1) + ")"
		case "BOOLEAN":
			return "(" + g.expr(shape{name: "STRING"}, depth-1) + " LIKE " + g.expr(shape{name: "STRING"}, depth-1) + ")"
		case "ARRAY":
			return "ARRAY[" + g.expr(t.args[0], depth-1) + ", " + g.expr(t.args[0], depth-1) + ", " + g.expr(t.args[0], depth-1) + "]"
		}
	case 3:
		if t.name == "STRING" {
			return "CAST(" + g.expr(g.some(), depth-1) + " AS STRING)"
		}
	}
	return g.call(t, depth, g.scalars)
}

// call calls a function that gives the type.
func (g *generator) call(t shape, depth int, from []signature) string {
	for range 200 {
		f := from[g.IntN(len(from))]
		letters := map[string]shape{}
		if !bind(f.returns, t, letters) {
			continue
		}
		return f.name + "(" + strings.Join(g.arguments(f, letters, depth), ", ") + ")"
	}
	return g.leaf(t)
}

func (g *generator) arguments(f signature, letters map[string]shape, depth int) []string {
	var out []string
	for i, a := range f.args {
		times := 1
		if f.variadic && i == len(f.args)-1 {
			times = 1 + g.IntN(4)
		}
		for range times {
			out = append(out, g.argument(a, letters, depth))
		}
	}
	return out
}

func (g *generator) argument(a shape, letters map[string]shape, depth int) string {
	if !a.lambda {
		g.settle(a, letters)
		return g.expr(replaced(a, letters), depth-1)
	}
	var names []string
	before := len(g.params)
	for _, p := range a.args[:len(a.args)-1] {
		g.settle(p, letters)
		name := fmt.Sprintf("p%d", len(g.params))
		names = append(names, name)
		g.params, g.types = append(g.params, name), append(g.types, replaced(p, letters))
	}
	body := a.args[len(a.args)-1]
	g.settle(body, letters)
	text := "(" + strings.Join(names, ", ") + ") => " + g.expr(replaced(body, letters), depth-1)
	g.params, g.types = g.params[:before], g.types[:before]
	return text
}

// settle gives the letters of a type a meaning that have none.
func (g *generator) settle(s shape, letters map[string]shape) {
	if _, ok := letters[s.name]; s.variable() && !ok {
		letters[s.name] = g.some()
	}
	for _, a := range s.args {
		g.settle(a, letters)
	}
}

var (
	texts = []string{"''", "'x'", "'a,b,c'", "'[1, [2], {\"a\": 3}]'", "'{\"a\":[1,2],\"b\":{}}'", "'(a*b)?'", "'x{1000}'", "'%_%x'", "'$1$1$0'", "'hex'", "'2024-02-30T00:00:00'", "'a=1&b=%20'",
		"'\\\\d+(\\\\w|x)*'", "'yyyy-MM-dd''T''HH:mm:ssSSSSSSSSSS'", "'日本'", "'https://u@h:1/p?q#f'", "'1e999999999'"}
	wholes  = []string{"0", "1", "-1", "2", "3", "7", "1000", "65536", "100000", "1000000", "16777216", "2147483647", "-2147483647"}
	doubles = []string{"0e0", "1.5e0", "-1e308", "1e-308", "4.9e18"}
)

func (g *generator) leaf(t shape) string {
	for i := range g.params {
		if g.types[i].String() == t.String() && g.IntN(3) > 0 {
			return g.params[i]
		}
	}
	if cols := g.columns[t.String()]; len(cols) > 0 && g.IntN(2) > 0 {
		return cols[g.IntN(len(cols))]
	}
	pick := func(list []string) string { return list[g.IntN(len(list))] }
	switch t.name {
	case "STRING":
		if g.IntN(4) == 0 {
			return "LPAD(" + pick(texts) + ", " + pick(wholes) + ", " + pick(texts) + ")"
		}
		return pick(texts)
	case "INTEGER":
		return pick(wholes)
	case "BIGINT":
		return "CAST(" + pick(wholes) + " AS BIGINT)"
	case "DOUBLE":
		return pick(doubles)
	case "BOOLEAN":
		return pick([]string{"TRUE", "FALSE", "(n > 3)"})
	case "BYTES":
		return "TO_BYTES(" + g.leaf(shape{name: "STRING"}) + ", 'utf8')"
	case "ARRAY":
		switch t.args[0].name {
		case "BIGINT":
			return "GENERATE_SERIES(CAST(1 AS BIGINT), CAST(" + pick(wholes) + " AS BIGINT))"
		case "STRING":
			if g.IntN(2) > 0 {
				return "SPLIT(" + g.leaf(t.args[0]) + ", '')"
			}
		}
		return "ARRAY[" + g.leaf(t.args[0]) + "]"
	case "MAP":
		return "MAP(" + g.leaf(t.args[0]) + " := " + g.leaf(t.args[1]) + ")"
	}
	return "NULL"
}

// aggregate calls one, with constants where there have to be some.
func (g *generator) aggregate() string {
	f := g.aggregates[g.IntN(len(g.aggregates))]
	if g.IntN(2) > 0 {
		return pickOf(g, "COLLECT_LIST(a)", "COLLECT_SET(a)", "TOPK(a, 2000000000)", "LATEST_BY_OFFSET(a, 1000000)", "HISTOGRAM(a)", "FOLD(a, 'x', (p, q) => CONCAT(p, p, q))", "COLLECT_LIST("+g.top(g.some())+")", "MAX(a)", "COUNT(*)")
	}
	g.size = 0
	return f.name + "(" + strings.Join(g.arguments(f, map[string]shape{}, 1+g.IntN(3)), ", ") + ")"
}

func pickOf[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }
