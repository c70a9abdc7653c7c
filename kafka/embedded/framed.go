package embedded

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
)

// Frames are how kfake keeps its logs, and the broker its own: length and sum, 4 bytes each, a version, and what is framed.
const (
	entryHead    = 10
	entryVersion = 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendFrame(b, body []byte) []byte {
	rest := append(binary.LittleEndian.AppendUint16(nil, entryVersion), body...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(rest)))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(rest, castagnoli))
	return append(b, rest...)
}

// span is a part of a file.
type span struct{ from, to int64 }

// frames are the whole frames of a file, whatever lies between them, and where that lies.
func frames(raw []byte) (whole [][]byte, bad []span) {
	for pos := 0; pos < len(raw); {
		at := pos
		for at < len(raw) && frameSize(raw[at:]) == 0 {
			at++
		}
		if at > pos {
			bad = append(bad, span{int64(pos), int64(at)})
		}
		if at == len(raw) {
			break
		}
		pos = at + frameSize(raw[at:])
		whole = append(whole, raw[at:pos])
	}
	return whole, bad
}

// frameSize is the size of the frame that begins here; 0 where none does.
func frameSize(raw []byte) int {
	if len(raw) < entryHead {
		return 0
	}
	size := 8 + int64(binary.LittleEndian.Uint32(raw))
	if size < entryHead || size > int64(len(raw)) || crc32.Checksum(raw[8:size], castagnoli) != binary.LittleEndian.Uint32(raw[4:]) {
		return 0
	}
	return int(size)
}

// readFrames reads a file of frames; one that is not there has none.
func readFrames(path string) (bodies [][]byte, bad []span, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil, nil
		}
		return nil, nil, err
	}
	whole, bad := frames(raw)
	for _, f := range whole {
		bodies = append(bodies, f[entryHead:])
	}
	return bodies, bad, nil
}
