package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"weir/conformance/serdes"
	"weir/registry"
	"weir/registry/protoschema"
)

// adminAnswer is an entity that /ksql answered.
type adminAnswer struct{ entity any }

// queryAnswer is all that a query answered.
type queryAnswer struct {
	rows  any
	media string
}

// check compares an error. The type tells whether a statement has to be named; the message is a part of the one that came.
func (want *restError) check(a restAnswer, last string) error {
	got, _ := a.value.(map[string]any)
	kind, _ := got["@type"].(string)
	message, _ := got["message"].(string)
	text, _ := got["statementText"].(string)
	named := strings.HasSuffix(want.Type, ".KsqlStatementErrorMessage")
	switch {
	case want.Status != 0 && a.status != want.Status:
		return fmt.Errorf("expected the status %d, got %d %s", want.Status, a.status, a.text)
	case !strings.Contains(message, want.Message):
		return fmt.Errorf("expected the error %q, got %q", want.Message, message)
	case named && kind != "statement_error":
		return fmt.Errorf("expected an error in a statement, got %s", a.text)
	case named && !strings.Contains(text, maskedStatement(last)):
		return fmt.Errorf("expected the statement %q, got %q", maskedStatement(last), text)
	}
	return nil
}

var insertValues = regexp.MustCompile(`(?is)^INSERT INTO (\w+)\s*\(([^)]*)\)\s*VALUES\s*\((.*)\);$`)

// maskedStatement is a statement as errors give it back. The cases have no commas within values.
func maskedStatement(s string) string {
	m := insertValues.FindStringSubmatch(s)
	if m == nil {
		return s
	}
	columns := strings.Split(m[2], ",")
	for i := range columns {
		columns[i] = "`" + strings.ToUpper(strings.TrimSpace(columns[i])) + "`"
	}
	values := slices.Repeat([]string{"'[value]'"}, len(strings.Split(m[3], ",")))
	return "INSERT INTO " + strings.ToUpper(m[1]) + " (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(values, ", ") + ");"
}

// compare compares the answers with those that are expected; there may be more of them.
func (c *restCase) compare(got []any) error {
	for i, want := range c.rest.Responses {
		if i >= len(got) {
			return fmt.Errorf("response %d did not come", i+1)
		}
		if err := c.compareOne(want, got[i]); err != nil {
			return fmt.Errorf("response %d: %w", i+1, err)
		}
	}
	return nil
}

func (c *restCase) compareOne(want restResponse, got any) error {
	switch got := got.(type) {
	case adminAnswer:
		if want.Admin == nil {
			return fmt.Errorf("expected rows, got %s", serdes.Show(got.entity))
		}
		expected, err := serdes.ParseJSON(want.Admin)
		if err != nil {
			return err
		}
		return c.partly("admin", expected, got.entity)
	case queryAnswer:
		rows, ok := got.rows.([]any)
		if !ok {
			return fmt.Errorf("expected rows, got %s", serdes.Show(got.rows))
		}
		expected := want.Query
		if got.media == protoMedia {
			var err error
			if expected, rows, err = plainRows(want.Proto, rows); err != nil {
				return err
			}
		}
		if len(expected) == 0 {
			return fmt.Errorf("expected no rows, got %s", serdes.Show(got.rows))
		}
		return c.compareRows(expected, rows)
	}
	return fmt.Errorf("unexpected: %v", got)
}

// compareRows compares what is no row by its place, and rows in any order.
func (c *restCase) compareRows(want []json.RawMessage, got []any) error {
	if len(want) != len(got) {
		return fmt.Errorf("expected %d lines, got %d: %s", len(want), len(got), serdes.Show(got))
	}
	left := slices.Clone(got)
	for i, raw := range want {
		expected, err := serdes.ParseJSON(raw)
		if err != nil {
			return err
		}
		if _, isRow := expected.(map[string]any)["row"]; !isRow || c.rest.Outputs.VerifyOrder {
			if err := c.partly(fmt.Sprintf("line %d", i+1), expected, got[i]); err != nil {
				return err
			}
			continue
		}
		at := slices.IndexFunc(left, func(g any) bool { return c.partly("", expected, g) == nil })
		if at < 0 {
			return fmt.Errorf("line %d: no row is %s; got %s", i+1, serdes.Show(expected), serdes.Show(got))
		}
		left = slices.Delete(left, at, at+1)
	}
	return nil
}

