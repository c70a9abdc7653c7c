package serdes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// encodeMsgPack writes JSON as MessagePack: numbers as integers where they are whole.
func encodeMsgPack(raw json.RawMessage) ([]byte, error) {
	v, err := ParseJSON(raw)
	if err != nil {
		return nil, err
	}
	return msgpack.Marshal(plainNumbers(v))
}

func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String()
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plainNumbers(v[k])
		}
	}
	return v
}

// decodeMsgPack reads MessagePack into the values that compare takes; timestamps become milliseconds.
func decodeMsgPack(data []byte) (any, error) {
	dec := msgpack.NewDecoder(bytes.NewReader(data))
	v, err := dec.DecodeInterface()
	if err != nil {
		return nil, err
	}
	if _, err := dec.PeekCode(); err != io.EOF {
		return nil, fmt.Errorf("%x has more than one value", data)
	}
	return plainValue(v)
}

func plainValue(v any) (any, error) {
	switch v := v.(type) {
	case time.Time:
		return v.UnixMilli(), nil
	case *time.Time:
		return v.UnixMilli(), nil
	case []any:
		for i := range v {
			var err error
			if v[i], err = plainValue(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k := range v {
			var err error
			if v[k], err = plainValue(v[k]); err != nil {
				return nil, err
			}
		}
	case nil, bool, string, []byte:
	default:
		switch n := reflect.ValueOf(v); {
		case n.CanInt():
			return n.Int(), nil
		case n.CanUint() && n.Uint() <= math.MaxInt64:
			return int64(n.Uint()), nil
		case n.CanUint():
			return strconv.FormatUint(n.Uint(), 10), nil
		case n.CanFloat():
			return n.Float(), nil
		}
		return nil, fmt.Errorf("%T is not known", v)
	}
	return v, nil
}
