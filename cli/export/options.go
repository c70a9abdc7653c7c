package export

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"weir/formats"
	"weir/parser/ast"
	"weir/parser/suggest"
)

// Format is how a file holds rows.
type Format string

// The formats.
const (
	CSV     Format = "csv"     // RFC 4180, with a line of names
	JSONL   Format = "jsonl"   // an object per row and line
	Parquet Format = "parquet" // columns, typed and packed
)

// endings are those of files, by which the format goes where it is not named.
var endings = map[string]Format{".csv": CSV, ".tsv": CSV, ".jsonl": JSONL, ".ndjson": JSONL, ".json": JSONL, ".parquet": Parquet}

// Formats are the names of the formats.
func Formats() []string { return []string{string(CSV), string(JSONL), string(Parquet)} }

// Options say how a file is written. The zero value has the format go by the file's name.
type Options struct {
	Format      Format
	Overwrite   bool   // a file that is there is replaced
	NoHeader    bool   // of CSV: no line of names
	Delimiter   byte   // of CSV; 0 for a comma, or in .tsv a tab
	Null        string // of CSV: what stands for NULL, without quotes
	Compression string // none or gzip; of Parquet none, snappy, gzip or zstd. Empty for gzip where the name ends in .gz, and snappy in Parquet
	RowGroup    int64  // of Parquet: bytes of rows, as JSON, that are held in memory and make a row group; 0 for 64 MiB
}

const defaultRowGroup = 64 << 20

// option is a property of COPY ... WITH, and a flag of weir export.
type option struct {
	name string
	only Format // the format that knows it; empty for all
	set  func(o *Options, text string) error
}

var options = []option{
	{"FORMAT", "", func(o *Options, text string) error { return o.SetFormat(text) }},
	{"OVERWRITE", "", func(o *Options, text string) error { return yesOrNo(&o.Overwrite, text) }},
	{"COMPRESSION", "", func(o *Options, text string) error { o.Compression = strings.ToLower(text); return nil }},
	{"HEADER", CSV, func(o *Options, text string) error {
		var header bool
		err := yesOrNo(&header, text)
		o.NoHeader = !header
		return err
	}},
	{"DELIMITER", CSV, (*Options).setDelimiter},
	{"NULL_AS", CSV, func(o *Options, text string) error { o.Null = text; return nil }},
	{"ROW_GROUP_BYTES", Parquet, func(o *Options, text string) error {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 {
			return errors.New("expected a number of bytes above 0")
		}
		o.RowGroup = n
		return nil
	}},
}

// SetFormat reads a format's name.
func (o *Options) SetFormat(text string) error {
	switch f := Format(strings.ToLower(text)); f {
	case CSV, JSONL, Parquet:
		o.Format = f
		return nil
	case "json", "ndjson":
		o.Format = JSONL
		return nil
	}
	return errors.New("expected csv, jsonl or parquet")
}

func yesOrNo(to *bool, text string) error {
	yes, err := strconv.ParseBool(strings.ToLower(text))
	if err != nil {
		return errors.New("expected TRUE or FALSE")
	}
	*to = yes
	return nil
}

func (o *Options) setDelimiter(text string) (err error) {
	if o.Delimiter, err = formats.FileDelimiter(text); err == nil && o.Delimiter == 0 {
		return errors.New("expected a character that can be seen") // 0 stands for the one that goes by the file's name
	}
	return err
}

// OptionsOf reads the properties of COPY ... WITH for a file of that name. Errors name the property.
func OptionsOf(props []ast.Prop, path string) (Options, error) {
	var o Options
	given := map[string]bool{}
	for _, p := range props {
		name := strings.ToUpper(p.Name)
		i := slices.IndexFunc(options, func(x option) bool { return x.name == name })
		if i < 0 {
			return o, fmt.Errorf("COPY has no property %s.%s It has %s", p.Name, didYouMean(name), strings.Join(Properties(), ", "))
		}
		if given[name] {
			return o, fmt.Errorf("the property %s is given twice", name)
		}
		given[name] = true
		text, err := literal(p.Value)
		if err == nil {
			err = options[i].set(&o, text)
		}
		if err != nil {
			return o, fmt.Errorf("the property %s: %w, got %s", name, err, ast.Format(p.Value))
		}
	}
	if err := o.complete(path); err != nil {
		return o, err
	}
	for _, x := range options {
		if given[x.name] && x.only != "" && x.only != o.Format {
			return o, fmt.Errorf("the property %s is for the format %s, and the format is %s", x.name, x.only, o.Format)
		}
	}
	return o, nil
}

// Properties are the names of what COPY ... WITH takes.
func Properties() []string {
	var out []string
	for _, x := range options {
		out = append(out, x.name)
	}
	return out
}

func didYouMean(name string) string {
	if s, ok := suggest.Suggest(name, Properties()); ok && s != "" {
		return " Did you mean " + s + "?"
	}
	return ""
}

func literal(x ast.Expr) (string, error) {
	switch x := x.(type) {
	case *ast.StringLit:
		return x.Value, nil
	case *ast.NullLit:
		return "", errors.New("expected a value")
	default: // numbers and truths are as they are written
		return ast.Format(x), nil
	}
}

// complete fills in what the file's name says, and refuses what does not fit.
func (o *Options) complete(path string) error {
	name := strings.ToLower(filepath.Base(path))
	packed := strings.HasSuffix(name, ".gz")
	ending := filepath.Ext(strings.TrimSuffix(name, ".gz"))
	if o.Format == "" {
		f, ok := endings[ending]
		switch {
		case !ok && path == Stdout:
			return errors.New("which format? Name one: csv, jsonl or parquet")
		case !ok:
			return fmt.Errorf("the name %s does not tell the format: end it with .csv, .tsv, .jsonl, .ndjson or .parquet, or name one: FORMAT='csv', 'jsonl' or 'parquet'", path)
		}
		o.Format = f
	}
	if o.Delimiter == 0 {
		if o.Delimiter = ','; ending == ".tsv" {
			o.Delimiter = '\t'
		}
	}
	if o.Format == CSV && strings.ContainsAny(o.Null, string(o.Delimiter)+"\"\r\n") {
		return fmt.Errorf("NULL_AS must hold no delimiter, no quote and no line break, got %q", o.Null)
	}
	if o.RowGroup == 0 {
		o.RowGroup = defaultRowGroup
	}
	return o.compression(path, packed)
}

func (o *Options) compression(path string, packed bool) error {
	known := []string{"none", "gzip"}
	if o.Format == Parquet {
		known = []string{"none", "snappy", "gzip", "zstd"}
		if packed {
			return fmt.Errorf("a Parquet file is packed inside: %s without .gz, and COMPRESSION='gzip' or 'zstd' where snappy is not wanted", path)
		}
	}
	if o.Compression == "" {
		switch {
		case o.Format == Parquet:
			o.Compression = "snappy"
		case packed:
			o.Compression = "gzip"
		default:
			o.Compression = "none"
		}
	}
	if !slices.Contains(known, o.Compression) {
		return fmt.Errorf("COMPRESSION of %s is %s or %s, not '%s'", o.Format, strings.Join(known[:len(known)-1], ", "), known[len(known)-1], o.Compression)
	}
	return nil
}
