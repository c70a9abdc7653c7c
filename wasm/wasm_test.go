package wasm

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/functions"
	"weir/types"
)

// testLimits give time to what ends by itself, however busy the machine is.
var testLimits = Limits{File: 4 << 20, Memory: 16 << 20, Call: 5 * time.Minute}

// hurried are limits for what does not.
func hurried() Limits {
	l := testLimits
	l.Call = 100 * time.Millisecond
	return l
}

func host(t *testing.T, l Limits) *Host {
	t.Helper()
	h := NewHost(l)
	t.Cleanup(func() { _ = h.Close(t.Context()) })
	return h
}

func (h *Host) of(code []byte) *Module { return h.Module(func() ([]byte, error) { return code, nil }) }

// declare reads "name type, type returns".
func declare(name string, returns *types.Type, params ...*types.Type) *Function {
	f := &Function{Name: strings.ToUpper(name), Returns: returns}
	for i, t := range params {
		f.Params = append(f.Params, Param{string(rune('a' + i)), t})
	}
	return f
}

func evaluator(t *testing.T, m *Module, f *Function) func(args ...types.Value) (types.Value, error) {
	t.Helper()
	if err := m.Check(f); err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	s := m.Scalar(f)
	var args []functions.Arg
	for _, p := range f.Params {
		args = append(args, functions.Arg{Type: p.Type})
	}
	b, err := s.Resolve(args)
	if err != nil {
		t.Fatal(err)
	}
	eval := b.New(nil)
	return func(args ...types.Value) (types.Value, error) { return eval(&functions.Call{Args: args}) }
}

func TestRefused(t *testing.T) {
	i := types.TBigint
	for name, c := range map[string]struct {
		code []byte
		f    *Function
		want string
	}{
		"text":      {[]byte("(module)"), declare("f", i), "it is no WebAssembly module"},
		"cut":       {assembly{fns: []fn{{"f", nil, []byte{i64}, constant64(1)}}}.code()[:30], declare("f", i), "it can't be run"},
		"large":     {append(slices.Clone(magic), make([]byte, 5<<20)...), declare("f", i), "4194304 are allowed by the setting weir.max.wasm.file.bytes"},
		"memory":    {assembly{pages: 4000, fns: []fn{{"f", nil, []byte{i64}, constant64(1)}}}.code(), declare("f", i), "weir.max.wasm.memory.bytes"},
		"table":     {assembly{table: 1 << 26, fns: []fn{{"f", nil, []byte{i64}, constant64(1)}}}.code(), declare("f", i), "tables have 67108864 entries"},
		"import":    {assembly{imports: []imported{{"env", "open"}}, fns: []fn{{"f", nil, []byte{i64}, constant64(1)}}}.code(), declare("f", i), "asks for the function open of env"},
		"name":      {assembly{fns: []fn{{"g", nil, []byte{i64}, constant64(1)}}}.code(), declare("f", i), "exports no function F; it has g"},
		"signature": {assembly{fns: []fn{{"f", []byte{i64}, []byte{i64}, constant64(1)}}}.code(), declare("f", i, types.TString), "is (i64) -> (i64), and for F(a STRING) RETURNS BIGINT it has to be (i32, i32) -> (i64)"},
		"alloc":     {assembly{fns: []fn{{"f", []byte{i32, i32}, []byte{i64}, constant64(1)}}}.code(), declare("f", i, types.TString), "it has to export alloc(i32) -> i32"},
		"program":   {assembly{fns: []fn{{"f", nil, []byte{i64}, constant64(1)}, {"_start", nil, nil, nil}}}.code(), declare("f", i), "it is a program"},
		"start":     {assembly{fns: []fn{{"f", nil, []byte{i64}, constant64(1)}, {"_initialize", nil, nil, unreachable}}}.code(), declare("f", i), "it does not start: it was stopped: module[] function[_initialize] failed: wasm error: unreachable"},
	} {
		if err := host(t, testLimits).of(c.code).Check(c.f); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	slow := assembly{fns: []fn{{"f", nil, []byte{i64}, constant64(1)}, {"_initialize", nil, nil, forever}}}.code()
	if err := host(t, hurried()).of(slow).Check(declare("f", i)); err == nil || !strings.Contains(err.Error(), "it does not start: it took longer than 100ms") {
		t.Errorf("got %v", err)
	}
}

// What goes wrong is the error of its row, and says what went wrong; the next row is computed.
func TestHostile(t *testing.T) {
	text := assembly{fns: []fn{
		{"recursive", nil, []byte{i64}, recursive},
		{"add", []byte{i64, i64}, []byte{i64}, sum},
		{"trap", nil, []byte{i64}, unreachable},
		{"loop", nil, []byte{i64}, forever},
		{"grow", nil, []byte{i64}, append(slices.Clone(growing), unreachable...)},
		{"outside", nil, []byte{i64}, constant64(1<<40 | 1<<30)},
		{"huge", nil, []byte{i64}, constant64(3 << 30)},
		{"invalid", nil, []byte{i64}, slices.Concat(constant32(0), constant32(-1), []byte{0x36, 2, 0}, constant64(4))}, // i32.store 0 -1
		{"alloc", []byte{i32}, []byte{i32}, constant32(1 << 30)},
		{"len", []byte{i32, i32}, []byte{i32}, []byte{0x20, 0x01}},
	}}.code()
	m := host(t, testLimits).of(text)
	add := evaluator(t, m, declare("add", types.TBigint, types.TBigint, types.TBigint))
	for _, c := range []struct {
		f    *Function
		want string
	}{
		{declare("trap", types.TBigint), "it was stopped: wasm error: unreachable. It had 65536 bytes of memory, and the setting weir.max.wasm.memory.bytes allows 16777216"},
		{declare("grow", types.TBigint), "It had 16777216 bytes of memory"},
		{declare("recursive", types.TBigint), "stack overflow"},
		{declare("outside", types.TString), "outside of its memory of 65536 bytes"},
		{declare("huge", types.TBytes), "outside of its memory"},
		{declare("invalid", types.TString), "not UTF-8"},
		{declare("len", types.TInteger, types.TString), "alloc gave memory at 1073741824 for 5 bytes"},
	} {
		f := evaluator(t, m, c.f)
		args := []types.Value{types.StringValue("hello")}[:len(c.f.Params)]
		for range 2 {
			if v, err := f(args...); err == nil || !v.IsNull() || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got %v, want %q", c.f, err, c.want)
			}
		}
		if v, err := add(types.BigintValue(2), types.BigintValue(40)); err != nil || v.Int() != 42 {
			t.Errorf("after %s: got %d, %v", c.f, v.Int(), err)
		}
	}
	slow := evaluator(t, host(t, hurried()).of(text), declare("loop", types.TBigint))
	for range 2 {
		if _, err := slow(); err == nil || err.Error() != "it took longer than 100ms; the setting weir.max.wasm.call.ms bounds it" {
			t.Errorf("got %v", err)
		}
	}
	if v, err := add(types.NullValue, types.BigintValue(1)); err != nil || !v.IsNull() {
		t.Errorf("with NULL: got %v", err)
	}
}

