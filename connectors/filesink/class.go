// Package filesink is the sink that writes rows to files: JSON lines, CSV, Avro, or values as they are. Each row is in them once.
package filesink

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"weir/connectors/connector"
	"weir/connectors/encode"
	"weir/disk"
	"weir/settings"
)

// topicMark stands in a path for the name of the topic.
const topicMark = "{topic}"

// What to do with a file that is there when a new connector begins.
const (
	existsFail    = "fail"
	existsAppend  = "append"
	existsReplace = "replace"
)

// Class is the entry of sink class 'file'.
func Class() connector.Class {
	return connector.Class{
		Name:    "file",
		Aliases: []string{"org.apache.kafka.connect.file.FileStreamSinkConnector", "FileStreamSink"},
		Kind:    connector.Sink,
		Doc: "Writes rows to a file as they come, or to several, one after the other. What was written stays when the node is killed, and no row is there twice. " +
			"Rows that a table deletes are left out unless 'deletes' asks for them.",
		Properties: append([]connector.Property{
			{Name: "path", Type: connector.String, Required: true, Doc: "the file, relative to the folder of the SQL script; " + topicMark + " stands for the name of the topic. Its folder is made"},
			{Name: "format", Type: connector.String, Default: encode.JSON, Values: encode.Formats, Doc: "json: an object per line; csv; avro: an object container file; lines: the records' values as they are"},
			{Name: "csv.header", Type: connector.Boolean, Default: "true", Doc: "the first line of each file names the columns"},
			{Name: "csv.delimiter", Type: connector.String, Default: ",", Doc: "the character between columns; TAB and SPACE can be written as words"},
			{Name: "avro.codec", Type: connector.String, Default: "null", Values: []string{"null", "deflate", "snappy", "zstandard"}, Doc: "how blocks of Avro files are compressed"},
			{Name: "deletes", Type: connector.Boolean, Default: "false", Doc: "writes rows that a table deletes too: a column " + encode.DeletedColumn + " tells them"},
			{Name: "exists", Type: connector.String, Default: existsFail, Values: []string{existsFail, existsAppend, existsReplace}, Doc: "what a new connector does with a file that is there"},
			{Name: "roll.bytes", Type: connector.Integer, Default: "0", Doc: "a file is followed by another, with a number in its name, when it has so many bytes; 0 for never"},
			{Name: "roll.interval", Type: connector.Duration, Default: "0", Doc: "the same, when so much time has passed since its first row"},
		}, connector.Flush{Rows: "10000", Bytes: "8388608", Interval: "1s"}.SinkProperties()...),
		Example:  "CREATE SINK CONNECTOR out WITH ('connector.class'='file', 'from'='clicks', 'path'='clicks.csv', 'format'='csv');",
		OpenSink: open,
	}
}

func open(env connector.Env, v connector.Values) (connector.Opened, error) {
	s := &sink{
		env:          env,
		options:      encode.Options{Format: v.Text("format"), Header: v.Bool("csv.header"), Delimiter: v.Text("csv.delimiter"), Separator: "\n", Deletes: v.Bool("deletes"), Codec: v.Text("avro.codec")},
		exists:       v.Text("exists"),
		rollBytes:    v.Int("roll.bytes"),
		rollInterval: v.Duration("roll.interval"),
		now:          time.Now,
	}
	for name, format := range map[string]string{"csv.header": encode.CSV, "csv.delimiter": encode.CSV, "avro.codec": encode.Avro} {
		if v.Given(name) && s.options.Format != format {
			return connector.Opened{}, fmt.Errorf("property '%s' is for 'format'='%s', and the format is '%s'", name, format, s.options.Format)
		}
	}
	if s.options.Deletes && s.options.Format == encode.Lines {
		return connector.Opened{}, fmt.Errorf("property 'deletes': a line that is the record's value has no place for %s: choose another format", encode.DeletedColumn)
	}
	var err error
	if s.path, err = place(env, v.Text("path")); err != nil {
		return connector.Opened{}, fmt.Errorf("property 'path': %w", err)
	}
	return connector.Opened{Writer: s, Columns: s.options.NeedsColumns(), Check: s.check}, nil
}

// place is an absolute path, below the root where the connector is confined.
func place(env connector.Env, path string) (string, error) {
	if path == "" {
		return "", fmt.Errorf("it is empty")
	}
	base := env.BaseDir
	if env.Confined {
		if base = env.Root; base == "" {
			return "", fmt.Errorf("a connector that is made over the HTTP API writes files below the folder that the setting %s names, and it names none. "+
				"Start the server with --file-root DIR, or use weir run", settings.FileRoot.About().Name)
		}
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(base, path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if !env.Confined {
		return path, nil
	}
	root, err := filepath.Abs(env.Root)
	if err != nil {
		return "", err
	}
	if !disk.Below(root, path) {
		return "", fmt.Errorf("%s is outside of %s, which the setting %s confines connectors to", path, root, settings.FileRoot.About().Name)
	}
	return path, nil
}

// confine refuses a folder that a link leads to out of the root.
func (s *sink) confine(dir string) error {
	if !s.env.Confined {
		return nil
	}
	_, below, err := disk.Real(s.env.Root, dir)
	if err != nil {
		return err
	}
	if !below {
		return connector.Userf("%s leads out of the folder that the setting %s confines connectors to", dir, settings.FileRoot.About().Name)
	}
	return nil
}

// openFile opens a file to write, not following a link at its end where the connector is confined.
func (s *sink) openFile(path string) (*os.File, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, connector.Userf("%w", err)
	}
	if err := s.confine(dir); err != nil {
		return nil, err
	}
	if info, err := os.Lstat(path); s.env.Confined && err == nil && !info.Mode().IsRegular() {
		return nil, connector.Userf("%s is no ordinary file", path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, connector.Userf("%w", err)
	}
	return f, nil
}
