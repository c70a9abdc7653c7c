package fault

import (
	"errors"
	"strings"
	"testing"
)

//go:noinline
func beyond(list []int, i int) int { return list[i] }

func TestCaught(t *testing.T) {
	run := func(i int) (n int, err error) {
		defer Caught(&err, "a test")
		return beyond([]int{7}, i), errors.New("its own")
	}
	if n, err := run(0); n != 7 || err == nil || err.Error() != "its own" {
		t.Errorf("without a panic: %d, %v", n, err)
	}
	_, err := run(1)
	const want = "a fault in a test, which is a bug of Weir: runtime error: index out of range [1] with length 1, at weir/fault.beyond:"
	f, ok := errors.AsType[*Error](err)
	if !ok || !strings.HasPrefix(err.Error(), want) || !strings.Contains(f.Stack, "TestCaught") {
		t.Errorf("with a panic: %v, want %s", err, want)
	}
}
