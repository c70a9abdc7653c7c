package task

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/catalog"
	"weir/formats"
	"weir/kafka"
	"weir/planner/plan"
	"weir/types"
)

// Rows that are joined meet in one task, so their keys have to lie in one partition of all inputs. Weir puts what it writes where its own
// encoding of the key belongs; a topic that others write may be partitioned by other bytes or by another hash, and then a join finds
// nothing, silently. So the first keys of each such source are looked at.
const (
	astrayKeys    = 64   // so many different keys are looked at for each partition of a source
	astrayRecords = 1024 // and no more records than this
	// astraySure is how many different keys of a source have to lie right, and none wrong, until the source is taken for one that
	// is partitioned as Weir does: with two partitions this comes about by chance once in 2^32 times.
	astraySure = 32
)

// astray is what is known of a stage whose inputs are joined: tasks of all partitions add to it.
type astray struct {
	mu sync.Mutex
	// inputs are the sources that are looked at; nil where the rows lie where Weir has put them.
	inputs []*astrayInput
	// keys are the partitions in which a key was seen, by input; nil where some input lies right by itself, and so no two need be compared.
	keys map[string][]int32
}

// astrayInput is a declared source that is read where it lies.
type astrayInput struct {
	source  *catalog.Source
	spec    formats.Spec // of its key, as Weir would write it
	columns types.Schema
	slots   []int // of the key's columns
	right   int
	wrong   *strayKey // the first one
	told    bool
	durable bool // the entry in the processing log that tells of it has been committed
}

// strayKey is a key that lies in another partition than Weir would choose.
type strayKey struct {
	rec     kgo.Record // without a value
	belongs int32
}

// watchKeys finds out which inputs of the stage have to be looked at.
func (s *Stage) watchKeys() *astray {
	if len(s.Inputs) < 2 {
		return nil
	}
	a := &astray{inputs: make([]*astrayInput, len(s.Inputs)), keys: map[string][]int32{}}
	var by *plan.Repartition
	some := false
	for i, in := range s.Inputs {
		scan, is := in.(*plan.Scan)
		if !is || scan.Source.Query != "" {
			a.keys = nil
		}
		if r, ok := in.(*plan.Repartition); ok && by == nil {
			by = r
		}
		if is && scan.Source.Query == "" {
			a.inputs[i] = keyOf(scan)
			some = some || a.inputs[i] != nil
		}
	}
	if !some {
		return nil
	}
	for _, in := range a.inputs {
		if in != nil && by != nil && len(by.Columns) == len(in.columns) {
			in.spec, in.columns = internalKey(plan.Spec(by.Serde, true, ""), by.Columns), by.Columns
		}
	}
	return a
}

// keyOf is the key of a source; nil where the stage does not read all of it, or where its bytes begin with the id of a schema: those are
// always sent through a topic.
func keyOf(scan *plan.Scan) *astrayInput {
	in := &astrayInput{source: scan.Source, spec: plan.Spec(scan.Source.Key, true, scan.Source.Topic), columns: scan.Source.Schema.With(types.KeyColumn), slots: keySlots(scan)}
	if len(in.columns) == 0 || len(in.slots) != len(in.columns) || registers(in.spec.Format) {
		return nil
	}
	return in
}

// restart says that a session begins: what was told and not committed is told again.
func (a *astray) restart() {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, in := range a.inputs {
		if in != nil && !in.durable {
			in.told = false
		}
	}
}

// committed says that what was told is in the processing log.
func (a *astray) committed() {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, in := range a.inputs {
		if in != nil {
			in.durable = in.durable || in.told
		}
	}
}

// keyWatch looks at the first keys that a task reads of an input.
type keyWatch struct {
	of      *astray
	input   int
	parts   int32 // of the topic
	enc     formats.Encoder
	buf     []byte
	seen    map[string]bool
	records int
	bad     func(BadRecord)
}

