package task

import (
	"bytes"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Output collects the records that a task makes in one commit interval. Take hands them over with their memory, and the
// task goes on in another bank.
type Output struct {
	Topics []string
	*Bank
	mu   sync.Mutex
	free []*Bank
	most int          // from how many bytes on relieve is called, between two records; 0 for never
	past bool         // it has come to that
	over func() error // what is done then
}

// relieveBytes is from how many bytes on TaskOptions.Relieve is called.
const relieveBytes = 8 << 20

// limitOut has what the task puts out relieved where it takes much memory. With a room that is the end of the session.
func (t *Task) limitOut(o TaskOptions) {
	switch {
	case o.Room != nil:
		t.Out.most = int(o.Room.bytes)
		t.Out.over = func() error { return tooMuch(o.Room.bytes) }
	case o.Relieve != nil:
		t.Out.most, t.Out.over = relieveBytes, o.Relieve
	}
}

// lookEach is after how many records it is looked how much they take, beside each chunk.
const lookEach = 1 << 10

func (o *Output) look() { o.past = o.most > 0 && o.Size() > o.most }

// relieve is called where the output is past its bound.
func (o *Output) relieve() error {
	o.past = false
	return o.over()
}

// Bank holds records; keys and values lie in chunks that are used again once the bank is released.
type Bank struct {
	Records []kgo.Record
	Bytes   int
	chunks  [][]byte
	chunk   int
	open    []byte // the chunk being filled
	keyLen  int
	trails  []byte             // the values of headers
	headers []kgo.RecordHeader // of records, one each
	noKey   bool
	start   int
	last    int // bytes of the last record

	usualRecords, usualChunks int // about the most that were in use of late
}

// recordSize is about what a record takes in memory beside its key and its value.
const recordSize = 200

// Size is about how much memory the records take.
func (b *Bank) Size() int { return b.Bytes + recordSize*len(b.Records) }

const outputChunk = 256 << 10

// keptChunks bounds the memory that is kept after a burst, and keptTimes how many times more than what was in use of late.
const (
	keptChunks  = 64
	keptTimes   = 4
	keptRecords = 1_000 // less is not worth a look
)

// begin starts a record, writes its key, and gives the buffer to append the value to. A nil key is a null key.
func (o *Output) begin(key []byte) []byte {
	if cap(o.open)-len(o.open) < len(key)+4096 {
		o.nextChunk(len(key) + 4096)
		o.look()
	}
	o.start, o.keyLen, o.noKey = len(o.open), len(key), key == nil
	o.open = append(o.open, key...)
	return o.open
}

func (o *Bank) nextChunk(size int) {
	if o.open != nil {
		o.chunks[o.chunk] = o.open
		o.chunk++
	}
	if o.chunk == len(o.chunks) {
		o.chunks = append(o.chunks, make([]byte, 0, max(outputChunk, size)))
	}
	if cap(o.chunks[o.chunk]) < size {
		o.chunks[o.chunk] = make([]byte, 0, size)
	}
	o.open = o.chunks[o.chunk][:0]
}

// end ends the record: buf is what begin gave, with the value behind it. What has outgrown the chunk gets memory of its own.
func (o *Output) end(buf []byte, topic int, partition int32, ms int64) *kgo.Record {
	data := buf[o.start:len(buf):len(buf)]
	own := cap(buf) != cap(o.open)
	if own {
		data, o.open = bytes.Clone(data), o.open[:o.start]
	} else {
		o.open = buf
	}
	if own || len(o.Records)%lookEach == 0 {
		o.look()
	}
	rec := o.add()
	*rec = kgo.Record{Topic: o.Topics[topic], Partition: partition, Timestamp: time.UnixMilli(ms)}
	rec.Value = data[o.keyLen:]
	if rec.Value == nil {
		rec.Value = []byte{}
	}
	if !o.noKey {
		rec.Key = data[:o.keyLen:o.keyLen]
	}
	o.last = len(data)
	o.Bytes += o.last
	return rec
}

// Change adds a record of a store's changelog, whose key begins with the number of the store; a nil value deletes. The bytes are copied.
func (o *Output) Change(topic int, partition int32, at time.Time, store byte, key, value []byte) *kgo.Record {
	const most = 64 // bytes of a key, here
	var room [most]byte
	buf := append(o.begin(append(append(room[:0], store), key...)), value...)
	var rec *kgo.Record
	if value == nil {
		rec = o.null(buf, topic, partition, 0)
	} else {
		rec = o.end(buf, topic, partition, 0)
	}
	rec.Timestamp = at
	return rec
}

// header adds a header to a record. Those of a bank lie side by side.
func (o *Bank) header(rec *kgo.Record, name string, t *trail) {
	at := len(o.trails)
	o.trails = t.append(o.trails)
	h := kgo.RecordHeader{Key: name, Value: o.trails[at:len(o.trails):len(o.trails)]}
	if rec.Headers != nil {
		rec.Headers = append(rec.Headers, h)
		return
	}
	n := len(o.headers)
	o.headers = append(o.headers, h)
	rec.Headers = o.headers[n : n+1 : n+1]
}

// undo takes the last record out again.
func (o *Output) undo() {
	last := &o.Records[len(o.Records)-1]
	o.Bytes -= o.last
	o.open = o.open[:o.start]
	*last = kgo.Record{}
	o.Records = o.Records[:len(o.Records)-1]
}

// null ends the record with a null value.
func (o *Output) null(buf []byte, topic int, partition int32, ms int64) *kgo.Record {
	rec := o.end(buf, topic, partition, ms)
	rec.Value = nil
	return rec
}

func (o *Bank) add() *kgo.Record {
	if n := len(o.Records); n < cap(o.Records) {
		o.Records = o.Records[:n+1]
	} else {
		o.Records = append(o.Records, kgo.Record{})
	}
	return &o.Records[len(o.Records)-1]
}

// Take hands over the records. Release gives their memory back.
func (o *Output) Take() *Bank {
	full := o.Bank
	o.mu.Lock()
	defer o.mu.Unlock()
	if n := len(o.free); n > 0 {
		o.Bank, o.free = o.free[n-1], o.free[:n-1]
	} else {
		o.Bank = &Bank{}
	}
	return full
}

// Release gives the memory of records back that Take handed over; from any goroutine.
func (o *Output) Release(b *Bank) {
	b.reset()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.free = append(o.free, b)
}

// Reset forgets the records.
func (o *Output) Reset() { o.Bank.reset() }

func (o *Bank) reset() {
	if o.open != nil {
		o.chunks[o.chunk] = o.open
	}
	// What has grown for a large value is not kept.
	o.chunks = slices.DeleteFunc(o.chunks, func(c []byte) bool { return cap(c) > 2*outputChunk })
	o.usualRecords = max(len(o.Records), o.usualRecords-o.usualRecords/8)
	o.usualChunks = max(o.chunk+1, o.usualChunks-(o.usualChunks+7)/8)
	if kept := min(keptChunks, keptTimes*o.usualChunks); len(o.chunks) > kept {
		o.chunks = slices.Clone(o.chunks[:kept])
	}
	if cap(o.Records) > max(keptRecords, keptTimes*o.usualRecords) {
		o.Records, o.trails, o.headers = nil, nil, nil
	}
	clear(o.Records)
	clear(o.headers)
	o.trails, o.headers = o.trails[:0], o.headers[:0]
	o.Records, o.open, o.chunk, o.Bytes = o.Records[:0], nil, 0, 0
	if len(o.chunks) > 0 {
		o.open = o.chunks[0][:0]
	}
}
