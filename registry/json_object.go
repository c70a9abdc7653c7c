package registry

import (
	"maps"
	"slices"
	"strconv"
)

// additional is what a schema says of properties that it doesn't name.
func (n jsonNode) additional() jsonNode {
	if a, ok := n.child("additionalProperties"); ok {
		return a
	}
	return jsonNode{v: true, at: n.at + "/additionalProperties"}
}

// objects compares properties, those that must be there, and those that may come along.
func (c *jsonComparison) objects(r, w jsonNode, path string) []string {
	var reasons []string
	read, written := r.children("properties"), w.children("properties")
	for _, name := range slices.Sorted(maps.Keys(written)) {
		at, p := path+"/properties/"+name, written[name]
		if now, ok := read[name]; ok {
			reasons = append(reasons, c.accepts(now, p, at)...)
			continue
		}
		reasons = append(reasons, c.unnamed(r, p, name, at)...)
	}
	patterns := w.children("patternProperties")
	for _, name := range slices.Sorted(maps.Keys(read)) {
		if _, both := written[name]; both || c.steps > maxJSONSteps {
			continue
		}
		at := path + "/properties/" + name
		matched := false
		for _, pattern := range slices.Sorted(maps.Keys(patterns)) {
			if c.matches(pattern, name) {
				matched = true
				reasons = append(reasons, c.accepts(read[name], patterns[pattern], at)...)
			}
		}
		switch rest := w.additional(); {
		case matched:
		case !rest.always():
			reasons = append(reasons, c.accepts(read[name], rest, at)...)
		case !c.lenient && !read[name].always():
			reasons = append(reasons, reason(at, "the property is new, and the data may have it already with another type: additionalProperties is not false")...)
		}
	}
	reasons = append(reasons, c.required(r, w, path)...)
	return append(reasons, c.others(r, w, path)...)
}

// unnamed compares a property of the data with what the reader says of properties that it doesn't name.
func (c *jsonComparison) unnamed(r, p jsonNode, name, path string) []string {
	if c.steps > maxJSONSteps {
		return nil // incompatibleJSON says it
	}
	var reasons []string
	matched := false
	patterns := r.children("patternProperties")
	for _, pattern := range slices.Sorted(maps.Keys(patterns)) {
		if c.matches(pattern, name) {
			matched = true
			reasons = append(reasons, c.accepts(patterns[pattern], p, path)...)
		}
	}
	if matched {
		return reasons
	}
	rest := r.additional()
	if rest.never() && !p.never() {
		return reason(path, "the data may have this property, and additionalProperties is false")
	}
	return c.accepts(rest, p, path)
}

// required: what has a default may be missing.
func (c *jsonComparison) required(r, w jsonNode, path string) []string {
	var reasons []string
	sure := map[string]bool{}
	for _, v := range asList(w.object()["required"]) {
		if name, ok := v.(string); ok {
			sure[name] = true
		}
	}
	properties := r.children("properties")
	for _, v := range asList(r.object()["required"]) {
		name, ok := v.(string)
		if !ok || sure[name] {
			continue
		}
		if _, ok := properties[name].object()["default"]; ok {
			continue
		}
		reasons = append(reasons, reason(path+"/properties/"+name, "the property is required, the data may lack it")...)
	}
	return reasons
}

// others compares additionalProperties, patternProperties and propertyNames.
func (c *jsonComparison) others(r, w jsonNode, path string) []string {
	var reasons []string
	rest, wRest := r.additional(), w.additional()
	if rest.never() && !wRest.never() {
		reasons = reason(path+"/additionalProperties", "additionalProperties is false, the data may have properties without a name in the schema")
	} else {
		reasons = c.accepts(rest, wRest, path+"/additionalProperties")
	}
	patterns, wPatterns := r.children("patternProperties"), w.children("patternProperties")
	for _, pattern := range slices.Sorted(maps.Keys(patterns)) {
		from, ok := wPatterns[pattern]
		if !ok {
			from = wRest
		}
		reasons = append(reasons, c.accepts(patterns[pattern], from, path+"/patternProperties/"+pattern)...)
	}
	for _, pattern := range slices.Sorted(maps.Keys(wPatterns)) {
		if _, both := patterns[pattern]; !both {
			reasons = append(reasons, c.accepts(rest, wPatterns[pattern], path+"/patternProperties/"+pattern)...)
		}
	}
	if names, ok := r.child("propertyNames"); ok && !names.always() {
		from, ok := w.child("propertyNames")
		if !ok {
			from = jsonNode{v: map[string]any{"type": "string"}, at: w.at + "/propertyNames"}
		}
		reasons = append(reasons, c.accepts(names, from, path+"/propertyNames")...)
	}
	return reasons
}

// tuple gives the schemas of an array's first items, with the path of each, and of the rest.
func (n jsonNode) tuple() (first []jsonNode, keyword string, rest jsonNode) {
	first, keyword, more := n.list("prefixItems"), "prefixItems", "items"
	if _, ok := n.object()["items"].([]any); ok {
		first, keyword, more = n.list("items"), "items", "additionalItems"
	}
	rest, ok := n.child(more)
	if !ok {
		rest = jsonNode{v: true, at: n.at + "/" + more}
	}
	return first, keyword, rest
}

func (c *jsonComparison) arrays(r, w jsonNode, path string) []string {
	first, keyword, rest := r.tuple()
	wFirst, wKeyword, wRest := w.tuple()
	if len(first) == 0 {
		keyword = wKeyword
	}
	var reasons []string
	for i := range max(len(first), len(wFirst)) {
		a, b := rest, wRest
		if i < len(first) {
			a = first[i]
		}
		if i < len(wFirst) {
			b = wFirst[i]
		}
		reasons = append(reasons, c.accepts(a, b, path+"/"+keyword+"/"+strconv.Itoa(i))...)
	}
	name := "/items"
	if len(first) > 0 && keyword == "items" {
		name = "/additionalItems"
	}
	reasons = append(reasons, c.accepts(rest, wRest, path+name)...)
	if r.object()["uniqueItems"] == true && w.object()["uniqueItems"] != true {
		reasons = append(reasons, reason(path, "uniqueItems is true, the data may have an item twice")...)
	}
	return reasons
}
