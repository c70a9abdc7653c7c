package httpsink

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"weir/connectors/connector"
	"weir/formats/jsontext"
	"weir/types"
)

var mark = regexp.MustCompile(`\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// columnsIn are the names that stand in braces.
func columnsIn(text string) (names []string) {
	for _, m := range mark.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

// template is a text with columns in it.
type template struct {
	text   string
	column map[string]int // place of each name in a row
	types  map[string]*types.Type
	quote  func(string) string
}

// newTemplate finds the columns; names count in any case, where no column has them as they are.
func newTemplate(text string, rel connector.Relation, quote func(string) string) (*template, error) {
	t := &template{text: text, column: map[string]int{}, types: map[string]*types.Type{}, quote: quote}
	for _, name := range columnsIn(text) {
		found := -1
		for i, c := range rel.Columns {
			if c.Name == name || found < 0 && strings.EqualFold(c.Name, name) {
				found = i
			}
		}
		if found < 0 {
			return nil, fmt.Errorf("%s has no column %s, which {%s} stands for", rel.Name, name, name)
		}
		t.column[name], t.types[name] = found, rel.Columns[found].Type
	}
	return t, nil
}

// fill puts a row's columns in.
func (t *template) fill(row *connector.Row) string {
	return mark.ReplaceAllStringFunc(t.text, func(m string) string {
		name := m[1 : len(m)-1]
		v := row.Values[t.column[name]]
		if v.IsNull() {
			return t.quote("null")
		}
		typ := t.types[name]
		if typ.Kind == types.String {
			return t.quote(v.Str())
		}
		text := jsontext.AppendValue(nil, v, typ, jsontext.Numbers)
		if k := typ.Kind; k == types.Bytes || k == types.Timestamp || k == types.Date || k == types.Time {
			return t.quote(string(types.AppendText(nil, v, typ)))
		}
		return t.quote(string(text))
	})
}

// insideQuotes is a text as it stands inside of JSON's quotes.
func insideQuotes(text string) string {
	quoted := jsontext.AppendString(nil, text)
	return string(quoted[1 : len(quoted)-1])
}

func inURL(text string) string { return url.PathEscape(text) }
