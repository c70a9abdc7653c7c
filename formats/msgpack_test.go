package formats

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"weir/types"
)

// msg is MessagePack from hex with blanks.
func msg(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMsgPackValues(t *testing.T) {
	list := types.TArray(types.TString)
	for _, c := range []struct {
		typ        *types.Type
		data, want string // an error when it begins with !
	}{
		{types.TInteger, "d1 8000", "-32768"}, {types.TInteger, "ce 80000000", "!an INTEGER"}, {types.TInteger, "cb 3ffe666666666666", "1"},
		{types.TBigint, "d3 8000000000000000", "-9223372036854775808"}, {types.TBigint, "cf 8000000000000000", "!a BIGINT"}, {types.TBigint, "a2 3432", "42"},
		{types.TBigint, "c7 0c ff 00000000 ffffffffffffffff", "-1000"}, {types.TDouble, "ca 3f000000", "0.5"}, {types.TDouble, "cf ffffffffffffffff", "1.8446744073709552E19"},
		{types.TDecimal(5, 2), "a4 312e3530", "1.50"}, {types.TDecimal(5, 2), "cb 3ff8000000000000", "1.50"}, {types.TDecimal(3, 2), "cd 03e8", "!without rounding"},
		{types.TDecimal(20, 0), "cf ffffffffffffffff", "18446744073709551615"}, {types.TBoolean, "c3", "true"}, {types.TBoolean, "01", "!true or false"},
		{types.TString, "c2", "false"}, {types.TString, "ff", "-1"}, {types.TString, "cb 3ff0000000000000", "1.0"}, {types.TString, "c4 01 61", "a"}, {types.TString, "a1 ff", "!UTF-8"},
		{types.TString, "d6 ff 00000001", "1970-01-01T00:00:01.000"}, {types.TBytes, "c4 02 00ff", "AP8="}, {types.TBytes, "a1 61", "YQ=="}, {types.TBytes, "01", "!BYTES"},
		{types.TTimestamp, "d7 ff ee2e1f0065920080", "2024-01-01T00:00:00.999"}, {types.TTimestamp, "d7 ff ffffffff00000000", "!a TIMESTAMP"}, {types.TTimestamp, "d6 05 00000001", "!a TIMESTAMP"},
		{types.TTimestamp, "aa 323032342d30312d3031", "2024-01-01T00:00:00.000"}, {types.TDate, "d6 ff 65920080", "2024-01-01"}, {types.TTime, "d6 ff 65920081", "00:00:01"},
		{list, "92 a1 61 c0", "[a, null]"}, {list, "dc 0001 01", "[1]"}, {list, "dd ffffffff", "!ARRAY"}, {list, "81 a1 61 01", "!ARRAY"}, {types.TMap(types.TString, types.TInteger), "82 01 02 a1 61 03", "{1=2, a=3}"},
		{types.TMap(types.TString, types.TInteger), "81 c0 02", "!the key of a map"}, {types.TInteger, "c1", "!an INTEGER"}, {types.TInteger, "d2 00", "!an INTEGER"},
	} {
		d, err := NewDecoder(Spec{Format: MsgPack, IsKey: true}, types.Schema{{Name: "C", Type: c.typ}}, []int{0})
		if err != nil {
			t.Fatal(err)
		}
		row := make([]types.Value, 1)
		err = d.Decode(msg(t, c.data), row)
		if want, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s as %s: got %v, want an error with %q", c.data, c.typ, err, want)
			}
		} else if err != nil || types.Text(row[0], c.typ) != c.want {
			t.Errorf("%s as %s: got %s, %v, want %s", c.data, c.typ, types.Text(row[0], c.typ), err, c.want)
		}
	}
}

func TestMsgPackRows(t *testing.T) {
	cols := types.Schema{{Name: "A", Type: types.TInteger}, {Name: "B", Type: types.TStruct(types.Field{Name: "X", Type: types.TString})}}
	d, err := NewDecoder(Spec{Format: MsgPack}, cols, []int{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	for data, want := range map[string]string{
		"80":                               "null null",
		"82 a1 41 01 a1 42 81 a1 58 a1 79": "1 Struct{X=y}",
		"82 a1 41 01 a1 61 02":             "1 null", // the exact name wins
		"83 a1 61 02 a1 7a 92 81 01 02 c0 a1 62 c0": "2 null",
		"c0":             "!null",
		"91 01":          "!a map",
		"81 01 02":       "!a name as the key",
		"81 a1 7a 92":    "!a whole value",
		"81 a1 7a 92 01": "!a whole value",
		"80 00":          "!the end of the record",
		"":               "!a map",
	} {
		row := []types.Value{types.IntValue(9), types.IntValue(9)}
		err := d.Decode(msg(t, data), row)
		if want, bad := strings.CutPrefix(want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want an error with %q", data, err, want)
			}
		} else if got := types.Text(row[0], cols[0].Type) + " " + types.Text(row[1], cols[1].Type); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", data, got, err, want)
		}
	}
}

