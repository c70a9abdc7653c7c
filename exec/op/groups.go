package op

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"

	"weir/exec/eval"
	"weir/exec/state"
	"weir/functions"
	"weir/planner/plan"
	"weir/types"
)

// accumulators are the aggregates of an Aggregate, compiled: how a group's state is laid out, and what is done to it.
//
// A group's words are: the latest timestamp, the words of the aggregates in order, and where any aggregate needs an
// object of its own, one more that numbers the group's objects from 1.
type accumulators struct {
	aggs  []accumulator
	words int // in all
	objs  int // objects per group
	ctx   *eval.Ctx
	held  int  // bytes of objects, as last counted
	added int  // rows and states taken in since
	bytes int  // that were computed for them
	parts bool // a group's state is a part of it: whether the whole has a result is for others to say
}

type accumulator struct {
	name  string
	words *functions.WordAggregate
	at    int // first word
	make  func(*functions.Site) functions.Object
	site  *functions.Site
	obj   int // which of the group's objects
	args  []eval.Fn
	vals  []types.Value
}

func newAccumulators(h *Host, aggs []plan.Agg) *accumulators {
	k := h.compiler()
	a := &accumulators{words: 1}
	cell := new(*eval.Ctx)
	for _, agg := range aggs {
		acc := accumulator{name: agg.Name, words: agg.Bound.Words, at: a.words, make: agg.Bound.Object, obj: a.objs,
			args: k.All(agg.Args), vals: make([]types.Value, len(agg.Args)), site: &functions.Site{Env: h.Env}}
		for _, l := range agg.Deferred {
			acc.site.Lambdas = append(acc.site.Lambdas, k.Lambda(l, cell))
		}
		if acc.words != nil {
			a.words += acc.words.Size
		} else {
			a.objs++
		}
		a.aggs = append(a.aggs, acc)
	}
	if a.objs > 0 {
		a.words++
	}
	a.ctx = k.NewCtx()
	*cell = a.ctx
	for i := range a.aggs {
		a.aggs[i].site.Meter = a.ctx.Meter()
	}
	return a
}

// groups are the groups of one window, or of an aggregation without windows.
type groups struct {
	start   int64
	table   *state.Table
	objects [][]functions.Object
	partial bool // some groups may lie in the backing alone
}

func (a *accumulators) newGroups(start int64) *groups {
	return &groups{start: start, table: state.NewTable(a.words)}
}

// objectsOf are the objects of a group; made for a new one.
func (a *accumulators) objectsOf(g *groups, w []uint64) []functions.Object {
	if a.objs == 0 {
		return nil
	}
	if n := w[a.words-1]; n > 0 {
		return g.objects[n-1]
	}
	g.objects = append(g.objects, a.newObjects())
	w[a.words-1] = uint64(len(g.objects))
	return g.objects[len(g.objects)-1]
}

func (a *accumulators) newObjects() []functions.Object {
	objs := make([]functions.Object, a.objs)
	for i := range a.aggs {
		if acc := &a.aggs[i]; acc.words == nil {
			objs[acc.obj] = acc.make(acc.site)
		}
	}
	return objs
}

// add takes a row into a group, or out of it again.
func (a *accumulators) add(w []uint64, objs []functions.Object, row []types.Value, m *types.Meta, undo bool) error {
	if ts := int64(w[0]); m.Timestamp > ts {
		w[0] = uint64(m.Timestamp)
	}
	a.ctx.Enter(row)
	a.added++
	for i := range a.aggs {
		acc := &a.aggs[i]
		for j, f := range acc.args {
			acc.vals[j] = f(a.ctx)
		}
		var err error
		switch {
		case acc.words != nil && undo:
			err = acc.words.Undo(w[acc.at:acc.at+acc.words.Size], acc.vals)
		case acc.words != nil:
			err = acc.words.Add(w[acc.at:acc.at+acc.words.Size], acc.vals, m.Offset)
		case undo:
			err = objs[acc.obj].Undo(acc.vals)
		default:
			err = objs[acc.obj].Add(acc.vals, m.Offset)
		}
		if err != nil && a.ctx.Err == nil && !(a.parts && acc.words != nil) {
			a.ctx.Err = fmt.Errorf("%s: %w", acc.name, err)
		}
	}
	a.bytes += a.ctx.Held()
	err := a.ctx.Err
	a.ctx.Err = nil
	return err
}

// keeps asks for the memory of a row's values in so many windows. What is computed from them is at most as large, as a rule.
func (a *accumulators) keeps(row []types.Value, windows int) error {
	a.ctx.Enter(row)
	return a.ctx.Keep(row, windows)
}

