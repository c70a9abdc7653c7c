package functions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/parser/suggest"
)

// Registry is a set of functions. It is a value: With makes another one.
type Registry struct {
	scalars    map[string]*Scalar
	aggregates map[string]*Aggregate
	tables     map[string]*Scalar
}

// Standard is the registry of all functions that come with Weir.
func Standard() *Registry {
	scalars := slices.Concat(arrayFunctions, arraySetFunctions, mapFunctions, lambdaFunctions, conditionalFunctions,
		conversionFunctions, dateFunctions, timestampFunctions, jsonFunctions, mathFunctions, roundFunctions, regexFunctions, grokFunctions,
		stringFunctions, textFunctions, bytesFunctions, packFunctions, csvFunctions, maskFunctions, urlFunctions, accessLogFunctions, geoFunctions, agentFunctions, otherFunctions)
	aggregates := slices.Concat(numberAggregates, statisticAggregates, extremeAggregates, collectAggregates, shareAggregates,
		offsetAggregates, topAggregates, distinctAggregates, percentileAggregates, timeAggregates, foldAggregates)
	return (&Registry{}).With(Extra{Scalars: scalars, Aggregates: aggregates, Tables: tableFunctions})
}

// Extra is what With adds.
type Extra struct {
	Scalars    []Scalar
	Aggregates []Aggregate
	Tables     []Scalar
}

// With is the registry with more functions; one of the same name takes the place of the old one.
func (r *Registry) With(extra Extra) *Registry {
	out := &Registry{maps.Clone(r.scalars), maps.Clone(r.aggregates), maps.Clone(r.tables)}
	if out.scalars == nil {
		out.scalars, out.aggregates, out.tables = map[string]*Scalar{}, map[string]*Aggregate{}, map[string]*Scalar{}
	}
	for _, s := range extra.Scalars {
		out.scalars[s.Name] = &s
	}
	for _, a := range extra.Aggregates {
		out.aggregates[a.Name] = &a
	}
	for _, s := range extra.Tables {
		s.rows = true
		out.tables[s.Name] = &s
	}
	return out
}

// Scalar finds a scalar function by its name in any case; nil where there is none.
func (r *Registry) Scalar(name string) *Scalar { return r.scalars[strings.ToUpper(name)] }

// Aggregate finds an aggregate by its name in any case; nil where there is none.
func (r *Registry) Aggregate(name string) *Aggregate { return r.aggregates[strings.ToUpper(name)] }

// Table finds a table function by its name in any case; nil where there is none.
func (r *Registry) Table(name string) *Scalar { return r.tables[strings.ToUpper(name)] }

// Kind is the kind of a function in SHOW FUNCTIONS.
type Kind string

// The kinds of functions.
const (
	KindScalar    Kind = "SCALAR"
	KindAggregate Kind = "AGGREGATE"
	KindTable     Kind = "TABLE"
)

// Entry is a function as SHOW FUNCTIONS and DESCRIBE FUNCTION tell it.
type Entry struct {
	Doc
	Kind     Kind
	Variants []Variant
}

// Variant is one signature of a function.
type Variant struct {
	Text      string // name and parameters: LEN(STRING s)
	Arguments []Argument
	Returns   string
}

// Argument is one parameter of a variant.
type Argument struct {
	Name     string
	Type     string
	Variadic bool
	Literal  bool // has to be a literal
}

// All lists the functions by name.
func (r *Registry) All() []Entry {
	var out []Entry
	for _, s := range r.scalars {
		out = append(out, Entry{s.Doc, KindScalar, variants(s.Name, overloadSigs(s))})
	}
	for _, s := range r.tables {
		out = append(out, Entry{s.Doc, KindTable, variants(s.Name, overloadSigs(s))})
	}
	for _, a := range r.aggregates {
		sigs := make([]string, len(a.Overloads))
		for i := range a.Overloads {
			sigs[i] = a.Overloads[i].Sig
		}
		out = append(out, Entry{a.Doc, KindAggregate, variants(a.Name, sigs)})
	}
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func overloadSigs(s *Scalar) []string {
	sigs := make([]string, len(s.Overloads))
	for i := range s.Overloads {
		sigs[i] = s.Overloads[i].Sig
	}
	return sigs
}

func variants(name string, sigs []string) []Variant {
	var out []Variant
	for _, text := range sigs {
		sig, err := parseSignature(text)
		if err != nil {
			continue
		}
		v := Variant{Text: sig.show(name), Returns: sig.returns.String()}
		for _, p := range sig.params {
			v.Arguments = append(v.Arguments, Argument{p.name, p.typ.String(), p.variadic, p.initial})
		}
		out = append(out, v)
	}
	return out
}

// Describe finds the entry of a function by its name in any case.
func (r *Registry) Describe(name string) (Entry, error) {
	upper := strings.ToUpper(name)
	for _, e := range r.All() {
		if e.Name == upper {
			return e, nil
		}
	}
	return Entry{}, fmt.Errorf("Can't find any functions with the name '%s'%s", name, r.Suggest(name))
}

// Suggest is a hint for a name that is no function's, such as " Did you mean LEN?"; empty where nothing is close.
func (r *Registry) Suggest(name string) string {
	names := slices.Concat(slices.Sorted(maps.Keys(r.scalars)), slices.Sorted(maps.Keys(r.aggregates)), slices.Sorted(maps.Keys(r.tables)))
	if near, ok := suggest.Suggest(name, names); ok {
		return " Did you mean " + near + "?"
	}
	return ""
}
