package types

import (
	"bytes"
	"cmp"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

var codecTypes = []*Type{TBoolean, TInteger, TBigint, TDouble, TDecimal(40, 3), TString, TBytes, TTime, TDate, TTimestamp,
	TArray(TString), TMap(TString, TInteger), TStruct(Field{"A", TBytes}, Field{"B", TArray(TBigint)})}

func randomOf(t *Type, depth int) Value {
	if rand.IntN(6) == 0 {
		return NullValue
	}
	n := rand.Int64() >> rand.IntN(64)
	if rand.IntN(2) == 0 {
		n = -n
	}
	switch t.Kind {
	case Boolean:
		return BoolValue(n&1 == 1)
	case Integer:
		return IntValue(int32(n))
	case Double:
		return DoubleValue([]float64{0, 1, -1, math.Inf(1), math.Inf(-1), 1e300, -1e-300, float64(n)}[rand.IntN(8)])
	case Decimal:
		big := new(big.Int).Mul(big.NewInt(n), big.NewInt(rand.Int64()))
		return BigDecimalValue(big, t.Scale)
	case String, Bytes:
		b := make([]byte, rand.IntN(4))
		for i := range b {
			b[i] = []byte{0, 1, 2, 'a', 0xFF}[rand.IntN(5)]
		}
		if t.Kind == Bytes {
			return BytesValue(b)
		}
		return StringOf(b)
	case Array:
		items := make([]Value, rand.IntN(3))
		for i := range items {
			items[i] = randomOf(t.Elem, depth+1)
		}
		return ArrayValue(items)
	case Map:
		var pairs []Value
		for i := range rand.IntN(3) {
			pairs = append(pairs, StringValue(string(rune('a'+i))), randomOf(t.Elem, depth+1))
		}
		return MapValue(pairs)
	case Struct:
		fields := make([]Value, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = randomOf(f.Type, depth+1)
		}
		return StructValue(fields)
	}
	return NumberValue(t.Kind, n)
}

func TestCodecs(t *testing.T) {
	for _, typ := range codecTypes {
		for range 400 {
			a, b := []Value{randomOf(typ, 0), randomOf(typ, 0)}, []Value{randomOf(typ, 0), randomOf(typ, 0)}
			if rand.IntN(2) == 0 {
				b[0] = a[0]
			}
			key, other := AppendKey(nil, a), AppendKey(nil, b)
			if got, want := cmp.Compare(bytes.Compare(key, other), 0), compareRows(a, b); got != want {
				t.Fatalf("%s: %s and %s compare as %d, their keys as %d", typ, Text(ArrayValue(a), TArray(typ)), Text(ArrayValue(b), TArray(typ)), want, got)
			}
			for name, decode := range map[string]func([]byte, []Value) ([]byte, error){"key": DecodeKey, "row": DecodeRow} {
				data := key
				if name == "row" {
					data = AppendRow(nil, a)
				}
				got := make([]Value, 2)
				rest, err := decode(append(bytes.Clone(data), "tail"...), got)
				if err != nil || string(rest) != "tail" || !equalRows(got, a) {
					t.Fatalf("%s %s: %s came back as %s, %v, rest %q", typ, name, Text(ArrayValue(a), TArray(typ)), Text(ArrayValue(got), TArray(typ)), err, rest)
				}
				for cut := range data {
					if _, err := decode(data[:cut], got); err == nil {
						t.Fatalf("%s %s: %d of %d bytes are enough", typ, name, cut, len(data))
					}
				}
			}
			if !equalRows(CloneRow(a), a) {
				t.Fatalf("%s: a clone differs", typ)
			}
		}
	}
}

func TestCodecsRefuseDeepNesting(t *testing.T) {
	row := bytes.Repeat([]byte{byte(Array), 1}, 1_000_000)
	if _, err := DecodeRow(append(row, byte(Null)), make([]Value, 1)); err == nil {
		t.Error("a row of a million levels is read")
	}
	key := bytes.Repeat([]byte{keyTag + byte(Array), keyMore}, 1_000_000)
	if _, err := DecodeKey(key, make([]Value, 1)); err == nil {
		t.Error("a key of a million levels is read")
	}
}

func FuzzDecodeRow(f *testing.F) {
	for _, typ := range codecTypes {
		f.Add(AppendRow(nil, []Value{randomOf(typ, 0)}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		row, again := make([]Value, 1), make([]Value, 1)
		if _, err := DecodeRow(data, row); err != nil {
			return
		}
		out := AppendRow(nil, row)
		if rest, err := DecodeRow(out, again); err != nil || len(rest) > 0 || !bytes.Equal(AppendRow(nil, again), out) {
			t.Fatalf("%x is written as %x, which reads differently: %v", data, out, err)
		}
	})
}

func FuzzDecodeKey(f *testing.F) {
	for _, typ := range codecTypes {
		f.Add(AppendKey(nil, []Value{randomOf(typ, 0)}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		row, again := make([]Value, 1), make([]Value, 1)
		if _, err := DecodeKey(data, row); err != nil {
			return
		}
		out := AppendKey(nil, row)
		if rest, err := DecodeKey(out, again); err != nil || len(rest) > 0 || !bytes.Equal(AppendKey(nil, again), out) {
			t.Fatalf("%x is written as %x, which reads differently: %v", data, out, err)
		}
	})
}
