package server

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"weir/tenants"
)

// refuseLimit says when a client that has met a limit of its principal may come again, where that is known.
func refuseLimit(w http.ResponseWriter, err error) {
	if e, ok := errors.AsType[*tenants.LimitError](err); ok && e.Retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(float64(e.Retry)/float64(time.Second)))))
	}
}

// metered counts what a feed gives among the rows of a principal, and holds it back where that is too much: the query waits with it.
func metered(src feed, p *tenants.Principal) feed {
	if p == nil {
		return src
	}
	next := src.next
	src.whole = false // it may have to wait now
	src.next = func(ctx context.Context, dst []byte) ([]byte, error) {
		if err := p.Await(ctx); err != nil {
			return dst, err
		}
		before := len(dst)
		dst, err := next(ctx, dst)
		if err == nil && len(dst) > before {
			p.Spend()
		}
		return dst, err
	}
	return src
}
