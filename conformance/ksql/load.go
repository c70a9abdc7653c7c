package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// file is one file of cases.
type file struct {
	name  string
	cases []runnable
}

// testCase is a case of query/*.json, expanded for one format and one configuration.
type testCase struct {
	Name       string            `json:"name"`
	Statements []string          `json:"statements"`
	Formats    []string          `json:"format"`
	Config     []string          `json:"config"`
	Properties map[string]any    `json:"properties"`
	Topics     []topicSpec       `json:"topics"`
	Inputs     []record          `json:"inputs"`
	Outputs    []record          `json:"outputs"`
	Exception  *exception        `json:"expectedException"`
	Post       postConditions    `json:"post"`
	Enabled    *bool             `json:"enabled"`
	settings   map[string]string // the properties as text
}

// topicSpec is a topic, with its schemas, that is there before the statements.
type topicSpec struct {
	Name            string          `json:"name"`
	Partitions      int32           `json:"partitions"`
	KeyFormat       string          `json:"keyFormat"`
	ValueFormat     string          `json:"valueFormat"`
	KeySchema       json.RawMessage `json:"keySchema"`
	ValueSchema     json.RawMessage `json:"valueSchema"`
	KeySchemaID     *int            `json:"keySchemaId"`
	ValueSchemaID   *int            `json:"valueSchemaId"`
	KeyReferences   []reference     `json:"keySchemaReferences"`
	ValueReferences []reference     `json:"valueSchemaReferences"`
}

type reference struct {
	Name   string          `json:"name"`
	Schema json.RawMessage `json:"schema"`
}

// record is a record fed in or expected.
type record struct {
	Topic     string          `json:"topic"`
	Key       json.RawMessage `json:"key"`
	Value     json.RawMessage `json:"value"`
	Timestamp *int64          `json:"timestamp"`
	Window    *windowSpec     `json:"window"`
	Headers   []header        `json:"headers"`
}

type windowSpec struct {
	Start int64  `json:"start"`
	End   int64  `json:"end"`
	Type  string `json:"type"`
}

type header struct {
	Key   string  `json:"KEY"`
	Value *[]byte `json:"VALUE"`
}

// exception is the error that a case has to end with. Types of exceptions mean nothing here.
type exception struct {
	Message string `json:"message"`
	Cause   string `json:"causeMessage"`
}

type postConditions struct {
	Sources []sourceSpec `json:"sources"`
	Topics  struct {
		Blacklist string          `json:"blacklist"`
		Topics    []postTopicSpec `json:"topics"`
	} `json:"topics"`
}

type sourceSpec struct {
	Name        string     `json:"name"`
	Type        string     `json:"type"`
	Schema      string     `json:"schema"`
	KeyFormat   *keyFormat `json:"keyFormat"`
	ValueFormat string     `json:"valueFormat"`
	KeyFeatures *[]string  `json:"keyFeatures"`
	ValFeatures *[]string  `json:"valueFeatures"`
	IsSource    *bool      `json:"isSource"`
}

type keyFormat struct {
	Format     string `json:"format"`
	WindowType string `json:"windowType"`
	WindowSize int64  `json:"windowSize"`
}

type postTopicSpec struct {
	Name          string          `json:"name"`
	KeyFormat     formatSpec      `json:"keyFormat"`
	ValueFormat   formatSpec      `json:"valueFormat"`
	Partitions    int32           `json:"partitions"`
	KeySchemaID   *int            `json:"keySchemaId"`
	ValueSchemaID *int            `json:"valueSchemaId"`
	KeySchema     json.RawMessage `json:"keySchema"`
	ValueSchema   json.RawMessage `json:"valueSchema"`
}

type formatSpec struct {
	Format string `json:"format"`
}

// load reads the files of DIR/query and DIR/sql.
func load(dir string) ([]file, error) {
	names, err := filepath.Glob(filepath.Join(dir, "query", "*.json"))
	if err != nil {
		return nil, err
	}
	scripts, err := filepath.Glob(filepath.Join(dir, "sql", "*.sql"))
	if err != nil {
		return nil, err
	}
	if len(names)+len(scripts) == 0 {
		return nil, fmt.Errorf("no cases found: expected %s/query/*.json and %s/sql/*.sql", dir, dir)
	}
	var out []file
	for _, name := range names {
		f, err := loadFile(name, queryCases)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, f)
	}
	for _, name := range scripts {
		f, err := loadScripts(name)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// loadFile reads a file of JSON; from makes the cases of what stands in it.
func loadFile(name string, from func(json.RawMessage) ([]runnable, error)) (file, error) {
	f := file{name: strings.TrimSuffix(filepath.Base(name), ".json")}
	text, err := os.ReadFile(name)
	if err != nil {
		return f, err
	}
	var content struct {
		Tests []json.RawMessage `json:"tests"`
	}
	if err := json.Unmarshal(text, &content); err != nil {
		return f, err
	}
	for i, raw := range content.Tests {
		cases, err := from(raw)
		if err != nil {
			return f, fmt.Errorf("case %d: %w", i+1, err)
		}
		f.cases = append(f.cases, cases...)
	}
	return f, nil
}

func queryCases(raw json.RawMessage) ([]runnable, error) {
	list, err := expand(raw)
	var out []runnable
	for _, c := range list {
		out = append(out, c)
	}
	return out, err
}

// expand makes a case for each format and configuration.
func expand(raw json.RawMessage) ([]*testCase, error) {
	first, err := parseCase(raw)
	if err != nil {
		return nil, err
	}
	var out []*testCase
	for _, format := range orNone(first.Formats) {
		for _, config := range orNone(first.Config) {
			c, err := parseCase(raw)
			if err != nil {
				return nil, err
			}
			for _, part := range []string{format, config} {
				if part != "" {
					c.Name += " - " + part
				}
			}
			for i := range c.Statements {
				c.Statements[i] = strings.ReplaceAll(c.Statements[i], "{FORMAT}", format)
			}
			c.settings = map[string]string{}
			for k, v := range c.Properties {
				c.settings[k] = strings.ReplaceAll(fmt.Sprint(v), "{CONFIG}", config)
			}
			out = append(out, c)
		}
	}
	return out, nil
}

func parseCase(raw json.RawMessage) (*testCase, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	c := new(testCase)
	if err := dec.Decode(c); err != nil {
		return nil, err
	}
	if c.Name == "" || len(c.Statements) == 0 {
		return nil, errors.New("a case needs a name and statements")
	}
	return c, nil
}

func orNone(list []string) []string {
	if len(list) == 0 {
		return []string{""}
	}
	return slices.Clone(list)
}
