package entity

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"weir/types"
)

func TestAppendValue(t *testing.T) {
	big1, _ := new(big.Int).SetString("12345678901234567890123", 10)
	st := types.TStruct(types.Field{Name: "A", Type: types.TInteger}, types.Field{Name: "b c", Type: types.TString})
	cases := []struct {
		v    types.Value
		t    *types.Type
		want string
	}{
		{types.NullValue, types.TString, `null`},
		{types.BoolValue(true), types.TBoolean, `true`},
		{types.IntValue(-5), types.TInteger, `-5`},
		{types.BigintValue(math.MaxInt64), types.TBigint, `9223372036854775807`},
		{types.DecimalValue(150, 2), types.TDecimal(5, 2), `1.50`},
		{types.BigDecimalValue(big1, 3), types.TDecimal(30, 3), `12345678901234567890.123`},
		{types.DoubleValue(1), types.TDouble, `1.0`},
		{types.DoubleValue(1e10), types.TDouble, `1.0E10`},
		{types.DoubleValue(math.NaN()), types.TDouble, `"NaN"`},
		{types.DoubleValue(math.Inf(-1)), types.TDouble, `"-Infinity"`},
		{types.StringValue("a\"b\\c\n\x01é\xff<"), types.TString, `"a\"b\\c\n\u0001é�<"`},
		{types.StringValue(""), types.TString, `""`},
		{types.BytesValue([]byte{0, 255}), types.TBytes, `"AP8="`},
		{types.TimeValue(12 * 3600000), types.TTime, `"12:00"`},
		{types.TimeValue(12*3600000 + 5999), types.TTime, `"12:00:05"`},
		{types.DateValue(18263), types.TDate, `"2020-01-02"`},
		{types.TimestampValue(1577934245678), types.TTimestamp, `"2020-01-02T03:04:05.678"`},
		{types.ArrayValue([]types.Value{types.IntValue(1), types.NullValue}), types.TArray(types.TInteger), `[1,null]`},
		{types.MapValue([]types.Value{types.StringValue("k\""), types.DateValue(0)}), types.TMap(types.TString, types.TDate), `{"k\"":"1970-01-01"}`},
		{types.StructValue([]types.Value{types.NullValue, types.StringValue("x")}), st, `{"A":null,"b c":"x"}`},
		{types.MapValue(nil), types.TMap(types.TString, types.TInteger), `{}`},
	}
	for _, c := range cases {
		got := string(AppendValue(nil, c.v, c.t))
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.t, got, c.want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%s is not JSON", got)
		}
	}
}

func TestAppendRow(t *testing.T) {
	cols := types.Schema{{Name: "A", Type: types.TInteger}, {Name: "B", Type: types.TString}}
	if got := string(AppendRow([]byte("x"), []types.Value{types.IntValue(1), types.StringValue("b")}, cols)); got != `x[1,"b"]` {
		t.Errorf("got %s", got)
	}
	if got := string(AppendRow(nil, nil, nil)); got != `[]` {
		t.Errorf("got %s", got)
	}
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", "\x00\x1f\"\\", "é日本\U0001F600", "\xff\xc0", "\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		if err := json.Unmarshal(appendString(nil, s), &back); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		want := s
		if !utf8.ValidString(s) {
			want = string([]rune(s)) // each bad byte becomes U+FFFD
		}
		if back != want {
			t.Fatalf("%q came back as %q", s, back)
		}
		if strings.ContainsAny(string(appendString(nil, s)), "\n\r") {
			t.Fatalf("%q has a line break", s)
		}
	})
}
