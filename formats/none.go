package formats

import "weir/types"

// noneDecoder reads no columns: the bytes are ignored.
type noneDecoder struct{}

func newNoneDecoder(Spec, types.Schema, []int) (Decoder, error) { return noneDecoder{}, nil }

// Reset has nothing to take back.
func (noneDecoder) Reset() {}

// Decode does nothing.
func (noneDecoder) Decode([]byte, []types.Value) error { return nil }

// noneEncoder writes null records.
type noneEncoder struct{}

func newNoneEncoder(Spec, types.Schema, []int) (Encoder, error) { return noneEncoder{}, nil }

// Append says that the record is null.
func (noneEncoder) Append(dst []byte, _ []types.Value) ([]byte, error) { return dst, ErrNullRecord }
