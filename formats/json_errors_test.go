package formats

import (
	"strings"
	"testing"

	"weir/types"
)

// An error quotes the value that is of another type, and nothing behind it.
func TestJSONErrorsQuoteTheValue(t *testing.T) {
	long := strings.Repeat("x", shown-4)
	for data, want := range map[string]string{
		`{"A":"seven"}`:            `JSON, column A, byte 5: want an INTEGER, a whole number from -2147483648 to 2147483647, got "\"seven\""`,
		`{"A": [1, 2] , "B":1}`:    `JSON, column A, byte 6: want an INTEGER, a whole number from -2147483648 to 2147483647, got "[1, 2]"`,
		`{"A":2147483648,"B":1}`:   `JSON, column A, byte 5: want an INTEGER, a whole number from -2147483648 to 2147483647, got "2147483648"`,
		`{"A":true}`:               `JSON, column A, byte 5: want an INTEGER, a whole number from -2147483648 to 2147483647, got "true"`,
		`{"A":x}`:                  `JSON, column A, byte 5: want an INTEGER, a whole number from -2147483648 to 2147483647, got "x}"`,
		`{"A":`:                    `JSON, column A, byte 5: want an INTEGER, a whole number from -2147483648 to 2147483647, got the end of the record`,
		`{"A":1 2}`:                `JSON, byte 7: want a comma or }, got "2}"`,
		`{"A":"` + long + `é€ab"}`: `JSON, column A, byte 5: want an INTEGER, a whole number from -2147483648 to 2147483647, got "\"` + long + `é"...`,
		`{"A":"` + long + `xé€b"}`: `JSON, column A, byte 5: want an INTEGER, a whole number from -2147483648 to 2147483647, got "\"` + long + `xé"...`,
		`{"A":"` + long + `xxé"}`:  `JSON, column A, byte 5: want an INTEGER, a whole number from -2147483648 to 2147483647, got "\"` + long + `xx"...`,
	} {
		d, err := NewDecoder(Spec{Format: JSON}, types.Schema{{Name: "A", Type: types.TInteger}}, []int{0})
		if err != nil {
			t.Fatal(err)
		}
		err = d.Decode([]byte(data), make([]types.Value, 1))
		if err == nil || strings.ReplaceAll(err.Error(), "`", "") != want {
			t.Errorf("%s\ngot  %v\nwant %s", data, err, want)
		}
	}
}
