package s3sink

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"github.com/minio/minio-go/v7"

	"weir/connectors/connector"
	"weir/connectors/encode"
)

// sink writes objects.
//
// The name of an object goes by the offset of its first row, and each batch begins where what is stored ends: so what was written before a crash
// is replaced, whatever the batches are cut into this time.
type sink struct {
	env         connector.Env
	client      *minio.Client
	transport   *http.Transport
	bucket      string
	dir         string
	partSize    uint64
	partitioner partitioner // nil for the default one
	extension   string      // of objects of bytes
	options     encode.Options

	in   connector.In
	outs []*out // one for each relation
	buf  bytes.Buffer
}

// out are the objects of one relation.
type out struct {
	enc     *encode.Encoder
	options encode.Options
	folder  func(*connector.Row) (string, error) // nil with the default partitioner
}

// Begin sees that objects can be written.
func (s *sink) Begin(ctx context.Context, in connector.In) (connector.Begun, error) {
	s.in = in
	if err := s.check(in.Relations); err != nil {
		return connector.Begun{}, connector.Userf("%w", err)
	}
	return connector.Begun{}, s.probe(ctx)
}

// check makes what turns the relations' rows into objects.
func (s *sink) check(relations []connector.Relation) error {
	s.outs = nil
	for _, rel := range relations {
		o := &out{options: s.options}
		if rel.Columns == nil && o.options.Format == encode.JSON {
			o.options.Format = encode.Lines
		}
		var err error
		if o.enc, err = encode.New(rel, o.options); err != nil {
			return err
		}
		if s.partitioner != nil {
			if o.folder, err = s.partitioner.of(rel); err != nil {
				return err
			}
		}
		s.outs = append(s.outs, o)
	}
	return nil
}

// Write writes a batch as an object, or as one for each folder that its rows belong below.
func (s *sink) Write(ctx context.Context, b connector.Batch) (any, error) {
	if s.partitioner == nil {
		return nil, s.write(ctx, b.Rows, "")
	}
	var order []string
	groups := map[string][]connector.Row{}
	for _, row := range b.Rows {
		if row.Value == nil {
			continue
		}
		folder, err := s.outs[row.Relation].folder(&row)
		if err != nil {
			if err := s.in.Refuse(ctx, &row, err); err != nil {
				return nil, err
			}
			continue
		}
		if groups[folder] == nil {
			order = append(order, folder)
		}
		groups[folder] = append(groups[folder], row)
	}
	for _, folder := range order {
		if err := s.write(ctx, groups[folder], folder); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// write writes rows of one partition as one object.
func (s *sink) write(ctx context.Context, rows []connector.Row, folder string) error {
	first := -1
	written := 0
	for i := range rows {
		if rows[i].Value != nil {
			if written++; first < 0 {
				first = i
			}
		}
	}
	if first < 0 {
		return nil
	}
	o := s.outs[rows[first].Relation]
	s.buf.Reset()
	err := o.enc.Append(ctx, &s.buf, true, rows, func(ctx context.Context, row *connector.Row, reason error) error {
		written--
		return s.in.Refuse(ctx, row, reason)
	})
	if err != nil || written == 0 {
		return err
	}
	if s.options.Format == encode.Lines { // between values, so that an object of one is that value
		s.buf.Truncate(s.buf.Len() - len(o.options.Separator))
	}
	// Unknown or signed in chunks, as would be done without these options, sizes and bytes are not what all servers take. The MD5 guards the bytes.
	_, err = s.client.PutObject(ctx, s.bucket, s.name(&rows[first], folder), bytes.NewReader(s.buf.Bytes()), int64(s.buf.Len()),
		minio.PutObjectOptions{ContentType: o.options.ContentType(), PartSize: s.partSize, NumThreads: 1, SendContentMd5: true, DisableContentSha256: true})
	return s.judged(err)
}

// name is an object's, by its first row.
func (s *sink) name(row *connector.Row, folder string) string {
	topic := s.in.Relations[row.Relation].Topic
	if folder == "" {
		folder = fmt.Sprintf("partition=%d", row.Partition)
	}
	end := s.extension
	if s.options.Format != encode.Lines {
		end = "." + s.options.Format
	}
	name := fmt.Sprintf("%s/%s/%s+%d+%010d%s", topic, folder, topic, row.Partition, row.Offset, end)
	if s.dir != "" {
		name = s.dir + "/" + name
	}
	return name
}

// Close gives back the connections.
func (s *sink) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}
