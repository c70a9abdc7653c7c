//go:build wasip1

// Functions on amounts of money for Weir: see docs/wasm.md. Built by ../build.
package main

import (
	"strconv"
	"strings"
	"unsafe"
)

//go:wasmimport weir null
func null()

//go:wasmimport weir fail
func fail(text unsafe.Pointer, length uint32)

// arguments is the memory for those of the call that comes next, and result that of what it gives. Calls come one after the other.
var arguments, result []byte

// alloc is where Weir puts the arguments that are STRING or BYTES.
//
//go:wasmexport alloc
func alloc(size uint32) uint32 {
	if uint32(cap(arguments)) < size || arguments == nil {
		arguments = make([]byte, size+1)
	}
	return place(arguments[:size])
}

func place(b []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

func text(at, length uint32) string {
	return unsafe.String((*byte)(unsafe.Pointer(uintptr(at))), length)
}

func give(s string) uint64 {
	result = append(result[:0], s...)
	return uint64(place(result))<<32 | uint64(len(s))
}

// cents(amount STRING) RETURNS BIGINT: '1,234.50 EUR' is 123450. What is no amount fails, and an empty one is NULL.
//
//go:wasmexport cents
func cents(at, length uint32) int64 {
	amount, _, _ := strings.Cut(strings.TrimSpace(text(at, length)), " ")
	if amount == "" {
		null()
		return 0
	}
	whole, part, _ := strings.Cut(strings.ReplaceAll(amount, ",", ""), ".")
	n, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	if err != nil || len(part) > 2 {
		why := strconv.Quote(amount) + " is no amount"
		fail(unsafe.Pointer(unsafe.StringData(why)), uint32(len(why)))
		return 0
	}
	return n
}

// price(cents BIGINT, currency STRING) RETURNS STRING: 123450 and 'EUR' are '1,234.50 EUR'.
//
//go:wasmexport price
func price(cents int64, at, length uint32) uint64 {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	digits := strconv.FormatInt(cents/100, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return give(sign + digits + "." + strconv.FormatInt(cents%100+100, 10)[1:] + " " + text(at, length))
}

func main() {}
