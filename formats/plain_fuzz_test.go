package formats

import (
	"testing"

	"weir/types"
)

// FuzzKafkaDecode reads any bytes as each of the types that Kafka's own serializers have: what is read can be written, and
// read again.
func FuzzKafkaDecode(f *testing.F) {
	type codec struct {
		dec Decoder
		enc Encoder
	}
	var codecs []codec
	for _, kind := range kafkaKinds {
		cols := types.Schema{{Name: "A", Type: &types.Type{Kind: kind}}}
		d, err := NewDecoder(Spec{Format: Kafka}, cols, slots(1))
		if err != nil {
			f.Fatal(err)
		}
		e, err := NewEncoder(Spec{Format: Kafka}, cols, slots(1))
		if err != nil {
			f.Fatal(err)
		}
		codecs = append(codecs, codec{d, e})
	}
	for _, seed := range []string{"", "text", "\x00\x00\x00\x07", "\x00\x00\x00\x00\x00\x00\x00\x07", "\x7f\xf8\x00\x00\x00\x00\x00\x00", "\xff\xfe"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for i, c := range codecs {
			row := make([]types.Value, 1)
			if c.dec.Decode(data, row) != nil {
				continue
			}
			out, err := c.enc.Append(nil, row)
			if err == ErrNullRecord {
				continue
			}
			if err != nil {
				t.Fatalf("%s: %q can't be written: %v", kafkaKinds[i], data, err)
			}
			if err := c.dec.Decode(out, row); err != nil {
				t.Fatalf("%s: %q written as %q: %v", kafkaKinds[i], data, out, err)
			}
		}
	})
}
