// Package file is the source that loads files into a topic: lines, CSV, JSON or MessagePack, plain or gzipped, at full speed or in the rows' own time,
// once or as they grow.
package file

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"weir/connectors/connector"
	"weir/formats"
)

// The headers of each record.
const (
	HeaderFile  = "weir.file"  // base name of the file
	HeaderLine  = "weir.line"  // number of the row in it, from 1, a CSV header not counted
	HeaderLines = "weir.lines" // number of rows in it; not for a file that is followed
)

// formatBytes makes one record of a whole file, formatMsgpack one of each MessagePack value.
const (
	formatBytes   = "bytes"
	formatMsgpack = "msgpack"
)

// Class is the entry of connector class 'file'.
func Class() connector.Class {
	return connector.Class{
		Name: "file",
		Kind: connector.Source,
		Doc: "Loads the rows of files into a topic, one record per row, at least once: killed while loading, it goes on after the row acknowledged last. " +
			"Files are read one after the other, by name. Each record has the headers weir.file, weir.line and weir.lines.",
		Properties: []connector.Property{
			{Name: "path", Type: connector.String, Required: true, Doc: "the file, or a pattern such as logs/*.csv; relative to the folder of the SQL script"},
			{Name: "topic", Type: connector.String, Required: true, Doc: "the topic to load into; it is created if it doesn't exist"},
			{Name: "partitions", Type: connector.Integer, Min: 1, Doc: "partitions of the topic, if it is created"},
			{Name: "replicas", Type: connector.Integer, Min: 1, Doc: "replicas of the topic, if it is created"},
			{Name: "format", Type: connector.String, Default: "lines", Values: []string{"lines", "csv", "json", formatMsgpack, formatBytes}, Doc: "lines: each line is a value; csv: also, but a quoted field may hold line breaks; json: one object per line. Empty lines count only in lines. msgpack: MessagePack values, one after the other. bytes: each file is one value, as it is: a gzipped one is not unpacked, and an empty one left out"},
			{Name: "csv.header", Type: connector.Boolean, Default: "false", Doc: "the first line of each file names the columns and is not loaded"},
			{Name: "csv.delimiter", Type: connector.String, Default: ",", Doc: "the character between columns; TAB and SPACE can be written as words"},
			{Name: "key", Type: connector.String, Doc: "what becomes the record's key, as text: a column of a CSV file by name or by number from 1, or a field of JSON or MessagePack"},
			{Name: "key.regex", Type: connector.String, Doc: "for lines: the key is what the first group of this regular expression matches"},
			{Name: "partition.by", Type: connector.String, Values: []string{"file", "round-robin"}, Doc: "where rows without a key go: all rows of a file into one partition, or in turn into all. Default: by file if the path matches several"},
			{Name: "speed", Type: connector.String, Default: "max", Doc: "max, a number of rows per second, or a factor such as x60: the rows' own time, 60 times as fast"},
			{Name: "time.column", Type: connector.String, Doc: "the column of a CSV file, by name or number, that becomes the record's timestamp"},
			{Name: "time.field", Type: connector.String, Doc: "the field of JSON or MessagePack that becomes the record's timestamp"},
			{Name: "time.regex", Type: connector.String, Doc: "for lines: the timestamp is what the first group of this regular expression matches"},
			{Name: "time.format", Type: connector.String, Doc: "a pattern such as dd/MMM/yyyy:HH:mm:ss Z, epoch_ms or epoch_s. Default: ISO 8601, or seconds or milliseconds since 1970"},
			{Name: "follow", Type: connector.Boolean, Default: "false", Doc: "goes on as the files grow, are replaced or emptied, and as new files match"},
			{Name: "loop", Type: connector.Boolean, Default: "false", Doc: "starts over at the end, for ever"},
			{Name: "max.rows", Type: connector.Integer, Min: 1, Doc: "ends after so many rows in all"},
			{Name: "max.line.bytes", Type: connector.Integer, Default: "1000000", Min: 1, Doc: "a longer row, or whole file, fails the connector; a broker takes 1 MB by default, headers and key included"},
		},
		Example: "CREATE SOURCE CONNECTOR flights WITH ('connector.class'='file', 'path'='flights.csv.gz', 'format'='csv', 'csv.header'='true', 'topic'='flights', 'key'='airline');",
		Open:    open,
	}
}

// options are the properties, understood.
type options struct {
	pattern     string // absolute
	topic       connector.Topic
	format      string
	header      bool
	delim       byte
	key, time   selector
	parseTime   func(string) (int64, error)
	byFile      bool
	byFileGiven bool
	pace        connector.Pace
	follow      bool
	loop        bool
	maxRows     int64
	maxLine     int
}

// selector says where in a row a value is: nowhere, in a CSV column, a field of JSON or MessagePack, or in a group of a regular expression.
type selector struct {
	name   string
	column int // of CSV, from 1; 0 if it has to be looked up in the header
	re     *regexp.Regexp
}

func (s selector) none() bool { return s.name == "" && s.re == nil }

