// Package sample proposes columns for data of which nothing is known but some of it: the narrowest types that hold all of the sample, wider ones where it differs.
package sample

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"weir/types"
)

// shape is what values seen at one place have in common.
type shape struct {
	kind    types.Kind // Null where there was none
	differs string     // kinds that only text holds both of, such as BIGINT and STRING
	long    string     // an integer that BIGINT does not hold
	seen    int        // values that were not null
	times   int        // texts among them that read as times
	elem    *shape     // of lists
	fields  map[string]*shape
	order   []string // of fields, as they came
	most    int      // fields of one object
	cut     bool     // there were more fields than are looked at
}

// Bounds of what is looked at in one value.
const (
	maxFields = 1000
	maxDepth  = 16
)

// widen has a shape hold a kind, too.
func (s *shape) widen(k types.Kind) {
	switch {
	case k == types.Null:
		return
	case s.differs != "", s.kind == k:
	case s.kind == types.Null:
		s.kind = k
	case s.kind.Numeric() && k.Numeric():
		s.kind = max(s.kind, k) // kinds stand in widening order
	default:
		s.differs = s.kind.String() + " and " + k.String()
		s.kind, s.elem, s.fields, s.order = types.String, nil, nil, nil
	}
	s.seen++
}

var aTime = regexp.MustCompile(`^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$`)

func (s *shape) text(v string) {
	s.widen(types.String)
	if aTime.MatchString(v) {
		s.times++
	}
}

func (s *shape) number(v string) {
	if strings.ContainsAny(v, ".eE") {
		s.widen(types.Double)
		return
	}
	n, err := strconv.ParseInt(v, 10, 64)
	switch {
	case err != nil:
		s.widen(types.Double)
		if s.long == "" {
			s.long = v
		}
	case int64(int32(n)) == n:
		s.widen(types.Integer)
	default:
		s.widen(types.Bigint)
	}
}

// document adds a JSON document.
func (s *shape) document(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := s.value(dec, 0); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind the document")
	}
	return nil
}

// value adds the value that comes next.
func (s *shape) value(dec *json.Decoder, depth int) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case nil:
	case bool:
		s.widen(types.Boolean)
	case json.Number:
		s.number(t.String())
	case string:
		s.text(t)
	case json.Delim:
		if t == '[' {
			return s.list(dec, depth)
		}
		return s.object(dec, depth)
	}
	return nil
}

// kept is where a part of a value is added: a place of its own where it is looked at no more, since it is too deep or text anyway.
func kept(part *shape, depth int) *shape {
	if part == nil || depth >= maxDepth {
		return new(shape)
	}
	return part
}

func (s *shape) list(dec *json.Decoder, depth int) error {
	s.widen(types.Array)
	if s.kind == types.Array && s.elem == nil {
		s.elem = new(shape)
	}
	for dec.More() {
		if err := kept(s.elem, depth).value(dec, depth+1); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

func (s *shape) object(dec *json.Decoder, depth int) error {
	s.widen(types.Struct)
	if s.kind == types.Struct && s.fields == nil {
		s.fields = map[string]*shape{}
	}
	n := 0
	for ; dec.More(); n++ {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		if !ok {
			return fmt.Errorf("%v is no name of a field", t)
		}
		part := s.fields[name]
		if part == nil && s.kind == types.Struct {
			if len(s.order) < maxFields {
				part = new(shape)
				s.fields[name], s.order = part, append(s.order, name)
			} else {
				s.cut = true
			}
		}
		if err := kept(part, depth).value(dec, depth+1); err != nil {
			return err
		}
	}
	s.most = max(s.most, n)
	_, err := dec.Token()
	return err
}

// merge adds all that another shape has seen.
func (s *shape) merge(o *shape) {
	if o.seen == 0 {
		return
	}
	was := s.seen
	s.widen(o.kind)
	s.seen, s.times = was+o.seen, s.times+o.times
	if s.long == "" {
		s.long = o.long
	}
	if s.differs == "" {
		s.differs = o.differs
	}
	switch s.kind {
	case types.Array:
		if s.elem == nil {
			s.elem = new(shape)
		}
		if o.elem != nil {
			s.elem.merge(o.elem)
		}
	case types.Struct:
		if s.fields == nil {
			s.fields = map[string]*shape{}
		}
		for _, name := range o.order {
			if s.fields[name] == nil {
				s.fields[name], s.order = new(shape), append(s.order, name)
			}
			s.fields[name].merge(o.fields[name])
		}
		s.most = max(s.most, o.most)
	default: // scalars have no parts
	}
}

// asMap is what the values of an object have in common whose names are data themselves: ever new ones, with values of one kind. nil where they are names of fields.
func (s *shape) asMap() *shape {
	if len(s.order) < 12 || len(s.order) < 3*s.most && !s.cut {
		return nil
	}
	all := new(shape)
	for _, name := range s.order {
		all.merge(s.fields[name])
	}
	if all.differs != "" {
		return nil
	}
	return all
}

// typ is the type that holds all that was seen. at names the place in notices.
func (s *shape) typ(at string, notice func(string, ...any)) *types.Type {
	switch {
	case s.differs != "":
		notice("%s is %s: a STRING holds both", at, s.differs)
		return types.TString
	case s.long != "":
		notice("%s has numbers that are too large for BIGINT, such as %.40s: DOUBLE rounds them, DECIMAL(%d, 0) would not", at, s.long, min(len(s.long)+2, types.MaxPrecision))
	}
	switch s.kind {
	case types.Null:
		notice("%s has no value in the sample: that it is a STRING is a guess", at)
		return types.TString
	case types.Boolean:
		return types.TBoolean
	case types.Integer:
		return types.TInteger
	case types.Bigint:
		return types.TBigint
	case types.Double:
		return types.TDouble
	case types.Array:
		return types.TArray(s.elem.typ(at+"[]", notice))
	case types.Struct:
		if all := s.asMap(); all != nil || len(s.order) == 0 {
			if all == nil {
				all = new(shape)
			}
			return types.TMap(types.TString, all.typ(at+"['...']", notice))
		}
		named := s.named()
		if len(named) == 0 {
			return types.TString
		}
		var fields []types.Field
		for _, f := range named {
			fields = append(fields, types.Field{Name: f.name, Type: f.typ(at+"->"+f.name, notice)})
		}
		return types.TStruct(fields...)
	default: // texts
	}
	return types.TString
}

// part is a field with the name that it has in SQL.
type part struct {
	*shape
	name string
}

// named are the fields of an object. A name in capitals reads a field in any case, so that only those keep theirs that would not be told apart, or need quotes.
func (s *shape) named() []part {
	upper := map[string]int{}
	for _, f := range s.order {
		upper[strings.ToUpper(f)]++
	}
	var out []part
	for _, f := range s.order {
		if f == "" {
			continue // SQL has no such name
		}
		name := f
		if u := strings.ToUpper(f); upper[u] == 1 && bare(u) {
			name = u
		}
		out = append(out, part{s.fields[f], name})
	}
	return slices.Clip(out)
}
