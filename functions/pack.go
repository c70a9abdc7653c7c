package functions

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"sync"

	"weir/types"
)

var packFunctions = []Scalar{
	{Doc: Doc{"GUNZIP", StringFn, "What gzip has packed, as bytes. Several packed one after the other are unpacked as one. How large a value may be bounds it; what is no gzip, or is cut off, is an error.",
		[]Example{{"FROM_BYTES(GUNZIP(TO_BYTES('H4sIAAAAAAAA/8tIzcnJBwCGphA2BQAAAA==', 'base64')), 'utf8')", "'hello'"}, {"GUNZIP(GZIP('a'))", "TO_BYTES('a', 'ascii')"}}},
		Overloads: []Overload{{Sig: "(b BYTES) BYTES", Eval: func(c *Call) (types.Value, error) { return gunzip(c.Meter, c.Args[0].Bytes()) }}}},
	{Doc: Doc{"GZIP", StringFn, "Bytes, or text in UTF-8, packed by gzip. The same gives the same bytes.",
		[]Example{{"FROM_BYTES(GUNZIP(GZIP('hello')), 'utf8')", "'hello'"}}},
		Overloads: []Overload{
			{Sig: "(b BYTES) BYTES", Eval: func(c *Call) (types.Value, error) { return packed(c.Meter, c.Args[0].Bytes()) }},
			{Sig: "(s STRING) BYTES", Eval: func(c *Call) (types.Value, error) { return packed(c.Meter, []byte(c.Args[0].Str())) }},
		}},
}

// unpackers and packers are used again: each has tables of tens, or hundreds, of kilobytes.
var (
	unpackers = sync.Pool{New: func() any { return new(gzip.Reader) }}
	packers   = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}
)

// gunzip asks for the memory as the value grows: what was packed says nothing of it that could be believed.
func gunzip(m *Meter, data []byte) (types.Value, error) {
	z := unpackers.Get().(*gzip.Reader)
	defer unpackers.Put(z)
	if err := z.Reset(bytes.NewReader(data)); err != nil {
		return types.NullValue, fmt.Errorf("expected what gzip has packed: %w", err)
	}
	var out bytes.Buffer
	w := metered{m, &out}
	if _, err := io.Copy(w, z); err != nil {
		if _, ok := errors.AsType[*LimitError](err); ok || errors.Is(err, ErrInterrupted) {
			return types.NullValue, err
		}
		return types.NullValue, fmt.Errorf("expected what gzip has packed: %w", err)
	}
	return types.BytesValue(out.Bytes()), nil
}

// metered asks before it takes.
type metered struct {
	m   *Meter
	out *bytes.Buffer
}

func (w metered) Write(p []byte) (int, error) {
	if err := cmp.Or(w.m.Fits(w.out.Len()+len(p)), w.m.Hold(len(p)), w.m.Ended()); err != nil {
		return 0, err
	}
	return w.out.Write(p)
}

func packed(m *Meter, data []byte) (types.Value, error) {
	if err := m.Read(len(data)); err != nil {
		return types.NullValue, err
	}
	var out bytes.Buffer
	z := packers.Get().(*gzip.Writer)
	defer packers.Put(z)
	z.Reset(metered{m, &out})
	_, err := z.Write(data)
	if err == nil {
		err = z.Close()
	}
	return types.BytesValue(out.Bytes()), err
}
