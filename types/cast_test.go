package types

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestCasts(t *testing.T) {
	point := TStruct(Field{"X", TInteger}, Field{"Y", TString})
	for _, c := range []struct {
		in       Value
		from, to *Type
		want     string // an error when it begins with !
	}{
		{IntValue(5), TInteger, TBigint, "5"},
		{BigintValue(1 << 33), TBigint, TInteger, "0"},
		{DoubleValue(2.9), TDouble, TInteger, "2"},
		{DoubleValue(-2.9), TDouble, TBigint, "-2"},
		{DoubleValue(1e30), TDouble, TInteger, "2147483647"},
		{DoubleValue(math.NaN()), TDouble, TBigint, "0"},
		{DecimalValue(-199, 2), TDecimal(5, 2), TInteger, "-1"},
		{DecimalValue(1e12, 0), TDecimal(13, 0), TInteger, "!does not fit INTEGER"},
		{StringValue(" 12 "), TString, TInteger, "12"},
		{StringValue("12.5"), TString, TInteger, "!not a valid INTEGER"},
		{StringValue("3000000000"), TString, TInteger, "!not a valid INTEGER"},
		{StringValue("1e3"), TString, TDouble, "1000.0"},
		{StringValue("0x10"), TString, TDouble, "!not a valid DOUBLE"},
		{StringValue("y"), TString, TBoolean, "true"},
		{StringValue("TRUE"), TString, TBoolean, "true"},
		{StringValue("no"), TString, TBoolean, "false"},
		{StringValue(""), TString, TBoolean, "false"},
		{IntValue(12), TInteger, TDecimal(4, 2), "12.00"},
		{IntValue(123), TInteger, TDecimal(4, 2), "!numeric overflow"},
		{DoubleValue(1.005), TDouble, TDecimal(4, 2), "1.01"},
		{DoubleValue(math.Inf(1)), TDouble, TDecimal(4, 2), "!no decimal form"},
		{StringValue("-1.235"), TString, TDecimal(4, 2), "-1.24"},
		{DecimalValue(150, 2), TDecimal(4, 2), TDouble, "1.5"},
		{BoolValue(true), TBoolean, TString, "true"},
		{StringValue("ew=="), TString, TBytes, "ew=="},
		{StringValue("1969-12-31"), TString, TDate, "1969-12-31"},
		{StringValue("soon"), TString, TTimestamp, "!not a timestamp"},
		{TimestampValue(-2000), TTimestamp, TTime, "23:59:58"},
		{TimestampValue(-2000), TTimestamp, TDate, "1969-12-31"},
		{DateValue(1), TDate, TTimestamp, "1970-01-02T00:00:00.000"},
		{ArrayValue([]Value{IntValue(1), NullValue}), TArray(TInteger), TArray(TString), "[1, null]"},
		{MapValue([]Value{StringValue("1"), IntValue(2)}), TMap(TString, TInteger), TMap(TBigint, TDouble), "{1=2.0}"},
		{StructValue([]Value{IntValue(1), StringValue("a")}), point, TStruct(Field{"Y", TString}, Field{"Z", TDate}, Field{"X", TDouble}), "Struct{Y=a,X=1.0}"},
		{NullValue, TString, TInteger, "null"},
		{BoolValue(true), TBoolean, TInteger, "!Cast of BOOLEAN to INTEGER is not supported"},
		{TimeValue(1), TTime, TDate, "!Cast of TIME to DATE is not supported"},
		{ArrayValue(nil), TArray(TBoolean), TArray(TInteger), "!Cast of BOOLEAN to INTEGER is not supported"},
	} {
		cast, err := NewCaster(c.from, c.to)
		var got Value
		if err == nil {
			got, err = cast(c.in)
		}
		if want, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s to %s: got %v, want an error with %q", c.from, c.to, err, want)
			}
		} else if err != nil || Text(got, c.to) != c.want {
			t.Errorf("%s to %s: got %s, %v, want %s", c.from, c.to, Text(got, c.to), err, c.want)
		}
	}
	var e *CastError
	if _, err := NewCaster(TDate, TBoolean); !errors.As(err, &e) || e.From != TDate {
		t.Errorf("got %v", err)
	}
}

func TestDoubleText(t *testing.T) {
	for f, want := range map[float64]string{0: "0.0", 1: "1.0", -1.5: "-1.5", 1e7: "1.0E7", 12345678.9: "1.23456789E7", 0.001: "0.001", 0.0001: "1.0E-4",
		5e-324: "4.9E-324", math.MaxFloat64: "1.7976931348623157E308", math.Inf(-1): "-Infinity", 1e21: "1.0E21", 2e-5: "2.0E-5"} {
		if got := string(AppendDouble(nil, f)); got != want {
			t.Errorf("%g: got %s, want %s", f, got, want)
		}
	}
}
