package examples

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"weir/cli"
)

// The functions in Go need their module, which is built here as functions/build does.
func TestFunctionsInGo(t *testing.T) {
	build := exec.Command("go", "build", "-trimpath", "-buildmode=c-shared", "-ldflags=-s", "-o", "money.wasm", "./go")
	build.Dir = "functions"
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var out, errs bytes.Buffer
	if code := cli.Main([]string{"weir", "run", "functions/money/money.sql"}, strings.NewReader(""), &out, &errs); code != 0 || errs.Len() > 0 {
		t.Fatalf("ended with %d:\n%s%s", code, out.String(), errs.String())
	}
	if want := "|ID|TWO|\n|1|2,469.00 EUR|\n|2|58.00 EUR|\n|3|null|\n"; !strings.Contains(out.String(), want) {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
