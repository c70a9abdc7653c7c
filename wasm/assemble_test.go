package wasm

import (
	"encoding/binary"
	"slices"
)

// The least of an assembler: modules of functions with bodies in bytes.

const (
	i32, i64, f64 = 0x7F, 0x7E, 0x7C
)

type fn struct {
	name            string
	params, results []byte
	body            []byte // without its end
}

type imported struct{ module, name string }

type assembly struct {
	imports []imported // functions without parameters and results
	pages   int
	table   uint64
	fns     []fn
}

func vector(list [][]byte) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(list))), slices.Concat(list...)...)
}

func sized(b []byte) []byte { return append(binary.AppendUvarint(nil, uint64(len(b))), b...) }

func section(id byte, items [][]byte) []byte {
	if len(items) == 0 {
		return nil
	}
	return append([]byte{id}, sized(vector(items))...)
}

func (a assembly) code() []byte {
	var types, imports, funcs, exports, bodies, tables [][]byte
	types = append(types, []byte{0x60, 0, 0})
	for _, i := range a.imports {
		imports = append(imports, slices.Concat(sized([]byte(i.module)), sized([]byte(i.name)), []byte{0, 0}))
	}
	exports = append(exports, append(sized([]byte("memory")), 2, 0))
	for i, f := range a.fns {
		types = append(types, slices.Concat([]byte{0x60}, sized(f.params), sized(f.results)))
		funcs = append(funcs, []byte{byte(i + 1)})
		exports = append(exports, append(sized([]byte(f.name)), 0, byte(len(a.imports)+i)))
		bodies = append(bodies, sized(slices.Concat([]byte{0}, f.body, []byte{0x0B})))
	}
	if a.table > 0 {
		tables = append(tables, append([]byte{0x70, 0}, binary.AppendUvarint(nil, a.table)...))
	}
	memory := [][]byte{append([]byte{0}, binary.AppendUvarint(nil, uint64(max(a.pages, 1)))...)}
	return slices.Concat(magic, section(1, types), section(2, imports), section(3, funcs), section(4, tables), section(5, memory), section(7, exports), section(10, bodies))
}

// What bodies are made of.
var (
	unreachable = []byte{0x00}
	forever     = []byte{0x03, 0x40, 0x0C, 0x00, 0x0B, 0x00}                                     // loop br 0 end unreachable
	growing     = []byte{0x03, 0x40, 0x41, 0x01, 0x40, 0x00, 0x41, 0x7F, 0x47, 0x0D, 0x00, 0x0B} // loop: while memory.grow(1) != -1
	recursive   = []byte{0x10, 0x00}                                                             // call 0
	sum         = []byte{0x20, 0x00, 0x20, 0x01, 0x7C}                                           // a + b of i64
)

// constant32 and constant64 push a number.
func constant64(n int64) []byte { return append([]byte{0x42}, signed(n)...) }
func constant32(n int32) []byte { return append([]byte{0x41}, signed(int64(n))...) }

func signed(n int64) []byte {
	var out []byte
	for {
		b := byte(n & 0x7F)
		n >>= 7
		if n == 0 && b&0x40 == 0 || n == -1 && b&0x40 != 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}
