package file

import (
	"errors"
	"io"

	"weir/formats"
)

// value is the next MessagePack value. They follow each other with nothing between.
func (r *rows) value() ([]byte, error) {
	for {
		rest := r.buf[r.from:r.to]
		size := formats.MsgpackSize(rest)
		switch {
		case size > r.max || size == 0 && len(rest) > r.max:
			return nil, r.tooLong()
		case size > 0:
			r.from += size
			r.offset += int64(size)
			r.lines++
			return rest[:size], nil
		case len(rest) > 0 && rest[0] == msgNever:
			return nil, errors.New("no MessagePack value begins with the byte c1")
		case r.eof:
			r.eof = false // the file may grow
			if len(rest) > 0 && r.partial {
				return nil, errors.New("the file ends within a MessagePack value")
			}
			return nil, io.EOF
		}
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
}

// msgNever is the byte that MessagePack does not use.
const msgNever = 0xc1
