package postgres

import (
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"weir/connectors/connector"
	"weir/formats/jsontext"
	"weir/types"
)

// valueError says that a row holds what the database cannot.
type valueError struct {
	column string
	why    string
}

func (e *valueError) Error() string { return "column " + e.column + ": " + e.why }

// identity is what tells the keys of rows apart.
func (t *target) identity(dst []byte, row *connector.Row) []byte {
	dst = strconv.AppendInt(dst, int64(row.Relation), 10)
	for _, i := range t.key {
		c := t.columns[i]
		dst = append(dst, ' ')
		if v := row.Values[c.from]; !v.IsNull() {
			dst = jsontext.AppendValue(dst, v, c.typ, jsontext.Numbers)
		}
	}
	return dst
}

// values are a row's columns as the driver takes them: those of the key, or all.
func (t *target) values(row *connector.Row, keys bool) ([]any, error) {
	out := make([]any, 0, len(t.columns))
	for i, c := range t.columns {
		if keys && !t.isKey(i) {
			continue
		}
		v, err := c.value(row.Values[c.from])
		if err != nil {
			return nil, err
		}
		if v == nil && t.isKey(i) {
			return nil, &valueError{c.name, "it is NULL, and belongs to the key"}
		}
		out = append(out, v)
	}
	return out, nil
}

func (c column) value(v types.Value) (any, error) {
	if v.IsNull() {
		return nil, nil
	}
	if c.time {
		return time.UnixMilli(v.Int()).UTC(), nil
	}
	switch c.typ.Kind {
	case types.Boolean:
		return v.Bool(), nil
	case types.Integer, types.Bigint:
		return v.Int(), nil
	case types.Double:
		return v.Double(), nil
	case types.Decimal:
		if n, ok := v.Unscaled(); ok {
			return pgtype.Numeric{Int: big.NewInt(n), Exp: int32(-v.Scale()), Valid: true}, nil
		}
		return pgtype.Numeric{Int: v.BigUnscaled(), Exp: int32(-v.Scale()), Valid: true}, nil
	case types.Bytes:
		return []byte(v.Str()), nil
	case types.Timestamp:
		return time.UnixMilli(v.Int()).UTC(), nil
	case types.Date:
		return time.UnixMilli(0).UTC().AddDate(0, 0, int(v.Int())), nil
	case types.Time:
		return pgtype.Time{Microseconds: v.Int() * 1000, Valid: true}, nil
	case types.Array, types.Map, types.Struct:
		return string(jsontext.AppendValue(nil, v, c.typ, jsontext.Numbers)), nil
	}
	if text := v.Str(); !strings.ContainsRune(text, 0) {
		return text, nil
	}
	return nil, &valueError{c.name, "its text has a character 0, which PostgreSQL's has not"}
}
