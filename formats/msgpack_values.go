package formats

import (
	"errors"
	"math"
	"strconv"
)

// MsgpackSize is how many bytes the MessagePack value takes with which data begins; 0 where there is no whole one.
func MsgpackSize(data []byte) int { return skipMsg(data, 0) }

var errNotMap = errors.New("the row is not a MessagePack map")

// MsgpackField returns the text of an entry of a MessagePack map: of a number its digits. nil, an entry that isn't there, and one that is no number, text,
// bytes or boolean are not ok.
func MsgpackField(row []byte, name string) (text []byte, ok bool, err error) {
	m := msgHead(row, 0)
	if m.kind != msgMap {
		return nil, false, errNotMap
	}
	at := m.at
	for range m.size {
		key := msgHead(row, at)
		value := skipMsg(row, at)
		end := skipMsg(row, value)
		if value == 0 || end == 0 {
			return nil, false, errors.New("the row is not valid MessagePack")
		}
		if (key.kind == msgStr || key.kind == msgBin) && string(row[key.at:key.at+key.size]) == name {
			text, ok = msgText(row, msgHead(row, value))
			return text, ok, nil
		}
		at = end
	}
	return nil, false, nil
}

func msgText(row []byte, v msgToken) (text []byte, ok bool) {
	switch v.kind {
	case msgStr, msgBin:
		return row[v.at : v.at+v.size], true
	case msgInt:
		return strconv.AppendInt(nil, int64(v.num), 10), true
	case msgUint:
		return strconv.AppendUint(nil, v.num, 10), true
	case msgFloat:
		return strconv.AppendFloat(nil, math.Float64frombits(v.num), 'f', -1, 64), true
	case msgBool:
		return strconv.AppendBool(nil, v.num == 1), true
	case msgBad, msgNil, msgExt, msgArray, msgMap:
	}
	return nil, false
}
