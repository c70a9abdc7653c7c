package task

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/formats"
	"weir/types"
)

// headedDecoder takes down what it is given.
type headedDecoder struct{ header, data string }

func (d *headedDecoder) Reset() {}

func (d *headedDecoder) Decode(data []byte, _ []types.Value) error {
	d.header, d.data = "", string(data)
	return nil
}

func (d *headedDecoder) DecodeHeaded(header, data []byte, _ []types.Value) error {
	d.header, d.data = string(header), string(data)
	return nil
}

// TestSchemaHeaders: the header that names a schema is read with the data it is about, and does not go on with data of another schema.
func TestSchemaHeaders(t *testing.T) {
	headers := []kgo.RecordHeader{{Key: "a", Value: []byte("1")}, {Key: formats.ValueSchemaHeader, Value: []byte("id")}}
	d := &headedDecoder{}
	if err := decode(d, formats.ValueSchemaHeader, headers, []byte("x"), nil); err != nil || d.header != "id" || d.data != "x" {
		t.Errorf("with its header: %+v, %v", d, err)
	}
	if err := decode(d, formats.KeySchemaHeader, headers, []byte("k"), nil); err != nil || d.header != "" || d.data != "k" {
		t.Errorf("with the header of the other side: %+v, %v", d, err)
	}
	if out := recordHeaders(headerValue(headers, "")); len(out) != 1 || out[0].Key != "a" || string(out[0].Value) != "1" {
		t.Errorf("headers that go on: %v", out)
	}
}
