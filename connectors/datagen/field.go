package datagen

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"weir/parser/suggest"
)

// kind is what a generator's text is in JSON.
type kind uint8

const (
	textKind    kind = iota
	literalKind      // a number, true or false: written without quotes
)

// row is what a generator may look at: the number of the row, from 0, random bits that depend on seed and row alone, and the time.
type row struct {
	n   int64
	pcg *rand.PCG
	rnd *rand.Rand
	now int64 // of the run's start, for generators that begin there
	// apart is how far the event times of two rows are from each other where time(...) doesn't say, in milliseconds.
	apart float64

	seed uint64
}

// value appends a generator's text to dst; ok is false for null.
type value func(r *row, dst []byte) (out []byte, ok bool)

// field is a field, ready to run.
type field struct {
	name   string
	kind   kind
	value  value
	millis func(r *row) int64 // of time(...) and now: the same moment in milliseconds
}

// generator is one entry of the list.
type generator struct {
	name   string
	params []string // names of the arguments, in order
	least  int      // how many must be given
	more   bool     // any number of arguments, without names
	doc    string
	build  func(a args) (field, error)
}

func generatorDoc() string {
	var out []string
	for _, g := range generators() {
		out = append(out, g.doc)
	}
	return strings.Join(out, "; ")
}

func parseField(name, spec string) (field, error) {
	c, parts, err := parseSpec(spec)
	if err != nil {
		return field{}, err
	}
	var f field
	if parts != nil {
		f, err = template(parts)
	} else {
		f, err = build(c)
	}
	f.name = name
	return f, err
}

// build makes a generator of a call.
func build(c *call) (field, error) {
	all := generators()
	i := slices.IndexFunc(all, func(g generator) bool { return g.name == c.name })
	if i < 0 {
		names := make([]string, len(all))
		for i, g := range all {
			names[i] = g.name
		}
		hint := ""
		if s, ok := suggest.Suggest(c.name, names); ok {
			hint = fmt.Sprintf(" (did you mean %s?)", s)
		}
		return field{}, fmt.Errorf("there is no generator '%s'%s; there are %s. A fixed text is const('text')", c.name, hint, strings.Join(names, ", "))
	}
	g := all[i]
	a, err := bind(g, c.args)
	if err != nil {
		return field{}, err
	}
	f, err := g.build(a)
	if err != nil {
		return field{}, fmt.Errorf("%s: %w", g.name, err)
	}
	return f, nil
}

// template joins texts and generators. With a null in it, all of it is null.
func template(parts []part) (field, error) {
	type piece struct {
		text  string
		value value
	}
	pieces := make([]piece, len(parts))
	for i, p := range parts {
		pieces[i].text = p.text
		if p.call != nil {
			f, err := build(p.call)
			if err != nil {
				return field{}, err
			}
			pieces[i].value = f.value
		}
	}
	return field{kind: textKind, value: func(r *row, dst []byte) ([]byte, bool) {
		for i := range pieces {
			if pieces[i].value == nil {
				dst = append(dst, pieces[i].text...)
				continue
			}
			var ok bool
			if dst, ok = pieces[i].value(r, dst); !ok {
				return dst, false
			}
		}
		return dst, true
	}}, nil
}
