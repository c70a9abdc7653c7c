package encode

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/hamba/avro/v2/ocf"

	"weir/connectors/connector"
	"weir/types"
)

var rel = connector.Relation{Topic: "t", Name: "my-table", Table: true, Columns: []connector.Column{
	{Name: "K", Type: types.TString, Key: true}, {Name: "N", Type: types.TBigint}, {Name: "PRICE", Type: types.TDecimal(10, 2)},
}}

func row(k string, n int64) connector.Row {
	price, err := types.ParseDecimal("1.50")
	if err != nil {
		panic(err)
	}
	return connector.Row{Value: []byte("raw " + k), Values: []types.Value{types.StringValue(k), types.BigintValue(n), price}}
}

func deleted(k string) connector.Row {
	return connector.Row{Values: []types.Value{types.StringValue(k), types.NullValue, types.NullValue}}
}

func encode(t *testing.T, opts Options, parts ...[]connector.Row) []byte {
	t.Helper()
	e, err := New(rel, opts)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for i, rows := range parts {
		if err := e.Append(context.Background(), &out, i == 0, rows, func(_ context.Context, _ *connector.Row, err error) error { return err }); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func TestText(t *testing.T) {
	parts := [][]connector.Row{{row("a", 1), deleted("b")}, {row("c,\"", 2)}}
	for want, opts := range map[string]Options{
		"{\"K\":\"a\",\"N\":1,\"PRICE\":1.50}\n{\"K\":\"c,\\\"\",\"N\":2,\"PRICE\":1.50}\n": {Format: JSON},
		"{\"N\":1,\"PRICE\":1.50}\n{\"N\":2,\"PRICE\":1.50}\n":                              {Format: JSON, ValueOnly: true},
		"K,N,PRICE,__deleted\na,1,1.50,false\nb,,,true\n\"c,\"\"\",2,1.50,false\n":          {Format: CSV, Header: true, Deletes: true},
		"a\t1\t1.50\n\"c,\"\"\"\t2\t1.50\n":                                                 {Format: CSV, Delimiter: "TAB"},
		"raw a;raw c,\";":                                                                   {Format: Lines, Separator: ";"},
	} {
		if got := string(encode(t, opts, parts...)); got != want {
			t.Errorf("%+v: %q, want %q", opts, got, want)
		}
	}
}

// TestContainers: files of several parts are one file for whoever reads them.
func TestContainers(t *testing.T) {
	for _, codec := range []string{"", "null", "deflate", "snappy", "zstandard"} {
		var many []connector.Row
		for i := range int64(2*blockRows + 10) {
			many = append(many, row("k", i))
		}
		data := encode(t, Options{Format: Avro, Codec: codec, Deletes: true}, nil, many[:5], nil, many[5:], []connector.Row{deleted("gone")})
		dec, err := ocf.NewDecoder(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		n := int64(0)
		for dec.HasNext() {
			var got struct {
				N       *int64 `avro:"N"`
				Deleted *bool  `avro:"__deleted"`
			}
			if err := dec.Decode(&got); err != nil {
				t.Fatal(err)
			}
			if n < int64(len(many)) && (got.N == nil || *got.N != n) || *got.Deleted != (n == int64(len(many))) {
				t.Fatalf("%s: row %d is %+v", codec, n, got)
			}
			n++
		}
		if dec.Error() != nil || n != int64(len(many))+1 {
			t.Errorf("%s: %d rows, %v", codec, n, dec.Error())
		}
		if name := string(dec.Metadata()["avro.schema"]); !strings.Contains(name, `"my_table"`) {
			t.Error(name)
		}
	}
}

func TestWrong(t *testing.T) {
	nested := rel
	nested.Columns = append(nested.Columns[:1:1], connector.Column{Name: "A", Type: types.TArray(types.TString)})
	keys := rel
	keys.Columns = rel.Columns[:1]
	for want, c := range map[string]struct {
		rel  connector.Relation
		opts Options
	}{
		"rows of my-table cannot be written as csv": {nested, Options{Format: CSV}},
		"there is no format xml":                    {rel, Options{Format: "xml"}},
		"no columns beside its key":                 {keys, Options{Format: JSON, ValueOnly: true}},
		"unknown codec":                             {rel, Options{Format: Avro, Codec: "lzma"}},
	} {
		if _, err := New(c.rel, c.opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}