func open(env connector.Env, v connector.Values) (connector.Reader, error) {
	o := options{
		topic:   connector.Topic{Name: v.Text("topic"), Partitions: int32(min(v.Int("partitions"), 1<<30)), Replicas: int16(min(v.Int("replicas"), 1<<14))},
		format:  v.Text("format"),
		header:  v.Bool("csv.header"),
		follow:  v.Bool("follow"),
		loop:    v.Bool("loop"),
		maxRows: v.Int("max.rows"),
		maxLine: int(min(v.Int("max.line.bytes"), 1<<30)),
		byFile:  v.Text("partition.by") == "file", byFileGiven: v.Given("partition.by"),
	}
	var err error
	if env.Confined {
		o.pattern, err = confine(env.Root, v.Text("path"))
	} else {
		o.pattern, err = pattern(env.BaseDir, v.Text("path"))
	}
	if err != nil {
		return nil, err
	}
	if o.topic.Name == "" {
		return nil, fmt.Errorf("property 'topic' is empty")
	}
	if err := o.checkFormat(v); err != nil {
		return nil, err
	}
	if o.delim, err = formats.FileDelimiter(v.Text("csv.delimiter")); err != nil {
		return nil, fmt.Errorf("property 'csv.delimiter': %w, got '%s'", err, v.Text("csv.delimiter"))
	}
	if o.key, err = o.selector(v, "key", "key", "key.regex"); err != nil {
		return nil, err
	}
	timeName := "time.column"
	if o.format == "json" || o.format == formatMsgpack {
		timeName = "time.field"
	}
	if o.time, err = o.selector(v, "time", timeName, "time.regex"); err != nil {
		return nil, err
	}
	if o.parseTime, err = timeParser(v.Text("time.format")); err != nil {
		return nil, fmt.Errorf("property 'time.format': %w", err)
	}
	if o.pace, err = o.speed(v.Text("speed")); err != nil {
		return nil, err
	}
	if o.follow && o.loop {
		return nil, fmt.Errorf("properties 'follow' and 'loop' exclude each other")
	}
	return &source{env: env, opts: o}, nil
}

func pattern(base, path string) (string, error) {
	if path == "" {
		return "", fmt.Errorf("property 'path' is empty")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(base, path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if _, err := filepath.Match(path, ""); err != nil {
		return "", fmt.Errorf("property 'path': '%s' is not a pattern for file names: a [ is not closed", path)
	}
	return path, nil
}

// checkFormat refuses properties that mean nothing for the format.
func (o *options) checkFormat(v connector.Values) error {
	only := map[string][]string{
		"csv.header": {"csv"}, "csv.delimiter": {"csv"}, "time.column": {"csv"}, "time.field": {"json", formatMsgpack}, "key.regex": {"lines"}, "time.regex": {"lines"},
	}
	for _, name := range []string{"csv.header", "csv.delimiter", "time.column", "time.field", "key.regex", "time.regex"} {
		if v.Given(name) && !slices.Contains(only[name], o.format) {
			return fmt.Errorf("property '%s' is for 'format'='%s', and the format is '%s'", name, strings.Join(only[name], "' or '"), o.format)
		}
	}
	if o.follow && o.format == formatBytes {
		return fmt.Errorf("property 'follow' does not go with 'format'='bytes': when a file is whole cannot be told")
	}
	if v.Given("key") && o.format == formatBytes {
		return fmt.Errorf("property 'key' is for 'format'='csv', 'json' or 'msgpack': a whole file has the header weir.file")
	}
	if v.Given("key") && o.format == "lines" {
		return fmt.Errorf("property 'key' is for 'format'='csv', 'json' or 'msgpack'; for lines there is 'key.regex'")
	}
	return nil
}

func (o *options) selector(v connector.Values, what, name, regex string) (selector, error) {
	if text := v.Text(regex); text != "" {
		re, err := regexp.Compile(text)
		if err != nil {
			return selector{}, fmt.Errorf("property '%s': %w", regex, err)
		}
		if re.NumSubexp() == 0 {
			return selector{}, fmt.Errorf("property '%s': put the part that is the %s in parentheses", regex, what)
		}
		return selector{re: re}, nil
	}
	s := selector{name: v.Text(name)}
	if s.name == "" || o.format != "csv" {
		return s, nil
	}
	if n, err := strconv.Atoi(s.name); err == nil {
		if n < 1 || n > 1<<20 {
			return selector{}, fmt.Errorf("property '%s': columns are numbered from 1", name)
		}
		s.column = n
	} else if !o.header {
		return selector{}, fmt.Errorf("property '%s': to name the column '%s', the file needs a header ('csv.header'='true'); or give the column's number", name, s.name)
	}
	return s, nil
}

func (o *options) speed(text string) (connector.Pace, error) {
	if text == "" || strings.EqualFold(text, "max") {
		return connector.Pace{}, nil
	}
	factor, isFactor := strings.CutPrefix(strings.ToLower(strings.TrimSpace(text)), "x")
	n, err := strconv.ParseFloat(factor, 64)
	if err != nil || n <= 0 || n > 1e12 {
		return connector.Pace{}, fmt.Errorf("property 'speed': expected max, a number of rows per second such as 1000, or a factor such as x60, got '%s'", text)
	}
	if !isFactor {
		return connector.RowsPerSecond(n), nil
	}
	if o.time.none() {
		return connector.Pace{}, fmt.Errorf("property 'speed'='%s' goes by the rows' own time: say where it is with 'time.column' (csv), 'time.field' (json, msgpack) or 'time.regex' (lines)", text)
	}
	return connector.TimesAsFast(n), nil
}
