package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// titles is the Rust module of the examples, in a folder of its own.
func titles(t *testing.T) string {
	t.Helper()
	code, err := os.ReadFile("../examples/functions/titles.wasm")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "titles.wasm")
	if err := os.WriteFile(path, code, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// A function is there after a restart though its file has gone, and queries keep the one that they were made with.
func TestFunctionsAreKept(t *testing.T) {
	bothWays(t, map[string]string{"auto.offset.reset": "earliest", "weir.max.wasm.call.ms": "60000"}, func(t *testing.T, p *place) {
		n, s, path := p.start(t), NewSession(), titles(t)
		n.run(t, s, `CREATE FUNCTION slug (title STRING) RETURNS STRING LANGUAGE WASM AS '`+path+`';
			CREATE STREAM l (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='l', VALUE_FORMAT='JSON', PARTITIONS=1);
			CREATE STREAM a WITH (KAFKA_TOPIC='a') AS SELECT k, slug(v) AS v FROM l;`)
		n.write(t, "l", `x={"V":"To be?"}`)
		until(t, "a row is there", func() bool { return len(n.texts(t, "a")) == 1 })
		if _, err := n.try(t, s, "DROP FUNCTION slug;"); err == nil || !strings.Contains(err.Error(), "The following queries use it: ["+queryOf(t, n, "A").ID+"]") {
			t.Errorf("a function that is in use: got %v", err)
		}
		n.run(t, s, "CREATE OR REPLACE FUNCTION slug (a STRING, b STRING) RETURNS STRING LANGUAGE WASM AS '"+other(t)+"';")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		n.leave(t)
		n = p.start(t)
		if lost := n.casualties(); len(lost) > 0 {
			t.Fatal(lost[0])
		}
		n.write(t, "l", `x={"V":"Not to be"}`)
		until(t, "the query goes on", func() bool { return len(n.texts(t, "a")) == 2 })
		n.wantTexts(t, "a", `x={"V":"to-be"}`, `x={"V":"not-to-be"}`)
		if f, err := n.Functions().Describe("slug"); err != nil || f.Variants[0].Text != "SLUG(STRING A, STRING B)" {
			t.Errorf("got %+v, %v", f, err)
		}
		n.run(t, s, "DROP STREAM a; DROP FUNCTION slug; DROP FUNCTION IF EXISTS slug;")
		if _, err := n.Functions().Describe("slug"); err == nil {
			t.Error("the function is still there")
		}
		n.leave(t)
		n = p.start(t)
		if _, err := n.Functions().Describe("slug"); err == nil || len(n.casualties()) > 0 {
			t.Errorf("the function is back: %v", n.casualties())
		}
	})
}

// other is a module whose slug takes two texts and gives an empty one.
func other(t *testing.T) string {
	t.Helper()
	module := "\x00asm\x01\x00\x00\x00" +
		"\x01\x0e\x02\x60\x04\x7f\x7f\x7f\x7f\x01\x7e\x60\x01\x7f\x01\x7f" + // (i32, i32, i32, i32) -> i64, (i32) -> i32
		"\x03\x03\x02\x00\x01" +
		"\x05\x03\x01\x00\x01" + // a page of memory
		"\x07\x19\x03\x06memory\x02\x00\x04slug\x00\x00\x05alloc\x00\x01" +
		"\x0a\x0b\x02\x04\x00\x42\x00\x0b\x04\x00\x41\x08\x0b"
	path := filepath.Join(t.TempDir(), "other.wasm")
	if err := os.WriteFile(path, []byte(module), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// A module that is damaged or gone is told, and does not keep the rest from starting.
func TestFunctionsThatAreLost(t *testing.T) {
	for _, spoil := range []func(path string) error{os.Remove, func(path string) error { return os.WriteFile(path, []byte("\x00asm"), 0o644) }} {
		dir := t.TempDir()
		n, s := startWith(t, dir, map[string]string{"weir.max.wasm.call.ms": "60000"}), NewSession()
		n.run(t, s, "CREATE FUNCTION slug (title STRING) RETURNS STRING LANGUAGE WASM AS '"+titles(t)+"'; CREATE TYPE t AS STRING;")
		n.stop(t)
		kept, err := filepath.Glob(filepath.Join(dir, "*", "*.wasm"))
		if err != nil || len(kept) != 1 {
			t.Fatalf("kept %q: %v", kept, err)
		}
		if modules, findings := CheckModules(dir); modules != 1 || len(findings) > 0 {
			t.Errorf("%d modules, %q", modules, findings)
		}
		if err := spoil(kept[0]); err != nil {
			t.Fatal(err)
		}
		if modules, findings := CheckModules(dir); modules != len(findings) {
			t.Errorf("%d modules, %q", modules, findings)
		}
		n = startWith(t, dir, nil)
		if lost := n.casualties(); len(lost) != 1 || !strings.Contains(lost[0].Error(), "DROP FUNCTION `SLUG`; and CREATE it again") {
			t.Fatalf("got %v", lost)
		}
		n.run(t, s, "DROP FUNCTION slug; CREATE FUNCTION slug (title STRING) RETURNS STRING LANGUAGE WASM AS '"+titles(t)+"';")
		n.stop(t)
	}
}

func TestFunctionsAreRefused(t *testing.T) {
	root, path := t.TempDir(), titles(t)
	n, s := startWith(t, t.TempDir(), map[string]string{"weir.functions.dir": root, "weir.max.wasm.call.ms": "60000"}), NewSession()
	if err := os.Symlink(path, filepath.Join(root, "link.wasm")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "no.wasm"), []byte("no"), 0o644); err != nil {
		t.Fatal(err)
	}
	remote := NewSession()
	remote.Remote = true
	const function = "CREATE FUNCTION slug (title STRING) RETURNS STRING LANGUAGE WASM AS "
	for _, c := range []struct {
		s         *Session
		sql, want string
	}{
		{s, function + "'" + root + "/there/is/none.wasm';", "no such file"},
		{s, function + "'" + root + "';", "it is no file"},
		{s, function + "'" + root + "/no.wasm';", "it is no WebAssembly module"},
		{s, function + "'" + path + "' SHA256 'abc';", "64 hexadecimal digits"},
		{s, function + "'" + path + "' SHA256 '" + strings.Repeat("0", 64) + "';", "and the statement wants 000"},
		{s, "CREATE FUNCTION slug (title INT) RETURNS STRING LANGUAGE WASM AS '" + path + "';", "it has to be (i32) -> (i64)"},
		{s, "CREATE FUNCTION slag (title STRING) RETURNS STRING LANGUAGE WASM AS '" + path + "';", "exports no function SLAG; it has alloc, distance, slug"},
		{s, "CREATE FUNCTION slug (title ARRAY<STRING>) RETURNS STRING LANGUAGE WASM AS '" + path + "';", "Pass it as JSON in a STRING"},
		{s, "CREATE FUNCTION slug (a STRING, a STRING) RETURNS STRING LANGUAGE WASM AS '" + path + "';", "two parameters named A"},
		{s, "CREATE FUNCTION len (a STRING) RETURNS INT LANGUAGE WASM AS '" + path + "';", "LEN is a function of Weir's own"},
		{s, "CREATE FUNCTION slug (a STRING) RETURNS STRING LANGUAGE JAVA AS '" + path + "';", "the language JAVA is not known"},
		{s, "DROP FUNCTION len;", "which can't be dropped"},
		{s, "DROP FUNCTION slug;", "Function SLUG does not exist"},
		{remote, function + "'" + path + "';", "outside of the folder that the setting weir.functions.dir"},
		{remote, function + "'../../etc/passwd';", "outside of the folder that the setting weir.functions.dir"},
		{remote, function + "'link.wasm';", "outside of the folder that the setting weir.functions.dir"},
		{remote, function + "'none.wasm';", "there is no such file in the folder"},
		{remote, function + "'no.wasm';", "it is no WebAssembly module"},
	} {
		if _, err := n.try(t, c.s, c.sql); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.sql, err, c.want)
		}
	}
	n.run(t, s, function+"'"+path+"'; CREATE FUNCTION IF NOT EXISTS slug (title STRING) RETURNS STRING LANGUAGE WASM AS 'none.wasm';")
	if _, err := n.try(t, s, function+"'"+path+"';"); err == nil || !strings.Contains(err.Error(), "already exists. CREATE OR REPLACE FUNCTION") {
		t.Errorf("got %v", err)
	}
	n.stop(t)
}
