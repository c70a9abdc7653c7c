package registry

import (
	"fmt"
	"regexp"
	"strings"
)

const (
	maxJSONSteps   = 100_000
	maxJSONDepth   = 200
	maxJSONReasons = 50
	maxJSONValues  = 10 // of an enum, in a reason
)

// incompatibleJSON tells why data written with the one JSON schema doesn't fit the other, one line per place in the schema;
// nothing where it fits. It follows $ref within the document and into referenced subjects. Of format, and of keywords that
// it doesn't know, it takes no notice; not, if and dependencies have to stay as they are or get looser.
//
// An object may have properties that its schema doesn't name unless additionalProperties says no. By the letter, a new
// property could then meet older data that has something else under its name, and Confluent's registry refuses it. Where lenient,
// it is let pass, as long as the property isn't required or has a default. What additionalProperties and patternProperties do describe, a
// new property has to accept.
func incompatibleJSON(reader, writer *jsonDocument, lenient bool) []string {
	if sameJSON(reader.roots, writer.roots) {
		return nil
	}
	c := &jsonComparison{lenient: lenient, reader: reader, writer: writer, assumed: map[string]bool{}, patterns: map[string]*regexp.Regexp{}}
	reasons := c.accepts(reader.root(), writer.root(), "#")
	if c.steps > maxJSONSteps {
		return []string{"#: the schemas are too large to be compared"}
	}
	if more := len(reasons) - maxJSONReasons; more > 0 {
		reasons = append(reasons[:maxJSONReasons], fmt.Sprintf("and %d more", more))
	}
	return reasons
}

type jsonComparison struct {
	reader, writer *jsonDocument
	lenient        bool
	assumed        map[string]bool // pairs that fit, as far as is known: recursive schemas come back to them
	order          []string        // of assumed
	patterns       map[string]*regexp.Regexp
	steps, depth   int
}

func reason(path, format string, args ...any) []string {
	return []string{path + ": " + fmt.Sprintf(format, args...)}
}

// accepts tells why r doesn't take all data of w.
func (c *jsonComparison) accepts(r, w jsonNode, path string) []string {
	if c.steps++; c.steps > maxJSONSteps {
		return reason(path, "not compared")
	}
	key := r.at + "\n" + w.at
	if w.never() || r.always() || c.assumed[key] {
		return nil
	}
	if c.depth++; c.depth > maxJSONDepth {
		c.depth--
		return reason(path, "the schemas are nested more than %d deep, which can't be compared", maxJSONDepth)
	}
	defer func() { c.depth-- }()
	mark := len(c.order)
	c.assumed[key] = true
	c.order = append(c.order, key)
	reasons := c.compare(r, w, path)
	if len(reasons) > 0 { // what was found meanwhile may rest on this pair
		for _, later := range c.order[mark:] {
			delete(c.assumed, later)
		}
		c.order = c.order[:mark]
	}
	return reasons
}

func (c *jsonComparison) compare(r, w jsonNode, path string) []string {
	alternatives, err := c.alternatives(w, 0)
	if err != nil {
		if sameJSON(r.v, w.v) {
			return nil
		}
		return reason(path, "the schema of the data can't be compared: %v", err)
	}
	_, anyOf := r.child("anyOf")
	_, oneOf := r.child("oneOf")
	var reasons []string
	for _, a := range alternatives {
		if a.never() {
			continue
		}
		at := path
		if !anyOf && !oneOf {
			at += a.trail
		}
		a.trail = ""
		reasons = append(reasons, c.takes(r, a, at)...)
	}
	return reasons
}

// takes compares with one alternative of the data; all that the reader's schema says has to hold.
func (c *jsonComparison) takes(r, w jsonNode, path string) []string {
	if r.never() {
		return reason(path, "nothing is allowed here, the data may be %s", w.written())
	}
	var reasons []string
	if ref, ok := r.object()["$ref"].(string); ok {
		target, found := c.reader.follow(ref)
		if !found {
			return reason(path, "$ref %q leads nowhere", ref)
		}
		reasons = c.accepts(target, w, path)
		if !c.reader.modern {
			return reasons
		}
	}
	for i, member := range r.list("allOf") {
		reasons = append(reasons, c.accepts(member, w, fmt.Sprintf("%s/allOf/%d", path, i))...)
	}
	for _, keyword := range []string{"anyOf", "oneOf"} {
		if branches := r.list(keyword); len(branches) > 0 {
			reasons = append(reasons, c.branch(keyword, branches, w, path)...)
		}
	}
	reasons = append(reasons, c.conditions(r, w, path)...)
	return append(reasons, c.plain(r, w, path)...)
}