// watch looks at the keys of an input of a task; nil where there is nothing to look at.
func (a *astray) watch(input int, parts int32, bad func(BadRecord)) (*keyWatch, error) {
	if a == nil || a.inputs[input] == nil || parts < 2 || bad == nil {
		return nil, nil
	}
	in := a.inputs[input]
	enc, err := formats.NewEncoder(in.spec, in.columns, in.slots)
	return &keyWatch{of: a, input: input, parts: parts, enc: enc, seen: map[string]bool{}, bad: bad}, err
}

// see takes a row with the record that it is of, and says whether more of them are wanted.
func (w *keyWatch) see(rec *kgo.Record, row []types.Value) bool {
	in := w.of.inputs[w.input]
	w.records++
	more := w.records < astrayRecords
	for _, slot := range in.slots {
		if row[slot].IsNull() {
			return more // such a row matches nothing
		}
	}
	key, err := w.enc.Append(w.buf[:0], row)
	if err != nil && !errors.Is(err, formats.ErrNullRecord) || key == nil {
		return more
	}
	w.buf = key
	if w.seen[string(key)] {
		return more
	}
	w.seen[string(key)] = true
	if p := w.of.add(w.input, string(key), rec, kafka.Partition(key, w.parts)); p != nil {
		w.bad(*p)
	}
	return more && len(w.seen) < astrayKeys
}

// add takes a key, and gives what there is to tell.
func (a *astray) add(input int, key string, rec *kgo.Record, belongs int32) *BadRecord {
	a.mu.Lock()
	defer a.mu.Unlock()
	in := a.inputs[input]
	if rec.Partition == belongs {
		in.right++
	} else if in.wrong == nil {
		in.wrong = &strayKey{kgo.Record{Topic: rec.Topic, Partition: rec.Partition, Offset: rec.Offset, Timestamp: rec.Timestamp, Key: slices.Clone(rec.Key)}, belongs}
	}
	if a.keys == nil {
		if in.wrong != nil {
			return in.tell(in.wrong.rec, in.wrong.belongs)
		}
		return nil
	}
	at := a.keys[key]
	if at == nil {
		at = slices.Repeat([]int32{-1}, len(a.inputs))
		a.keys[key] = at
	}
	at[input] = rec.Partition
	for i, other := range a.inputs {
		switch {
		case i == input || other == nil:
		case at[i] >= 0 && at[i] != rec.Partition && rec.Partition != belongs:
			return in.tell(*rec, at[i])
		case at[i] >= 0 && at[i] != rec.Partition:
			return other.tell(kgo.Record{Topic: other.source.Topic, Partition: at[i], Offset: -1, Timestamp: rec.Timestamp, Key: rec.Key}, rec.Partition)
		case in.wrong != nil && other.sure():
			return in.tell(in.wrong.rec, in.wrong.belongs)
		case other.wrong != nil && in.sure():
			return other.tell(other.wrong.rec, other.wrong.belongs)
		}
	}
	return nil
}

// sure says whether the source is partitioned as Weir does it.
func (in *astrayInput) sure() bool { return in.wrong == nil && in.right >= astraySure }

// tell is the entry for the processing log; nil where it has been told already.
func (in *astrayInput) tell(rec kgo.Record, looks int32) *BadRecord {
	if in.told {
		return nil
	}
	in.told = true
	return &BadRecord{Topic: rec.Topic, Partition: rec.Partition, Offset: rec.Offset, Time: rec.Timestamp.UnixMilli(), Kind: KeysAstray, Key: rec.Key,
		Message: fmt.Sprintf("%s %s: the key %s lies in partition %d of topic %s, and the rows that it is joined with are in partition %d: they do not find each other. "+
			"Its writer names or orders the fields of the key otherwise, writes it in another format or with other spacing, or chooses partitions by another hash "+
			"(librdkafka's default is CRC32), or the topic got more partitions later. Declare %s with the names that are in the topic, or with REPARTITION=true in its WITH: "+
			"then joins send its rows through a topic of their own",
			in.source.Kind(), in.source.Name, keyText(rec.Key), rec.Partition, rec.Topic, looks, in.source.Name)}
}
