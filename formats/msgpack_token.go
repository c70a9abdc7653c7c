package formats

import (
	"encoding/binary"
	"math"
)

// msgKind is what stands at a place in MessagePack data.
type msgKind uint8

const (
	msgBad msgKind = iota
	msgNil
	msgBool
	msgInt
	msgUint // beyond 63 bits
	msgFloat
	msgStr
	msgBin
	msgExt
	msgArray
	msgMap
)

// msgToken is a value's head: a scalar whole, or how much follows from at on. Lengths lie within the data, and an array
// has no more items than bytes follow.
type msgToken struct {
	kind msgKind
	ext  int8
	num  uint64 // of numbers, bits of floats; 1 for true
	size int    // bytes of str, bin and ext; items of array; entries of map
	at   int    // where the contents, or the next value, begin
}

// msgHead reads what stands at i; its kind is msgBad where nothing whole does.
func msgHead(data []byte, i int) msgToken {
	if i >= len(data) {
		return msgToken{}
	}
	c := data[i]
	i++
	switch {
	case c < 0x80:
		return msgToken{kind: msgInt, num: uint64(c), at: i}
	case c >= 0xe0:
		return msgToken{kind: msgInt, num: uint64(int64(int8(c))), at: i}
	case c < 0x90:
		return msgSized(data, i, msgMap, int(c&0x0f))
	case c < 0xa0:
		return msgSized(data, i, msgArray, int(c&0x0f))
	case c < 0xc0:
		return msgSized(data, i, msgStr, int(c&0x1f))
	}
	switch c {
	case 0xc0:
		return msgToken{kind: msgNil, at: i}
	case 0xc2, 0xc3:
		return msgToken{kind: msgBool, num: uint64(c & 1), at: i}
	case 0xca:
		if len(data)-i >= 4 {
			f := math.Float32frombits(binary.BigEndian.Uint32(data[i:]))
			return msgToken{kind: msgFloat, num: math.Float64bits(float64(f)), at: i + 4}
		}
	case 0xcb:
		if len(data)-i >= 8 {
			return msgToken{kind: msgFloat, num: binary.BigEndian.Uint64(data[i:]), at: i + 8}
		}
	case 0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3:
		return msgNumber(data, i, c)
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8:
		return msgExtension(data, i, 1<<(c-0xd4))
	}
	return msgLong(data, i, c)
}

// msgNumber reads the numbers of 1, 2, 4 and 8 bytes.
func msgNumber(data []byte, i int, c byte) msgToken {
	width := 1 << (c & 3)
	n, ok := bigEndian(data, i, width)
	if !ok {
		return msgToken{}
	}
	t := msgToken{kind: msgInt, num: n, at: i + width}
	if c >= 0xd0 {
		shift := 64 - 8*width
		t.num = uint64(int64(n<<shift) >> shift)
	} else if n > math.MaxInt64 {
		t.kind = msgUint
	}
	return t
}

// msgLong reads the heads with a length of 1, 2 or 4 bytes.
func msgLong(data []byte, i int, c byte) msgToken {
	kind, width := msgBad, 0
	switch {
	case c >= 0xc4 && c <= 0xc6:
		kind, width = msgBin, 1<<(c-0xc4)
	case c >= 0xc7 && c <= 0xc9:
		kind, width = msgExt, 1<<(c-0xc7)
	case c >= 0xd9 && c <= 0xdb:
		kind, width = msgStr, 1<<(c-0xd9)
	case c == 0xdc || c == 0xdd:
		kind, width = msgArray, 2<<(c-0xdc)
	case c == 0xde || c == 0xdf:
		kind, width = msgMap, 2<<(c-0xde)
	}
	n, ok := bigEndian(data, i, width)
	switch {
	case !ok || kind == msgBad:
		return msgToken{}
	case kind == msgExt:
		return msgExtension(data, i+width, int(n))
	}
	return msgSized(data, i+width, kind, int(n))
}

func msgSized(data []byte, i int, kind msgKind, n int) msgToken {
	least := n
	if kind == msgMap {
		least = 2 * n
	}
	if least > len(data)-i {
		return msgToken{}
	}
	return msgToken{kind: kind, size: n, at: i}
}

func msgExtension(data []byte, i, n int) msgToken {
	if n > len(data)-i-1 {
		return msgToken{}
	}
	return msgToken{kind: msgExt, ext: int8(data[i]), size: n, at: i + 1}
}

func bigEndian(data []byte, i, width int) (n uint64, ok bool) {
	if len(data)-i < width {
		return 0, false
	}
	for _, b := range data[i : i+width] {
		n = n<<8 | uint64(b)
	}
	return n, true
}

// shortText is the text at i if its head is one byte; end is 0 otherwise.
func shortText(data []byte, i int) (text []byte, end int) {
	if i >= len(data) || data[i]>>5 != 5 {
		return nil, 0
	}
	end = i + 1 + int(data[i]&0x1f)
	if end > len(data) {
		return nil, 0
	}
	return data[i+1 : end], end
}

// skipMsg steps over the value at i and all that is in it; 0 where it is not whole.
func skipMsg(data []byte, i int) (end int) {
	if i < len(data) && (data[i] < 0x80 || data[i] >= 0xe0) { // a short number
		return i + 1
	}
	if _, end = shortText(data, i); end > 0 {
		return end
	}
	for left := 1; left > 0; left-- {
		t := msgHead(data, i)
		i = t.at
		switch t.kind {
		case msgBad:
			return 0
		case msgStr, msgBin, msgExt:
			i += t.size
		case msgArray:
			left += t.size
		case msgMap:
			left += 2 * t.size
		}
		if left > len(data) {
			return 0
		}
	}
	return i
}