// branch looks for a branch that takes the data, or else for one per type and value of the data.
func (c *jsonComparison) branch(keyword string, branches []jsonNode, w jsonNode, path string) []string {
	var near [][]string
	for i, b := range branches {
		reasons := c.accepts(b, w, fmt.Sprintf("%s/%s/%d", path, keyword, i))
		if len(reasons) == 0 {
			return nil
		}
		if c.typesOf(b)&w.written() != 0 {
			near = append(near, reasons)
		}
	}
	var reasons []string
	if values, few := w.values(); few {
		if len(values) > 1 {
			for _, v := range values {
				one := w.with(fmt.Sprintf("=%v", v), map[string]any{"const": v, "enum": nil, "type": nil})
				reasons = append(reasons, c.branch(keyword, branches, one, path)...)
			}
			return reasons
		}
	} else if types := w.written().split(); len(types) > 1 {
		for _, t := range types {
			one := w.with("="+t.String(), map[string]any{"type": t.keyword()})
			reasons = append(reasons, c.branch(keyword, branches, one, path)...)
		}
		return reasons
	}
	if len(near) == 1 {
		return near[0]
	}
	return reason(path, "no branch of %s takes %s of the data", keyword, describeJSON(w))
}

func describeJSON(w jsonNode) string {
	if values, few := w.values(); few && len(values) == 1 {
		return "the value " + jsonText(values[0])
	}
	return "every " + w.written().String()
}

// typesOf are the types that a reader's schema may take, through its $ref.
func (c *jsonComparison) typesOf(r jsonNode) jsonTypes {
	for range maxJSONReferences {
		ref, ok := r.object()["$ref"].(string)
		if !ok {
			break
		}
		if r, ok = c.reader.follow(ref); !ok {
			return 0
		}
	}
	return r.written()
}

// conditions compares the keywords that can't be looked into.
func (c *jsonComparison) conditions(r, w jsonNode, path string) []string {
	var reasons []string
	if not, ok := r.child("not"); ok && !not.never() {
		// What the reader refuses, the writer has to refuse too. The roles change, and so do the documents.
		old, had := w.child("not")
		other := &jsonComparison{reader: c.writer, writer: c.reader, assumed: map[string]bool{}, patterns: c.patterns, steps: c.steps, depth: c.depth}
		disjoint := not.written()&w.written() == 0
		if !disjoint && (!had || len(other.accepts(old, not, path)) > 0) {
			reasons = append(reasons, reason(path, "the data may be what %q excludes", "not")...)
		}
		c.steps = other.steps
	}
	for _, key := range []string{"if", "then", "else", "dependencies", "dependentRequired", "dependentSchemas", "contains", "unevaluatedProperties",
		"unevaluatedItems", "$dynamicRef", "$recursiveRef"} {
		if v, ok := r.child(key); ok && v.v != true && !sameJSON(v.v, w.object()[key]) {
			reasons = append(reasons, reason(path, "%q is not the same for the data", key)...)
		}
	}
	return reasons
}

// matches tells whether a pattern matches; patterns that Go can't read match everything.
func (c *jsonComparison) matches(pattern, s string) bool {
	c.steps++
	re, known := c.patterns[pattern]
	if !known {
		var err error
		if re, err = regexp.Compile(pattern); err != nil {
			re = nil
		}
		c.patterns[pattern] = re
	}
	return re == nil || re.MatchString(s)
}

func quoted(values []any) string {
	var out []string
	for i, v := range values {
		if i == maxJSONValues {
			out = append(out, "...")
			break
		}
		out = append(out, jsonText(v))
	}
	return strings.Join(out, ", ")
}
