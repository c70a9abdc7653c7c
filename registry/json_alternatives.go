package registry

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

const (
	maxJSONAlternatives = 64
	maxJSONReferences   = 32 // that lead from one to the next
)

// alternatives takes a writer's schema apart into schemas without $ref, allOf, anyOf and oneOf: the data fits one of them.
// Where there would be too many, a part is left out, so that the data may be more than it is.
func (c *jsonComparison) alternatives(w jsonNode, depth int) ([]jsonNode, error) {
	if c.steps++; c.steps > maxJSONSteps {
		return nil, errors.New("it is too large")
	}
	if depth > maxJSONReferences {
		return nil, fmt.Errorf("its $ref, allOf, anyOf and oneOf lead more than %d deep, or in a circle", maxJSONReferences)
	}
	m := w.object()
	if ref, ok := m["$ref"].(string); ok {
		target, found := c.writer.follow(ref)
		if !found {
			return nil, fmt.Errorf("$ref %q leads nowhere", ref)
		}
		target.trail = w.trail
		out, err := c.alternatives(target, depth+1)
		if err != nil || !c.writer.modern {
			return out, err
		}
		rest, err := c.alternatives(w.with("&", map[string]any{"$ref": nil}), depth+1)
		return c.bothOf(out, rest), err
	}
	if m["allOf"] == nil && m["anyOf"] == nil && m["oneOf"] == nil {
		return []jsonNode{w}, nil
	}
	out := []jsonNode{w.with("!", map[string]any{"allOf": nil, "anyOf": nil, "oneOf": nil})}
	for _, member := range w.list("allOf") {
		each, err := c.alternatives(member, depth+1)
		if err != nil {
			return nil, err
		}
		out = c.bothOf(out, each)
	}
	for _, keyword := range []string{"anyOf", "oneOf"} {
		var union []jsonNode
		for i, branch := range w.list(keyword) {
			branch.trail = fmt.Sprintf("%s/%s/%d", w.trail, keyword, i)
			each, err := c.alternatives(branch, depth+1)
			if err != nil {
				return nil, err
			}
			union = append(union, each...)
		}
		if len(union) > 0 {
			out = c.bothOf(out, union)
		}
	}
	return out, nil
}

// bothOf pairs alternatives; the second ones are left out where there are too many pairs.
func (c *jsonComparison) bothOf(a, b []jsonNode) []jsonNode {
	if len(a)*len(b) > maxJSONAlternatives {
		return a
	}
	var out []jsonNode
	for _, x := range a {
		for _, y := range b {
			p, _ := x.object()["properties"].(map[string]any)
			c.steps += 1 + len(p)/8 + len(asList(x.object()["enum"]))*len(asList(y.object()["enum"]))/64
			if c.steps > maxJSONSteps {
				return a // incompatibleJSON says it
			}
			out = append(out, merged(x, y))
		}
	}
	return out
}

// merged describes the data that fits both. Of two values of a keyword that can't be made one, the first stays.
func merged(a, b jsonNode) jsonNode {
	trail := a.trail
	if b.trail != "" {
		trail = b.trail
	}
	switch {
	case a.never(), b.always():
		return jsonNode{v: a.v, at: a.at, trail: trail}
	case b.never(), a.always():
		return jsonNode{v: b.v, at: b.at, trail: trail}
	}
	m := maps.Clone(a.object())
	for key, v := range b.object() {
		old, both := m[key]
		switch {
		case !both:
			m[key] = v
		case key == "type":
			t := a.accepted() & b.accepted()
			if t == 0 {
				return jsonNode{v: false, at: a.at + "&" + b.at, trail: trail}
			}
			m[key] = t.keyword()
		case key == "required":
			m[key] = slices.Concat(asList(old), asList(v))
		case key == "properties":
			m[key] = mergedProperties(old, v)
		case key == "enum":
			m[key] = slices.DeleteFunc(slices.Clone(asList(old)), func(x any) bool {
				return !slices.ContainsFunc(asList(v), func(y any) bool { return sameJSON(x, y) })
			})
		case key == "additionalProperties" && v == false:
			m[key] = false
		}
	}
	return jsonNode{v: m, at: a.at + "&" + b.at, trail: trail}
}

func asList(v any) []any {
	l, _ := v.([]any)
	return l
}

func mergedProperties(a, b any) any {
	x, _ := a.(map[string]any)
	y, _ := b.(map[string]any)
	out := map[string]any{}
	maps.Copy(out, x)
	for name, v := range y {
		if old, both := out[name]; both && !sameJSON(old, v) {
			v = map[string]any{"allOf": []any{old, v}}
		}
		out[name] = v
	}
	return out
}
