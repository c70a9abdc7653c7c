package wasm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"unicode/utf8"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"

	"weir/functions"
	"weir/settings"
	"weir/types"
)

// caller calls a function for one task, which alone uses it.
type caller struct {
	module *Module
	f      *Function
	ctx    context.Context // knows the caller
	inst   *instance       // nil before the first call, and after one that went wrong
	said   head            // what the module has written to its standard error in this call
	null   bool            // the module has said that the result is NULL
	failed string          // or why there is none
}

type callerKey struct{}

func newCaller(m *Module, f *Function) *caller {
	c := &caller{module: m, f: f}
	c.ctx = context.WithValue(context.Background(), callerKey{}, c)
	return c
}

// setNull is the function null that modules import: the result of the call is NULL, whatever it returns.
func setNull(ctx context.Context) {
	if c, ok := ctx.Value(callerKey{}).(*caller); ok {
		c.null = true
	}
}

// maxReason is how much of what a module says of an error is kept.
const maxReason = 512

// setFailed is the function fail that modules import: there is no result, for the reason that is a STRING in the module's memory.
func setFailed(ctx context.Context, m api.Module, at, length uint32) {
	c, ok := ctx.Value(callerKey{}).(*caller)
	if !ok {
		return
	}
	c.failed = "it failed"
	if text, ok := m.Memory().Read(at, min(length, maxReason)); ok && length > 0 {
		c.failed = string(text)
	}
}

// head keeps the beginning of what is written to it.
type head struct{ text []byte }

func (h *head) Write(b []byte) (int, error) {
	h.text = append(h.text, b[:min(len(b), maxReason-len(h.text))]...)
	return len(b), nil
}

// instance is a module with a memory of its own.
type instance struct {
	mod       api.Module
	fn, alloc api.Function
	stack     []uint64
}

func (i *instance) close() { _ = i.mod.Close(context.Background()) }

// instance makes one for a function; said takes what the module writes to its standard error, and may be nil.
func (m *Module) instance(said *head, name string) (*instance, error) {
	compiled, err := m.load()
	if err != nil {
		return nil, err
	}
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize")
	if said != nil {
		config = config.WithStderr(said)
	}
	ctx, cancel := context.WithTimeout(context.Background(), m.host.limits.Call)
	defer cancel()
	mod, err := m.host.runtime.InstantiateModule(ctx, compiled, config)
	if err != nil {
		return nil, fmt.Errorf("it does not start: %w", m.fault(ctx, err, nil, said))
	}
	def := exported(compiled.ExportedFunctions(), name)
	inst := &instance{mod: mod, fn: mod.ExportedFunction(def.ExportNames()[0]), alloc: mod.ExportedFunction(allocName)}
	inst.stack = make([]uint64, max(len(def.ParamTypes()), len(def.ResultTypes())))
	// A task does not say when it ends: the memory goes with what would use it.
	runtime.AddCleanup(inst, func(mod api.Module) { _ = mod.Close(context.Background()) }, mod)
	return inst, nil
}

// call computes the function for a row. What goes wrong is the row's error; the next row has another instance.
func (c *caller) call(row *functions.Call) (types.Value, error) {
	c.said.text, c.null, c.failed = c.said.text[:0], false, ""
	if c.inst == nil {
		inst, err := c.module.instance(&c.said, c.f.Name)
		if err != nil {
			return types.NullValue, err
		}
		c.inst = inst
	}
	v, err := c.run(row)
	if trap := (*trapError)(nil); errors.As(err, &trap) {
		c.inst.close()
		c.inst = nil
	}
	return v, err
}

// trapError is an error after which an instance is not used any more.
type trapError struct{ text string }

func (e *trapError) Error() string { return e.text }

func (c *caller) run(row *functions.Call) (types.Value, error) {
	ctx, cancel := context.WithTimeout(c.ctx, c.module.host.limits.Call)
	defer cancel()
	if err := c.pass(ctx, row.Args); err != nil {
		return types.NullValue, err
	}
	if err := c.inst.fn.CallWithStack(ctx, c.inst.stack); err != nil {
		return types.NullValue, c.module.fault(ctx, err, c.inst.mod, &c.said)
	}
	switch {
	case c.failed != "":
		return types.NullValue, errors.New(c.failed)
	case c.null:
		return types.NullValue, nil
	}
	return c.result(row.Meter)
}

