//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

const pullRate = 20_000 // a second, the target

// asker asks for a key, and is one goroutine's.
type asker func(key int) error

// pulls measures pull queries by key: as fast as they go, and at half the rate of the target.
func pulls(ctx context.Context) error {
	n, err := start(ctx, *profile)
	if err != nil {
		return err
	}
	err = n.pulls(ctx)
	return errors.Join(err, n.close())
}

func (n *node) pulls(ctx context.Context) error {
	if err := n.ksql(`CREATE STREAM s (k STRING KEY, v BIGINT, name STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=4);
		CREATE TABLE t AS SELECT k, COUNT(*) AS n, MAX(v) AS v, LATEST_BY_OFFSET(name) AS name FROM s GROUP BY k;`); err != nil {
		return err
	}
	if err := n.produce(ctx, "s", *keys); err != nil {
		return err
	}
	c, err := dial1(n.api)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	if err := n.until(ctx, c, request1(n.api, "/query-stream", `{"sql":"SELECT COUNT(*) AS c FROM t GROUP BY 1;"}`), fmt.Sprintf("[%d]", *keys)); err != nil {
		return err
	}
	for _, path := range []string{"/query-stream", "/query"} {
		for _, way := range []string{"HTTP/1.1", "HTTP/2"} {
			askers, closeAll, err := n.askers(way, path)
			if err == nil {
				err = n.round(ctx, "pull by key, "+path+", "+way, askers)
			}
			closeAll()
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *node) round(ctx context.Context, name string, askers []asker) error {
	if _, err := n.ask(ctx, askers, 0, *length/5); err != nil { // to warm up
		return err
	}
	r, err := n.ask(ctx, askers, 0, *length)
	if err != nil {
		return err
	}
	tell(name, r.String(), fmt.Sprintf("%d a second", pullRate))
	if r, err = n.ask(ctx, askers, pullRate/2, *length); err != nil {
		return err
	}
	tell("  at half of the target's rate", r.String(), "p99 under 10 ms")
	return nil
}

// askers are those of one way; over HTTP/2 they share two connections.
func (n *node) askers(way, path string) (out []asker, closeAll func(), err error) {
	field := map[string]string{"/query": "ksql", "/query-stream": "sql"}[path]
	body := func(key int) string {
		return fmt.Sprintf(`{"%s":"SELECT * FROM t WHERE k='k%d';"}`, field, key)
	}
	var closers []func()
	closeAll = func() {
		for _, c := range closers {
			c()
		}
	}
	var shared [2]*http.Client
	for i := range shared {
		p := new(http.Protocols)
		p.SetUnencryptedHTTP2(true)
		shared[i] = &http.Client{Transport: &http.Transport{Protocols: p}}
		closers = append(closers, shared[i].CloseIdleConnections)
	}
	for i := range *conns {
		if way == "HTTP/2" {
			out = append(out, func(key int) error {
				resp, err := shared[i%2].Post("http://"+n.api+path, "application/json", bytes.NewReader([]byte(body(key))))
				if err != nil {
					return err
				}
				defer resp.Body.Close()
				answer, err := io.ReadAll(resp.Body)
				return isRow(answer, key, err)
			})
			continue
		}
		c, err := dial1(n.api)
		if err != nil {
			return nil, closeAll, err
		}
		closers = append(closers, func() { c.conn.Close() })
		out = append(out, func(key int) error {
			answer, err := c.do(request1(n.api, path, body(key)))
			return isRow(answer, key, err)
		})
	}
	return out, closeAll, nil
}

// isRow checks an answer: a fast server that answers something else is none.
func isRow(answer []byte, key int, err error) error {
	if want := fmt.Sprintf(`["k%d",1,%[1]d,"the name of %[1]d"]`, key); err == nil && !bytes.Contains(answer, []byte(want)) {
		return fmt.Errorf("the answer is %s, expected %s", answer, want)
	}
	return err
}

// asked is what came of a round.
type asked struct {
	took           time.Duration
	server, client time.Duration   // of processors
	times          []time.Duration // of each answer, sorted
}

func (a asked) String() string {
	each := func(d time.Duration) time.Duration {
		return (d / time.Duration(len(a.times))).Round(100 * time.Nanosecond)
	}
	at := func(p float64) time.Duration {
		return a.times[int(p*float64(len(a.times)-1))].Round(10 * time.Microsecond)
	}
	return fmt.Sprintf("%.0f a second, p50 %s, p99 %s; CPU each: server %s, client %s", float64(len(a.times))/a.took.Seconds(), at(.5), at(.99), each(a.server), each(a.client))
}

// ask lets the askers ask for a while: each as fast as it is answered, or together so many times a second. Then the time of an answer counts from when it was to
// be asked for.
func (n *node) ask(ctx context.Context, askers []asker, rate int, length time.Duration) (out asked, err error) {
	ctx, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	server, err := n.cpu()
	if err != nil {
		return out, err
	}
	client, began := ownCPU(), time.Now()
	times := make([][]time.Duration, len(askers))
	errs := make([]error, len(askers))
	var all sync.WaitGroup
	for i, ask := range askers {
		all.Go(func() {
			for turn := 0; ctx.Err() == nil && errs[i] == nil; turn++ {
				due := time.Now()
				if rate > 0 {
					due = began.Add(time.Duration(turn*len(askers)+i) * time.Second / time.Duration(rate))
					time.Sleep(time.Until(due))
				}
				errs[i] = ask(rand.IntN(*keys))
				times[i] = append(times[i], time.Since(due))
			}
		})
	}
	all.Wait()
	out.took, out.client = time.Since(began), ownCPU()-client
	now, err := n.cpu()
	out.server, out.times = now-server, slices.Concat(times...)
	slices.Sort(out.times)
	return out, errors.Join(append(errs, err)...)
}
