package types

import "testing"

func TestDecodeRowPrefix(t *testing.T) {
	two := AppendRow(nil, []Value{IntValue(1), StringOf([]byte("x"))})
	row := []Value{BigintValue(9), BigintValue(9), BigintValue(9), BigintValue(9)}
	if err := DecodeRowPrefix(two, row); err != nil {
		t.Fatal(err)
	}
	if row[0].Int() != 1 || string(row[1].Bytes()) != "x" || !row[2].IsNull() || !row[3].IsNull() {
		t.Errorf("got %v", row)
	}
	if err := DecodeRowPrefix(two, row[:1]); err != nil || row[0].Int() != 1 {
		t.Errorf("fewer columns: %v, %v", row[0], err)
	}
	if err := DecodeRowPrefix(two[:len(two)-1], row); err == nil {
		t.Error("a row that is cut off inside a value was read")
	}
}

func FuzzDecodeRowPrefix(f *testing.F) {
	f.Add(AppendRow(nil, []Value{IntValue(1), StringOf([]byte("x")), NullValue}))
	f.Add([]byte{255})
	f.Fuzz(func(t *testing.T, data []byte) {
		row, whole := make([]Value, 4), make([]Value, 4)
		err := DecodeRowPrefix(data, row)
		if _, full := DecodeRow(data, whole); full == nil && err != nil {
			t.Errorf("a whole row is refused: %v", err)
		}
	})
}