// pass puts the arguments where the function finds them: text into memory that the module gives, all of it in one piece.
func (c *caller) pass(ctx context.Context, args []types.Value) error {
	size, texts := 0, false
	for i := range args {
		if textual(c.f.Params[i].Type) {
			size, texts = size+args[i].Len(), true
		}
	}
	at := uint32(0)
	if texts {
		c.inst.stack[0] = uint64(uint32(min(size, math.MaxInt32)))
		if err := c.inst.alloc.CallWithStack(ctx, c.inst.stack[:1]); err != nil {
			return c.module.fault(ctx, err, c.inst.mod, &c.said)
		}
		at = api.DecodeU32(c.inst.stack[0])
	}
	slot := 0
	for i := range args {
		v := args[i]
		switch c.f.Params[i].Type.Kind {
		case types.Boolean:
			c.inst.stack[slot] = 0
			if v.Bool() {
				c.inst.stack[slot] = 1
			}
		case types.Integer:
			c.inst.stack[slot] = api.EncodeI32(int32(v.Int()))
		case types.Bigint:
			c.inst.stack[slot] = uint64(v.Int())
		case types.Double:
			c.inst.stack[slot] = api.EncodeF64(v.Double())
		default:
			if v.Len() > 0 && !c.inst.mod.Memory().Write(at, v.Bytes()) {
				return &trapError{fmt.Sprintf("%s gave memory at %d for %d bytes, which is outside of the %d bytes that there are", allocName, at, size, c.inst.mod.Memory().Size())}
			}
			c.inst.stack[slot], c.inst.stack[slot+1] = uint64(at), uint64(v.Len())
			at += uint32(v.Len())
			slot++
		}
		slot++
	}
	return nil
}

// result is what the function has returned.
func (c *caller) result(meter *functions.Meter) (types.Value, error) {
	raw := c.inst.stack[0]
	switch c.f.Returns.Kind {
	case types.Boolean:
		return types.BoolValue(uint32(raw) != 0), nil
	case types.Integer:
		return types.IntValue(api.DecodeI32(raw)), nil
	case types.Bigint:
		return types.BigintValue(int64(raw)), nil
	case types.Double:
		return types.DoubleValue(api.DecodeF64(raw)), nil
	}
	at, length := uint32(raw>>32), uint32(raw)
	if err := meter.Take(int(length)); err != nil {
		return types.NullValue, err
	}
	view, ok := c.inst.mod.Memory().Read(at, length)
	if !ok && length > 0 {
		return types.NullValue, &trapError{fmt.Sprintf("it returned %d bytes at %d, which is outside of its memory of %d bytes", length, at, c.inst.mod.Memory().Size())}
	}
	if c.f.Returns.Kind == types.Bytes {
		return types.BytesValue(append([]byte{}, view...)), nil
	}
	if !utf8.Valid(view) {
		return types.NullValue, errors.New("the STRING that it returned is not UTF-8")
	}
	return types.StringValue(string(view)), nil
}

// fault says in one line why a call came to nothing.
func (m *Module) fault(ctx context.Context, err error, mod api.Module, said *head) error {
	var exit *sys.ExitError
	text := ""
	switch {
	case ctx.Err() != nil:
		return &trapError{fmt.Sprintf("it took longer than %s; the setting %s bounds it", m.host.limits.Call, settings.MaxWasmTime.About().Name)}
	case errors.As(err, &exit):
		text = fmt.Sprintf("it ended itself with the exit code %d", exit.ExitCode())
	default:
		text = "it was stopped: " + firstLine(err.Error())
	}
	if said != nil && len(said.text) > 0 {
		text += " (" + firstLine(string(said.text)) + ")"
	}
	if mod != nil {
		text += fmt.Sprintf(". It had %d bytes of memory, and the setting %s allows %d", mod.Memory().Size(), settings.MaxWasmMemory.About().Name, m.host.limits.Memory)
	}
	return &trapError{text}
}
