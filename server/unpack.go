package server

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/zstd"

	"weir/server/wire"
	"weir/settings"
)

// encodingOf is how a body is packed; empty for not at all.
func encodingOf(r *http.Request) (string, error) {
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ", ")))
	switch encoding {
	case "", "identity":
		return "", nil
	case "gzip", "x-gzip", "deflate", "zstd":
		return encoding, nil
	}
	return "", wire.Generic(wire.UnsupportedMedia, "Content-Encoding '"+encoding+"' cannot be undone: expected gzip, deflate or zstd")
}

// unpack undoes an encoding. What comes out has at most so many bytes.
func unpack(data []byte, encoding string, most int64) ([]byte, error) {
	if encoding == "" {
		return data, nil
	}
	plain, err := unpacker(bytes.NewReader(data), encoding, most)
	var out []byte
	if err == nil {
		defer plain.Close()
		out, err = io.ReadAll(io.LimitReader(plain, most+1))
	}
	switch {
	case int64(len(out)) > most, errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, wire.Generic(wire.TooLarge, fmt.Sprintf("unpacked, the body is larger than %d bytes, which is the limit: raise the setting %s, or send less at once", most, settings.MaxRequestBytes.About().Name))
	case err != nil:
		return nil, wire.Generic(wire.BadRequest, "the body is not what Content-Encoding '"+encoding+"' says: "+err.Error())
	}
	return out, nil
}

// unpacker undoes an encoding as it is read.
func unpacker(in io.Reader, encoding string, most int64) (io.ReadCloser, error) {
	switch encoding {
	case "gzip", "x-gzip":
		return gzip.NewReader(in)
	case "deflate":
		return zlib.NewReader(in)
	case "zstd":
		d, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(max(most, 1<<20)))) //nolint:gosec // it is positive
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return io.NopCloser(in), nil
}
