package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"weir/catalog"
	"weir/disk"
	"weir/functions"
	"weir/settings"
	"weir/wasm"
)

// modules are those of the functions that statements made. Each lies in the data directory, under the SHA-256 that the command log has of it: an
// older version too, since queries that were made with it go on with it, also after a restart.
type modules struct {
	host *wasm.Host
	dir  string
	root string // below which the HTTP API may name files; empty for nowhere
	mu   sync.Mutex
	held map[string]*held
}

// held is a module that was read. Its code is in memory until it is kept.
type held struct {
	module *wasm.Module
	code   []byte
}

func newModules(config map[string]string, dir string) *modules {
	return &modules{host: wasm.NewHost(wasm.LimitsIn(config)), dir: modulesDir(dir), root: settings.FunctionsDir.In(config), held: map[string]*held{}}
}

// modulesDir is where modules lie in a data directory.
func modulesDir(data string) string { return filepath.Join(data, "functions") }

// CheckModules counts the modules in a data directory, and tells of those that are damaged.
func CheckModules(data string) (modules int, findings []string) {
	paths, _ := filepath.Glob(filepath.Join(modulesDir(data), "*.wasm")) // the pattern is sound
	for _, path := range paths {
		code, err := os.ReadFile(path)
		switch {
		case err != nil:
			findings = append(findings, err.Error())
		case sumOf(code)+".wasm" != filepath.Base(path):
			findings = append(findings, path+": its SHA-256 is not the one of its name")
		}
	}
	return len(paths), findings
}

// sums are how files are called.
var sums = regexp.MustCompile("^[0-9a-f]{64}$")

func (m *modules) path(sum string) string { return filepath.Join(m.dir, sum+".wasm") }

// offer checks a module for a function that a session makes, and notes its sum.
func (m *modules) offer(s *Session, f *catalog.Function) error {
	if f.SHA256 != "" && !sums.MatchString(f.SHA256) {
		return errors.New("SHA256 is written as 64 hexadecimal digits")
	}
	if f.SHA256 == "" || m.again(f) != nil {
		code, err := m.read(s, f.File)
		if err != nil {
			return err
		}
		sum := sumOf(code)
		if f.SHA256 != "" && f.SHA256 != sum {
			return fmt.Errorf("its SHA-256 is %s, and the statement wants %s", sum, f.SHA256)
		}
		f.SHA256 = sum
		m.hold(sum, code)
	}
	module := m.module(f.SHA256)
	err := module.Check(declared(f))
	if err != nil {
		m.release(f.SHA256)
	}
	return err
}

// again sees that a module is there that has served before.
func (m *modules) again(f *catalog.Function) error {
	m.mu.Lock()
	h := m.held[f.SHA256]
	m.mu.Unlock()
	if h != nil {
		return nil
	}
	code, err := os.ReadFile(m.path(f.SHA256))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("its module, of the SHA-256 %s, is not in %s any more", f.SHA256, m.dir)
	case err != nil:
		return err
	case sumOf(code) != f.SHA256:
		return fmt.Errorf("%s is damaged: its SHA-256 is not the one of its name", m.path(f.SHA256))
	}
	return nil
}

func sumOf(code []byte) string {
	sum := sha256.Sum256(code)
	return hex.EncodeToString(sum[:])
}

func (m *modules) hold(sum string, code []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held[sum] == nil {
		m.held[sum] = &held{m.host.Module(func() ([]byte, error) { return code, nil }), code}
	}
}

// release forgets a module that does not serve, unless it is kept.
func (m *modules) release(sum string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h := m.held[sum]; h != nil && h.code != nil {
		delete(m.held, sum)
	}
}

// module is the one of a sum, which is read when it is first needed.
func (m *modules) module(sum string) *wasm.Module {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h := m.held[sum]; h != nil {
		return h.module
	}
	h := &held{module: m.host.Module(func() ([]byte, error) { return os.ReadFile(m.path(sum)) })}
	m.held[sum] = h
	return h.module
}

// keep has a module on disk, before a statement of the command log asks for it.
func (m *modules) keep(sum string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.held[sum]
	if h == nil || h.code == nil {
		return nil
	}
	if err := os.MkdirAll(m.dir, 0o755); err != nil {
		return err
	}
	if err := disk.Replace(m.path(sum), h.code); err != nil {
		return fmt.Errorf("the module can't be kept: %w", err)
	}
	h.code = nil
	return nil
}

// read reads the file that a statement names: whatever the user of this machine may read, and over the HTTP API what lies below a folder.
func (m *modules) read(s *Session, name string) ([]byte, error) {
	path, err := m.find(s, name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(errors.New("it is no file that can be read"), err)
	}
	most := m.host.Limits().File
	code, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(code)) > most {
		err = fmt.Errorf("it has more than %d bytes, which the setting %s allows", most, settings.MaxWasmFile.About().Name)
	}
	return code, err
}

func (m *modules) find(s *Session, name string) (string, error) {
	if !s.Remote {
		if filepath.IsAbs(name) {
			return name, nil
		}
		return filepath.Join(s.BaseDir, name), nil
	}
	setting := settings.FunctionsDir.About().Name
	if m.root == "" {
		return "", fmt.Errorf("over the HTTP API modules are read from the folder that the setting %s names, and it names none. Start the server with --functions-dir DIR, "+
			"or make the function with weir run", setting)
	}
	root, err := filepath.Abs(m.root)
	if err == nil {
		root, err = filepath.EvalSymlinks(root)
	}
	if err != nil {
		return "", fmt.Errorf("the folder that the setting %s names can't be read: %w", setting, err)
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(root, path)
	}
	outside := fmt.Errorf("it is outside of the folder that the setting %s confines modules to", setting)
	real, below, err := disk.Real(root, path)
	if err != nil { // whether something is there is nobody's business outside
		if !disk.Below(root, filepath.Clean(path)) {
			return "", outside
		}
		return "", errors.New("there is no such file in the folder that the setting " + setting + " names")
	}
	if !below {
		return "", outside
	}
	return real, nil
}

// declared is a function as its module has to have it.
func declared(f *catalog.Function) *wasm.Function {
	out := &wasm.Function{Name: f.Name, Returns: f.Returns, From: fmt.Sprintf("A function of the WebAssembly module %s, SHA-256 %s.", f.File, f.SHA256)}
	for _, p := range f.Params {
		out.Params = append(out.Params, wasm.Param{Name: p.Name, Type: p.Type})
	}
	return out
}

// functionsIn are the functions that there are with those that a catalog has.
func (e *Engine) functionsIn(cat catalog.Reader) *functions.Registry {
	list := cat.Functions()
	if len(list) == 0 {
		return e.opt.Functions
	}
	var extra functions.Extra
	for _, f := range list {
		extra.Scalars = append(extra.Scalars, e.modules.module(f.SHA256).Scalar(declared(f)))
	}
	return e.opt.Functions.With(extra)
}

// same says whether a function is what a statement would make of it.
func (m *modules) same(s *Session, f *catalog.Function, sql string) bool {
	if !sameText(withoutSum(f.SQL), withoutSum(sql)) {
		return false
	}
	code, err := m.read(s, f.File)
	return err != nil || sumOf(code) == f.SHA256
}

var sumClause = regexp.MustCompile(`(?i)\s+SHA256\s+'[0-9a-f]*'\s*;?\s*$`)

func withoutSum(sql string) string { return sumClause.ReplaceAllString(strings.TrimSpace(sql), "") }

func (m *modules) close(ctx context.Context) error { return m.host.Close(ctx) }