func TestRust(t *testing.T) {
	code, err := os.ReadFile("../examples/functions/titles.wasm")
	if err != nil {
		t.Fatal(err)
	}
	m := host(t, testLimits).of(code)
	slug := evaluator(t, m, declare("slug", types.TString, types.TString))
	for in, want := range map[string]string{"The Go Programming Language": "the-go-programming-language", "Über uns!": "über-uns", "": "", "?!": ""} {
		v, err := slug(types.StringValue(in))
		if err != nil || v.Str() != want || v.IsNull() != (want == "") {
			t.Errorf("slug(%q): got %q, %v", in, v.Str(), err)
		}
	}
	distance := evaluator(t, m, declare("distance", types.TInteger, types.TString, types.TString))
	if v, err := distance(types.StringValue("kitten"), types.StringValue("sitting")); err != nil || v.Int() != 3 {
		t.Errorf("distance: got %d, %v", v.Int(), err)
	}
	long := types.StringValue(strings.Repeat("x", 2000))
	if _, err := distance(long, long); err == nil || err.Error() != "the titles are too long to be compared" {
		t.Errorf("distance: got %v", err)
	}
	for range 10_000 { // the module uses its memory again
		if _, err := slug(long); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGo(t *testing.T) {
	out := filepath.Join(t.TempDir(), "money.wasm")
	build := exec.Command("go", "build", "-trimpath", "-buildmode=c-shared", "-ldflags=-s", "-o", out, "./go")
	build.Dir = "../examples/functions"
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	code, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	m := host(t, testLimits).of(code)
	cents := evaluator(t, m, declare("cents", types.TBigint, types.TString))
	for in, want := range map[string]int64{"1,234.50 EUR": 123450, "29": 2900, "0.5": 50} {
		if v, err := cents(types.StringValue(in)); err != nil || v.Int() != want {
			t.Errorf("cents(%q): got %d, %v", in, v.Int(), err)
		}
	}
	if _, err := cents(types.StringValue("much")); err == nil || err.Error() != `"much" is no amount` {
		t.Errorf("got %v", err)
	}
	if v, err := cents(types.StringValue(" ")); err != nil || !v.IsNull() {
		t.Errorf("got %v", err)
	}
	price := evaluator(t, m, declare("price", types.TString, types.TBigint, types.TString))
	for range 10_000 {
		if v, err := price(types.BigintValue(123450), types.StringValue("EUR")); err != nil || v.Str() != "1,234.50 EUR" {
			t.Fatalf("got %q, %v", v.Str(), err)
		}
	}
}

func BenchmarkCalls(b *testing.B) {
	m := NewHost(testLimits).of(assembly{fns: []fn{{"add", []byte{i64, i64}, []byte{i64}, sum}}}.code())
	c := newCaller(m, declare("add", types.TBigint, types.TBigint, types.TBigint))
	call := &functions.Call{Args: []types.Value{types.BigintValue(1), types.BigintValue(2)}}
	for b.Loop() {
		if _, err := c.call(call); err != nil {
			b.Fatal(err)
		}
	}
}
