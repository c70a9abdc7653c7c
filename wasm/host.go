// Package wasm runs functions that are written in other languages, and come as WebAssembly modules. A module computes, and can do nothing else: it
// has neither files nor network nor a clock, and its memory and its time are bounded. docs/wasm.md tells what Weir asks of one.
package wasm

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"weir/settings"
)

// Limits bound what a module may take.
type Limits struct {
	File   int64         // bytes of the module itself
	Memory int64         // bytes of each of its instances
	Call   time.Duration // of one call
}

// LimitsIn are those of the settings.
func LimitsIn(config map[string]string) Limits {
	return Limits{settings.MaxWasmFile.In(config), settings.MaxWasmMemory.In(config), settings.MaxWasmTime.In(config)}
}

// Host holds the modules of a node. What runs them is made when there is a first one.
type Host struct {
	limits  Limits
	once    sync.Once
	runtime wazero.Runtime
	err     error
}

// NewHost makes a Host.
func NewHost(l Limits) *Host { return &Host{limits: l} }

// Limits are those of its modules.
func (h *Host) Limits() Limits { return h.limits }

// Close frees what the modules take. None of their functions may run any more.
func (h *Host) Close(ctx context.Context) error {
	if h.runtime == nil {
		return nil
	}
	return h.runtime.Close(ctx)
}

// pageBytes is the unit in which a module asks for memory.
const pageBytes = 1 << 16

// features are those of WebAssembly 2.0, without tables that grow: nothing bounds them.
const features = api.CoreFeaturesV2 &^ api.CoreFeatureReferenceTypes

func (h *Host) start(ctx context.Context) (wazero.Runtime, error) {
	h.once.Do(func() {
		config := wazero.NewRuntimeConfig().WithMemoryLimitPages(uint32(h.limits.Memory / pageBytes)).WithCloseOnContextDone(true).WithCoreFeatures(features)
		h.runtime = wazero.NewRuntimeWithConfig(ctx, config)
		_, h.err = h.runtime.NewHostModuleBuilder(hostModule).
			NewFunctionBuilder().WithFunc(setNull).Export("null").
			NewFunctionBuilder().WithFunc(setFailed).Export("fail").
			Instantiate(ctx)
		if h.err == nil { // with neither files nor arguments, a clock that stands still and random numbers that are always the same
			_, h.err = wasi_snapshot_preview1.Instantiate(ctx, h.runtime)
		}
	})
	return h.runtime, h.err
}

// What a module may import.
const (
	hostModule = "weir"
	wasiModule = wasi_snapshot_preview1.ModuleName
)

// Module is one that was checked, or will be when it is first used.
type Module struct {
	host     *Host
	read     func() ([]byte, error)
	once     sync.Once
	compiled wazero.CompiledModule
	err      error
}

// Module is the one that read gives, which is asked when it is first needed.
func (h *Host) Module(read func() ([]byte, error)) *Module { return &Module{host: h, read: read} }

func (m *Module) load() (wazero.CompiledModule, error) {
	m.once.Do(func() {
		code, err := m.read()
		if err == nil {
			err = m.host.check(code)
		}
		if err != nil {
			m.err = err
			return
		}
		ctx := context.Background()
		runtime, err := m.host.start(ctx)
		if err != nil {
			m.err = err
			return
		}
		if m.compiled, err = runtime.CompileModule(ctx, code); err != nil {
			m.err = fmt.Errorf("it can't be run: %s. Its memory may be %d bytes, by the setting %s", firstLine(err.Error()), m.host.limits.Memory, settings.MaxWasmMemory.About().Name)
			return
		}
		m.err = imports(m.compiled)
	})
	return m.compiled, m.err
}

// imports refuses what no module is given.
func imports(m wazero.CompiledModule) error {
	for _, f := range m.ImportedFunctions() {
		module, name, _ := f.Import()
		if module == wasiModule || module == hostModule && (name == "null" || name == "fail") {
			continue
		}
		return fmt.Errorf("it asks for the function %s of %s, which it is not given: modules get null and fail of %s, and %s without files or network", name, module, hostModule, wasiModule)
	}
	for _, mem := range m.ImportedMemories() {
		module, name, _ := mem.Import()
		return fmt.Errorf("it asks for the memory %s of %s: a module has a memory of its own, and exports it as memory", name, module)
	}
	return nil
}
