// Package datagen is the source that makes rows up: values from distributions, the same ones for the same seed.
package datagen

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"weir/connectors/connector"
)

// Class is the entry of connector class 'datagen'.
func Class() connector.Class {
	return connector.Class{
		Name: "datagen",
		Kind: connector.Source,
		Doc: "Generates rows. Each 'field.NAME' is a field, in the order given; its value is a generator, such as uniform(1, 6), or a text with generators in braces, " +
			"such as 'user_{zipf(1000)}'. The generators are: " + generatorDoc(),
		Properties: []connector.Property{
			{Name: "topic", Type: connector.String, Doc: "the topic to write; it is created if it doesn't exist. Default: the name of the quickstart"},
			{Name: "partitions", Type: connector.Integer, Min: 1, Doc: "partitions of the topic, if it is created"},
			{Name: "replicas", Type: connector.Integer, Min: 1, Doc: "replicas of the topic, if it is created"},
			{Name: "quickstart", Type: connector.String, Values: quickstartNames(), Doc: "a ready set of fields, with key and timestamp: " + strings.Join(quickstartNames(), ", ")},
			{Name: "field.*", Type: connector.String, Doc: "the generator of one field"},
			{Name: "format", Type: connector.String, Default: "json", Values: []string{"json", "csv"}, Doc: "how a row becomes a value; csv is what the DELIMITED format reads"},
			{Name: "key", Type: connector.String, Doc: "the field whose text becomes the record's key; it stays in the value"},
			{Name: "timestamp", Type: connector.String, Doc: "the field, made by time(...), that becomes the record's timestamp. Default: the time of writing"},
			{Name: "rows", Type: connector.Integer, Min: 1, Doc: "ends after so many rows. Default: it goes on"},
			{Name: "rate", Type: connector.String, Default: "max", Doc: "rows per second, or max"},
			{Name: "seed", Type: connector.Integer, Default: "1", Doc: "the same seed gives the same rows"},
		},
		Example: "CREATE SOURCE CONNECTOR dice WITH ('connector.class'='datagen', 'topic'='dice', 'field.player'='player_{zipf(100)}', 'field.eyes'='uniform(1, 6)', 'key'='player', 'rate'='10');",
		Open:    open,
	}
}

func open(env connector.Env, v connector.Values) (connector.Reader, error) {
	g := &source{
		topic: connector.Topic{Name: v.Text("topic"), Partitions: int32(min(v.Int("partitions"), 1<<30)), Replicas: int16(min(v.Int("replicas"), 1<<14))},
		csv:   v.Text("format") == "csv",
		rows:  v.Int("rows"),
		seed:  uint64(v.Int("seed")),
		key:   -1, timestamp: -1, apart: 1000,
	}
	specs, key, timestamp := v.Starred(), v.Text("key"), v.Text("timestamp")
	if name := v.Text("quickstart"); name != "" {
		if len(specs) > 0 {
			return nil, fmt.Errorf("properties 'quickstart' and 'field.%s' exclude each other", specs[0].Name)
		}
		q := findQuickstart(name)
		specs, g.apart = q.fields, q.apart
		if !v.Given("key") {
			key = q.key
		}
		if !v.Given("timestamp") {
			timestamp = q.timestamp
		}
		if g.topic.Name == "" {
			g.topic.Name = q.name
		}
	}
	switch {
	case g.topic.Name == "":
		return nil, fmt.Errorf("connector class 'datagen' needs the property 'topic'")
	case len(specs) == 0:
		return nil, fmt.Errorf("connector class 'datagen' needs at least one 'field.NAME', or a 'quickstart'")
	}
	names := make([]string, len(specs))
	for i, s := range specs {
		f, err := parseField(s.Name, s.Value)
		if err != nil {
			return nil, fmt.Errorf("property 'field.%s': %w", s.Name, err)
		}
		g.fields, names[i] = append(g.fields, f), s.Name
	}
	var err error
	if g.key, err = fieldIndex("key", key, names); err != nil {
		return nil, err
	}
	if g.timestamp, err = fieldIndex("timestamp", timestamp, names); err != nil {
		return nil, err
	}
	if g.timestamp >= 0 && g.fields[g.timestamp].millis == nil {
		return nil, fmt.Errorf("property 'timestamp': the field '%s' is not made by time(...) or now", timestamp)
	}
	if g.pace, err = rate(v.Text("rate")); err != nil {
		return nil, err
	}
	if d, ok := g.pace.Apart(); ok {
		g.apart = float64(d) / float64(time.Millisecond)
	}
	return g, nil
}

// fieldIndex is the place of a field, -1 if none is asked for.
func fieldIndex(property, name string, names []string) (int, error) {
	if name == "" {
		return -1, nil
	}
	for i, n := range names {
		if strings.EqualFold(n, name) {
			return i, nil
		}
	}
	return -1, fmt.Errorf("property '%s': there is no field '%s'; the fields are: %s", property, name, strings.Join(names, ", "))
}

func rate(text string) (connector.Pace, error) {
	if strings.EqualFold(text, "max") {
		return connector.Pace{}, nil
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(n > 0) || n > 1e12 {
		return connector.Pace{}, fmt.Errorf("property 'rate': expected a number of rows per second, or max, got '%s'", text)
	}
	return connector.RowsPerSecond(n), nil
}
