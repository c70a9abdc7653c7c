package encode

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/hamba/avro/v2/ocf"
)

// container writes Avro object container files, by parts: each part is whole blocks.
type container struct {
	schema string
	codec  ocf.CodecName
	sync   [16]byte // the same for all parts of a file, so it goes by the schema
	head   int      // bytes of the header
	out    bytes.Buffer
	enc    *ocf.Encoder
	to     *bytes.Buffer
	begins bool
}

func newContainer(schema, codec string) (*container, error) {
	c := &container{schema: schema, codec: ocf.CodecName(codec)}
	if codec == "" {
		c.codec = ocf.Null
	}
	sum := sha256.Sum256([]byte(schema))
	copy(c.sync[:], sum[:])
	binary.BigEndian.PutUint16(c.sync[14:], 0xFEED) // no text looks like it
	enc, err := ocf.NewEncoder(schema, &c.out, ocf.WithCodec(c.codec), ocf.WithSyncBlock(c.sync))
	if err != nil {
		return nil, fmt.Errorf("the schema of the Avro file: %w", err)
	}
	if err := enc.Flush(); err != nil {
		return nil, err
	}
	c.head = c.out.Len()
	return c, nil
}

// begin starts a part. Every part is made with a header, which is left out where it is not the first.
func (c *container) begin(to *bytes.Buffer, begins bool) (err error) {
	c.out.Reset()
	c.to, c.begins = to, begins
	c.enc, err = ocf.NewEncoder(c.schema, &c.out, ocf.WithCodec(c.codec), ocf.WithSyncBlock(c.sync), ocf.WithBlockLength(blockRows))
	return err
}

const blockRows = 1000

func (c *container) add(row []byte) error {
	_, err := c.enc.Write(row)
	return err
}

func (c *container) end() error {
	if err := c.enc.Close(); err != nil {
		return err
	}
	from := c.head
	if c.begins {
		from = 0
	}
	c.to.Write(c.out.Bytes()[from:])
	return nil
}
