package jsontext

import (
	"testing"

	"weir/types"
)

func TestAppendValue(t *testing.T) {
	typ := types.TStruct(types.Field{Name: "a\"b", Type: types.TMap(types.TInteger, types.TArray(types.TDate))}, types.Field{Name: "T", Type: types.TTime},
		types.Field{Name: "S", Type: types.TTimestamp}, types.Field{Name: "N", Type: types.TDouble})
	days := types.ArrayValue([]types.Value{types.DateValue(1), types.NullValue})
	v := types.StructValue([]types.Value{types.MapValue([]types.Value{types.IntValue(7), days, types.IntValue(8), types.NullValue}), types.TimeValue(1000), types.TimestampValue(5), types.NullValue})
	for temporal, want := range map[Temporal]string{
		Numbers: `{"a\"b":{"7":[1,null],"8":null},"T":1000,"S":5,"N":null}`,
		Text:    `{"a\"b":{"7":["1970-01-02",null],"8":null},"T":"00:00:01","S":"1970-01-01T00:00:00.005","N":null}`,
	} {
		if got := string(AppendValue(nil, v, typ, temporal)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