// partly wants all that is expected in what came, which may have more fields; arrays are compared whole.
func (c *restCase) partly(path string, want, got any) error {
	differ := func() error {
		return fmt.Errorf("%s: expected %s, got %s", path, serdes.Show(want), serdes.Show(got))
	}
	switch want := want.(type) {
	case map[string]any:
		fields, ok := got.(map[string]any)
		if !ok {
			return differ()
		}
		for _, name := range serdes.Keys(want) {
			bare, prefix := strings.CutSuffix(strings.ToLower(name), "|starts_with")
			if !prefix {
				if err := c.partly(path+"."+name, want[name], fields[name]); err != nil {
					return err
				}
				continue
			}
			for field, v := range fields {
				text, _ := v.(string)
				if strings.EqualFold(field, bare) && !strings.HasPrefix(text, fmt.Sprint(want[name])) {
					return fmt.Errorf("%s.%s: expected it to begin with %v, got %q", path, field, want[name], text)
				}
			}
		}
		return nil
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return differ()
		}
		for i := range want {
			if err := c.partly(fmt.Sprintf("%s[%d]", path, i+1), want[i], list[i]); err != nil {
				return err
			}
		}
		return nil
	case json.Number:
		if n, ok := got.(json.Number); ok && sameNumber(want, n) {
			return nil
		}
		return differ()
	case string:
		if i := strings.Index(want, "{STATEMENT}"); i >= 0 && len(c.Statements) > 0 {
			text, ok := got.(string)
			if ok && slices.ContainsFunc(c.Statements, func(s string) bool { return strings.ReplaceAll(want, "{STATEMENT}", s) == text }) {
				return nil
			}
			return differ()
		}
	}
	if want != got {
		return differ()
	}
	return nil
}

func sameNumber(a, b json.Number) bool {
	x, okX := new(big.Rat).SetString(a.String())
	y, okY := new(big.Rat).SetString(b.String())
	return okX && okY && x.Cmp(y) == 0
}

// plainRows makes texts of rows that are messages of Protobuf, and brings the expected ones, which are texts, into the same form.
func plainRows(want []json.RawMessage, got []any) ([]json.RawMessage, []any, error) {
	var message protoreflect.MessageDescriptor
	plain := make([]any, len(got))
	for i, line := range got {
		plain[i] = line
		fields, _ := line.(map[string]any)
		if h, ok := fields["header"].(map[string]any); ok {
			text, _ := h["protoSchema"].(string)
			file, err := protoschema.Parse(text, registry.Imports(nil))
			if err != nil {
				return nil, nil, fmt.Errorf("the schema of the rows: %w", err)
			}
			message = file.Messages().Get(0)
		}
		if row, ok := fields["row"].(map[string]any); ok && message != nil {
			encoded, _ := row["protobufBytes"].(string)
			raw, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				return nil, nil, err
			}
			m := dynamicpb.NewMessage(message)
			if err := proto.Unmarshal(raw, m); err != nil {
				return nil, nil, fmt.Errorf("the row %s: %w", encoded, err)
			}
			plain[i] = map[string]any{"row": wireText(m)}
		}
	}
	expected := make([]json.RawMessage, len(want))
	for i, raw := range want {
		expected[i] = raw
		var line struct {
			Row *string `json:"row"`
		}
		if json.Unmarshal(raw, &line) != nil || line.Row == nil || message == nil {
			continue
		}
		m := dynamicpb.NewMessage(message)
		if err := prototext.Unmarshal([]byte(*line.Row), m); err != nil {
			return nil, nil, err
		}
		var err error
		if expected[i], err = json.Marshal(map[string]any{"row": wireText(m)}); err != nil {
			return nil, nil, err
		}
	}
	return expected, plain, nil
}

// wireText is a message in a form of which equal ones have the same, whatever the order of the entries of maps.
func wireText(m *dynamicpb.Message) string {
	lines := strings.Split(prototext.MarshalOptions{Multiline: true}.Format(m), "\n")
	for i := range lines {
		lines[i] = strings.Join(strings.Fields(lines[i]), " ")
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// checkOutputs compares the topics that the case names.
func (c *restCase) checkOutputs(n *restNode) error {
	expected := map[string][]record{}
	for _, r := range c.Outputs {
		expected[r.Topic] = append(expected[r.Topic], r)
	}
	for topic, want := range expected {
		got, err := n.records(topic, len(want))
		if err != nil {
			return err
		}
		if len(got) < len(want) {
			return fmt.Errorf("%s has %d records, expected %d", topic, len(got), len(want))
		}
		src := n.topicSource(topic)
		for i, w := range want {
			if err := c.verifyRecord(n.schemas, comparer{}, src, w, got[i]); err != nil {
				return fmt.Errorf("%s, record %d: %w", topic, i+1, err)
			}
		}
	}
	return nil
}
