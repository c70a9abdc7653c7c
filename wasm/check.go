package wasm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"weir/settings"
)

var magic = []byte("\x00asm\x01\x00\x00\x00")

// check refuses what is no module, and one that would take memory that no limit of the runtime bounds.
func (h *Host) check(code []byte) error {
	switch {
	case int64(len(code)) > h.limits.File:
		return fmt.Errorf("it has %d bytes, and %d are allowed by the setting %s", len(code), h.limits.File, settings.MaxWasmFile.About().Name)
	case !bytes.HasPrefix(code, magic):
		return errors.New("it is no WebAssembly module: one begins with the bytes 00 61 73 6D 01 00 00 00. Text is made one by wat2wasm")
	}
	if n := tableEntries(code[len(magic):]); n > maxTable {
		return fmt.Errorf("its tables have %d entries, and %d are allowed", n, maxTable)
	}
	return nil
}

// maxTable is how many entries the tables of a module may have: 8 bytes each.
const maxTable = 1 << 20

// tableSection is the number of the section that declares tables.
const tableSection = 4

// tableEntries is how many entries the tables of a module begin with. What can't be read is left to the compiler, which refuses it.
func tableEntries(sections []byte) (entries uint64) {
	for len(sections) > 0 {
		id := sections[0]
		size, n := binary.Uvarint(sections[1:])
		if n <= 0 || size > uint64(len(sections)-1-n) {
			return entries
		}
		body := sections[1+n : 1+n+int(size)]
		sections = sections[1+n+int(size):]
		if id == tableSection {
			entries += declared(body)
		}
	}
	return entries
}

// declared adds up the least sizes of a section's tables.
func declared(body []byte) (entries uint64) {
	number := func() uint64 {
		v, n := binary.Uvarint(body)
		if n <= 0 {
			body = nil
			return 0
		}
		body = body[n:]
		return v
	}
	for count := number(); count > 0 && len(body) > 2; count-- {
		if body[0] != 0x70 { // funcref: all others the compiler refuses
			return entries
		}
		bounded := body[1]&1 == 1
		body = body[2:]
		entries += number()
		if bounded {
			number()
		}
	}
	return entries
}

// firstLine is a message without the trace behind it.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