func FuzzMsgPackDecode(f *testing.F) {
	cols := types.Schema{{Name: "A", Type: types.TInteger}, {Name: "S", Type: types.TString}, {Name: "D", Type: types.TDecimal(10, 2)}, {Name: "T", Type: types.TTimestamp},
		{Name: "L", Type: types.TArray(types.TStruct(types.Field{Name: "X", Type: types.TMap(types.TString, types.TBytes)}))}}
	d, err := NewDecoder(Spec{Format: MsgPack}, cols, slots(len(cols)))
	if err != nil {
		f.Fatal(err)
	}
	e, err := NewEncoder(Spec{Format: MsgPack}, cols, slots(len(cols)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(msg(f, "84 a1 41 01 a1 53 a1 79 a1 54 d6 ff 00000001 a1 4c 91 81 a1 58 81 a1 61 c4 01 00"))
	f.Add(bytes.Repeat([]byte{0x91}, 1000))
	f.Fuzz(func(t *testing.T, data []byte) {
		defer d.Reset()
		row, again := make([]types.Value, len(cols)), make([]types.Value, len(cols))
		if d.Decode(data, row) != nil {
			return
		}
		out, err := e.Append(nil, row)
		if err != nil || d.Decode(out, again) != nil {
			t.Fatalf("%x is read, but not written again: %v", data, err)
		}
		for i := range row {
			if types.Compare(row[i], again[i]) != 0 {
				t.Fatalf("%x: %s is %s, then %s", data, cols[i].Name, types.Text(row[i], cols[i].Type), types.Text(again[i], cols[i].Type))
			}
		}
	})
}

func BenchmarkMsgPackDecode(b *testing.B) {
	spec, data := pageIn(b, Spec{Format: MsgPack})
	d, err := NewDecoder(spec, pageColumns, []int{0, 1, -1, -1, -1, 2, -1, -1})
	if err != nil {
		b.Fatal(err)
	}
	benchDecode(b, d, data)
}

func TestMsgPackWritten(t *testing.T) {
	text := func(n int) types.Value { return types.StringValue(strings.Repeat("x", n)) }
	list := func(n int) types.Value { return types.ArrayValue(make([]types.Value, n)) }
	for _, c := range []struct {
		v    types.Value
		typ  *types.Type
		want string // the beginning
	}{
		{types.IntValue(127), types.TInteger, "7f"}, {types.IntValue(128), types.TInteger, "cc80"}, {types.IntValue(256), types.TInteger, "cd0100"}, {types.IntValue(65536), types.TInteger, "ce00010000"},
		{types.BigintValue(1 << 32), types.TBigint, "cf0000000100000000"}, {types.IntValue(-32), types.TInteger, "e0"}, {types.IntValue(-33), types.TInteger, "d0df"}, {types.IntValue(-129), types.TInteger, "d1ff7f"},
		{types.IntValue(-32769), types.TInteger, "d2ffff7fff"}, {types.BigintValue(-1 << 40), types.TBigint, "d3ffffff0000000000"},
		{text(31), types.TString, "bf78"}, {text(32), types.TString, "d92078"}, {text(256), types.TString, "da010078"}, {text(65536), types.TString, "db0001000078"},
		{types.BytesValue([]byte{7}), types.TBytes, "c40107"}, {types.BytesValue(make([]byte, 256)), types.TBytes, "c50100"}, {list(15), types.TArray(types.TString), "9fc0"}, {list(16), types.TArray(types.TString), "dc0010c0"},
		{types.TimestampValue(1000), types.TTimestamp, "d6ff00000001"}, {types.TimestampValue(1), types.TTimestamp, "d7ff003d090000000000"}, {types.TimestampValue(-1), types.TTimestamp, "c70cff3b8b87c0ffffffffffffffff"},
		{types.DecimalValue(-150, 2), types.TDecimal(3, 2), "a52d312e3530"}, {types.DoubleValue(1), types.TDouble, "cb3ff0000000000000"}, {types.BoolValue(true), types.TBoolean, "c3"},
		{types.StructValue([]types.Value{types.NullValue}), types.TStruct(types.Field{Name: "A", Type: types.TDate}), "81a141c0"},
	} {
		if got := hex.EncodeToString(appendMsg(nil, c.v, c.typ)); !strings.HasPrefix(got, c.want) {
			t.Errorf("%.40s is written as %.40s, want %s", types.Text(c.v, c.typ), got, c.want)
		}
	}
}
