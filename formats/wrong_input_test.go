package formats

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"weir/types"
)

// Records of one type read as another, cut short or with a byte changed: they give values or errors that say where, but
// nothing panics, and no error names no format.
func TestWrongInput(t *testing.T) {
	for _, f := range All() {
		if f.Name == None {
			continue
		}
		for _, written := range samples {
			base, _ := avroSpec(t, "")
			spec := Spec{Format: f.Name, Topic: "t", Registry: base.Registry}
			cols := types.Schema{{Name: "C", Type: written.typ}}
			if Check(spec, cols) != nil {
				continue
			}
			e, err := NewEncoder(spec, cols, slots(1))
			if err != nil {
				t.Fatal(err)
			}
			data, err := e.Append(nil, []types.Value{written.vals[len(written.vals)-1]})
			if err != nil {
				t.Fatal(err)
			}
			for _, read := range samples {
				as := types.Schema{{Name: "C", Type: read.typ}}
				if Check(spec, as) != nil {
					continue
				}
				d, err := NewDecoder(spec, as, slots(1))
				if err != nil {
					t.Fatal(err)
				}
				row := make([]types.Value, 1)
				try := func(data []byte) {
					err := d.Decode(data, row)
					if e := (*Error)(nil); errors.As(err, &e) && (e.Format != f.Name || e.Want == "") {
						t.Errorf("%s: %s as %s: the error says too little: %v", f.Name, written.typ, read.typ, err)
					}
					if err == nil {
						_ = types.Text(row[0], read.typ)
					}
					d.Reset()
				}
				for n := range data {
					try(data[:n])
					if n >= confluentHeader || !f.Registry {
						changed := append([]byte(nil), data...)
						changed[n] ^= 0x55
						try(changed)
					}
				}
				try(data)
				if err := d.Decode(data, row); err != nil && read.typ.Equal(written.typ) {
					t.Errorf("%s: %s is not read: %v", f.Name, read.typ, err)
				}
			}
		}
	}
}

// A record of almost nothing makes no more than its share of STRUCTs.
func TestEmptyStructs(t *testing.T) {
	var fields []types.Field
	for i := range 500 {
		fields = append(fields, types.Field{Name: fmt.Sprintf("F%d", i), Type: types.TInteger})
	}
	cols := types.Schema{{Name: "A", Type: types.TArray(types.TStruct(fields...))}}
	const n = 20_000
	for format, data := range map[string]string{
		JSON:         `{"A":[{}` + strings.Repeat(",{}", n-1) + `]}`,
		MsgPack:      "\x81\xa1A\xdc" + string([]byte{n >> 8, n & 255}) + strings.Repeat("\x80", n),
		ProtobufNoSR: strings.Repeat("\x0a\x00", n),
	} {
		d, err := NewDecoder(Spec{Format: format}, cols, slots(1))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Decode([]byte(data), make([]types.Value, 1)); err == nil || !strings.Contains(err.Error(), wantFewer) {
			t.Errorf("%s: %v", format, err)
		}
	}
}
