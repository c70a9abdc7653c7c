package registry

import (
	"encoding/json"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// jsonDocument is a JSON schema with the schemas that it refers to, by their names; its own name is empty. References
// inside of the others carry the name, so that a part means the same wherever it stands.
type jsonDocument struct {
	roots  map[string]any
	modern bool // keywords beside $ref count
}

// jsonNode is a schema within a document. at is where it stands, equal for nodes that are the same.
type jsonNode struct {
	v     any // true, false or an object; whatever else is taken for true
	at    string
	trail string // how an alternative was reached
}

func jsonValue(text string) (any, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	return v, err
}

// newJSONDocument leaves out dependencies that are no JSON.
func newJSONDocument(text string, deps []Dependency) (*jsonDocument, error) {
	root, err := jsonValue(text)
	if err != nil {
		return nil, err
	}
	d := &jsonDocument{roots: map[string]any{"": root}}
	if m, ok := root.(map[string]any); ok {
		draft, _ := m["$schema"].(string)
		d.modern = strings.Contains(draft, "/draft/20")
		if id, ok := m["$id"].(string); ok && id != "" {
			d.roots[strings.TrimSuffix(id, "#")] = root
		}
	}
	for _, dep := range deps {
		if v, err := jsonValue(dep.Text); err == nil && dep.Name != "" {
			nameReferences(v, dep.Name)
			d.roots[dep.Name] = v
		}
	}
	return d, nil
}

// nameReferences puts the name of a document before the references to its own parts.
func nameReferences(v any, name string) {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok && strings.HasPrefix(ref, "#") {
			v["$ref"] = name + ref
		}
		for _, child := range v {
			nameReferences(child, name)
		}
	case []any:
		for _, child := range v {
			nameReferences(child, name)
		}
	}
}

func (d *jsonDocument) root() jsonNode { return jsonNode{v: d.roots[""], at: "#"} }

// follow finds what a $ref names: a document, or a part of one by a JSON pointer or an anchor.
func (d *jsonDocument) follow(ref string) (jsonNode, bool) {
	name, part, _ := strings.Cut(ref, "#")
	v, ok := d.roots[name]
	if !ok {
		return jsonNode{}, false
	}
	part, err := url.PathUnescape(part)
	if err != nil {
		return jsonNode{}, false
	}
	if part != "" && part[0] != '/' {
		v, ok = anchored(v, part)
		return jsonNode{v: v, at: name + "#" + part}, ok
	}
	for i, key := range strings.Split(part, "/") {
		if i == 0 {
			continue
		}
		key = strings.NewReplacer("~1", "/", "~0", "~").Replace(key)
		switch at := v.(type) {
		case map[string]any:
			if v, ok = at[key]; !ok {
				return jsonNode{}, false
			}
		case []any:
			n, err := strconv.Atoi(key)
			if err != nil || n < 0 || n >= len(at) {
				return jsonNode{}, false
			}
			v = at[n]
		default:
			return jsonNode{}, false
		}
	}
	return jsonNode{v: v, at: name + "#" + part}, true
}

// anchored finds the schema with an $anchor, or with an $id of the form #name.
func anchored(v any, name string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		if v["$anchor"] == name || v["$id"] == "#"+name {
			return v, true
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if found, ok := anchored(v[key], name); ok {
				return found, true
			}
		}
	case []any:
		for _, child := range v {
			if found, ok := anchored(child, name); ok {
				return found, true
			}
		}
	}
	return nil, false
}

func (n jsonNode) object() map[string]any {
	m, _ := n.v.(map[string]any)
	return m
}

// child is the schema under a keyword.
func (n jsonNode) child(keyword string) (jsonNode, bool) {
	v, ok := n.object()[keyword]
	return jsonNode{v: v, at: n.at + "/" + keyword}, ok
}

// children are the schemas under the names of a keyword such as properties.
func (n jsonNode) children(keyword string) map[string]jsonNode {
	m, _ := n.object()[keyword].(map[string]any)
	out := make(map[string]jsonNode, len(m))
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for name, v := range m {
		out[name] = jsonNode{v: v, at: n.at + "/" + keyword + "/" + escape.Replace(name)}
	}
	return out
}

// list are the schemas in the list of a keyword such as oneOf.
func (n jsonNode) list(keyword string) []jsonNode {
	l, _ := n.object()[keyword].([]any)
	out := make([]jsonNode, len(l))
	for i, v := range l {
		out[i] = jsonNode{v: v, at: n.at + "/" + keyword + "/" + strconv.Itoa(i)}
	}
	return out
}

func (n jsonNode) text(keyword string) string {
	s, _ := n.object()[keyword].(string)
	return s
}

func (n jsonNode) never() bool { return n.v == false }

// notes are keywords that refuse nothing.
var notes = []string{"$schema", "$id", "id", "$anchor", "$comment", "$defs", "definitions", "title", "description", "default", "examples",
	"format", "readOnly", "writeOnly", "deprecated", "contentEncoding", "contentMediaType"}

// always tells that everything is accepted.
func (n jsonNode) always() bool {
	for key := range n.object() {
		if !slices.Contains(notes, key) && !strings.HasPrefix(key, "connect.") {
			return false
		}
	}
	return !n.never()
}

// with is the node with another value for keywords; nil takes one out.
func (n jsonNode) with(mark string, keywords map[string]any) jsonNode {
	m := maps.Clone(n.object())
	if m == nil {
		m = map[string]any{}
	}
	for key, v := range keywords {
		if m[key] = v; v == nil {
			delete(m, key)
		}
	}
	return jsonNode{v: m, at: n.at + mark, trail: n.trail}
}

func sameJSON(a, b any) bool { return reflect.DeepEqual(a, b) }