// merge takes one group's state into another's.
func (a *accumulators) merge(w []uint64, objs []functions.Object, from []uint64, fromObjs []functions.Object) error {
	w[0] = uint64(max(int64(w[0]), int64(from[0])))
	a.ctx.Enter(nil)
	a.added++
	var failed error
	for i := range a.aggs {
		acc := &a.aggs[i]
		if acc.words != nil {
			acc.words.Merge(w[acc.at:acc.at+acc.words.Size], from[acc.at:acc.at+acc.words.Size])
			continue
		}
		err := objs[acc.obj].Merge(fromObjs[acc.obj])
		if err == nil {
			continue
		}
		err = fmt.Errorf("%s: %w", acc.name, err)
		if !leavesOut(err) {
			return err
		}
		failed = err
	}
	a.bytes += a.ctx.Held()
	a.ctx.Err = nil
	return failed
}

// leavesOut says whether an aggregate has only left something out.
func leavesOut(err error) bool {
	var limit *functions.LimitError
	var lambda *functions.LambdaError
	return errors.As(err, &limit) || errors.As(err, &lambda)
}

// objectsIn gives the objects of groups, and their number.
func objectsIn(list iter.Seq[*groups]) (n int, all iter.Seq[[]functions.Object]) {
	for g := range list {
		n += len(g.objects)
	}
	return n, func(yield func([]functions.Object) bool) {
		for g := range list {
			for _, objs := range g.objects {
				if !yield(objs) {
					return
				}
			}
		}
	}
}

// objectBytes is what the objects of n groups take. They are counted anew once a good part of them may have changed.
func (a *accumulators) objectBytes(n int, all iter.Seq[[]functions.Object]) int {
	if a.objs == 0 {
		return 0
	}
	if n == 0 {
		a.held, a.added, a.bytes = 0, 0, 0
	}
	if a.held > 0 && a.added*recount < n && a.bytes*recount < a.held+recountBytes {
		return a.held
	}
	a.held, a.added, a.bytes = 0, 0, 0
	for objs := range all {
		a.held += bytesOf(objs)
	}
	return a.held
}

// recount is which part of the objects, or of their bytes, has to have changed.
const (
	recount      = 8
	recountBytes = 8 << 20
)

func bytesOf(objs []functions.Object) (n int) {
	for _, o := range objs {
		n += o.Bytes()
	}
	return n
}

// mergeCopy is merge for a state that is still needed.
func (a *accumulators) mergeCopy(w []uint64, objs []functions.Object, from []uint64, fromObjs []functions.Object) {
	if a.objs > 0 {
		fromObjs = a.copied(from, fromObjs)
	}
	if err := a.merge(w, objs, from, fromObjs); err != nil && !leavesOut(err) {
		panic("op: states that merge exactly can't be merged: " + err.Error())
	}
}

// copied are a state's objects, anew: merging may take them over, and the state is still needed.
func (a *accumulators) copied(w []uint64, from []functions.Object) []functions.Object {
	objs := a.newObjects()
	if len(objs) > 0 {
		if err := a.decode(a.append(nil, w, from), make([]uint64, a.words), objs); err != nil {
			panic("op: a group's state can't be copied: " + err.Error())
		}
	}
	return objs
}

// results writes what the aggregates have come to.
func (a *accumulators) results(w []uint64, objs []functions.Object, out []types.Value) {
	for i := range a.aggs {
		acc := &a.aggs[i]
		if acc.words != nil {
			out[i] = acc.words.Result(w[acc.at : acc.at+acc.words.Size])
		} else {
			out[i] = objs[acc.obj].Result()
		}
	}
}

// fits says why an aggregate has no result though every row has been taken in: merging has made it too large.
func (a *accumulators) fits(w []uint64) error {
	for i := range a.aggs {
		if acc := &a.aggs[i]; acc.words != nil && acc.words.Fits != nil {
			if err := acc.words.Fits(w[acc.at : acc.at+acc.words.Size]); err != nil {
				return fmt.Errorf("%s: %w", acc.name, err)
			}
		}
	}
	return nil
}

// append encodes a group's state.
func (a *accumulators) append(dst []byte, w []uint64, objs []functions.Object) []byte {
	n := a.words
	if a.objs > 0 {
		n--
	}
	for _, word := range w[:n] {
		dst = binary.LittleEndian.AppendUint64(dst, word)
	}
	for _, o := range objs {
		at := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		dst = o.Append(dst)
		binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst
}

// decode reads what append wrote into words and fresh objects.
func (a *accumulators) decode(src []byte, w []uint64, objs []functions.Object) error {
	n := a.words
	if a.objs > 0 {
		n--
	}
	if len(src) < 8*n {
		return types.ErrCorrupt
	}
	for i := range n {
		w[i] = binary.LittleEndian.Uint64(src[8*i:])
	}
	src = src[8*n:]
	for _, o := range objs {
		if len(src) < 4 || uint64(len(src)-4) < uint64(binary.LittleEndian.Uint32(src)) {
			return types.ErrCorrupt
		}
		size := binary.LittleEndian.Uint32(src)
		if err := o.Decode(src[4 : 4+size]); err != nil {
			return err
		}
		src = src[4+size:]
	}
	return nil
}
