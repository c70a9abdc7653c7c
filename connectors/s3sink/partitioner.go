package s3sink

import (
	"fmt"
	"net/url"
	"strings"

	"weir/connectors/connector"
	"weir/types"
)

// partitioner says below which folder a row's object stands.
//
//sumtype:decl
type partitioner interface {
	// of gives what tells a row's folder; a row that it gives an error for can't be placed.
	of(rel connector.Relation) (func(row *connector.Row) (string, error), error)
	// columns says whether it asks for the rows' columns.
	columns() bool
}

// partitionerOf reads 'partitioner.class' and what goes with it; nil for the default one.
func partitionerOf(v connector.Values) (partitioner, error) {
	name := strings.ToLower(strings.TrimSpace(v.Text(propPartitioner)))
	name = strings.TrimPrefix(name, "io.confluent.connect.storage.partitioner.")
	name = strings.TrimPrefix(name, "io.confluent.connect.storage.partition.")
	name = strings.TrimSuffix(name, "partitioner")
	switch name {
	case "default", "field":
		for _, other := range timeProps {
			if v.Given(other) {
				return nil, fmt.Errorf("property '%s' goes with '%s'='time'", other, propPartitioner)
			}
		}
		fields := v.List(propFields)
		switch {
		case name == "field" && len(fields) == 0:
			return nil, fmt.Errorf("property '%s': 'field' needs '%s'", propPartitioner, propFields)
		case name == "field":
			return byField{fields}, nil
		case len(fields) > 0:
			return nil, fmt.Errorf("property '%s' goes with '%s'='field'", propFields, propPartitioner)
		}
		return nil, nil
	case "time", "timebased", "daily", "hourly":
		if v.Given(propFields) {
			return nil, fmt.Errorf("property '%s' goes with '%s'='field'", propFields, propPartitioner)
		}
		return byTimeOf(name, v)
	}
	return nil, fmt.Errorf("property '%s': expected default, field, time, daily or hourly, or Kafka Connect's class DefaultPartitioner, FieldPartitioner, TimeBasedPartitioner, DailyPartitioner or HourlyPartitioner, got '%s'",
		propPartitioner, v.Text(propPartitioner))
}

// byField is Connect's FieldPartitioner: NAME=VALUE for each column.
type byField struct{ fields []string }

func (byField) columns() bool { return true }

func (p byField) of(rel connector.Relation) (func(*connector.Row) (string, error), error) {
	var places []int
	for _, name := range p.fields {
		found, err := columnOf(rel, propFields, name)
		if err != nil {
			return nil, err
		}
		places = append(places, found)
	}
	return func(row *connector.Row) (string, error) {
		var parts []string
		for _, at := range places {
			text := "null"
			if v := row.Values[at]; !v.IsNull() {
				text = url.PathEscape(string(types.AppendText(nil, v, rel.Columns[at].Type)))
			}
			parts = append(parts, rel.Columns[at].Name+"="+text)
		}
		return strings.Join(parts, "/"), nil
	}, nil
}

// columnOf finds a column that a property names, in any case where none is written so.
func columnOf(rel connector.Relation, property, name string) (int, error) {
	found := -1
	for i, c := range rel.Columns {
		if c.Name == name || found < 0 && strings.EqualFold(c.Name, name) {
			found = i
		}
	}
	if found < 0 {
		return found, fmt.Errorf("property '%s': %s has no column %s", property, rel.Name, name)
	}
	return found, nil
}
