//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const subscriberBytes, infoTime = 40 << 10, time.Second // targets

// push measures subscribers to one query, and /info while they hold all connections.
func push(ctx context.Context) error {
	for _, way := range []struct {
		name, request string
		evaluates     bool // rows; else they are those that a query has written
	}{
		{"SELECT EMIT CHANGES", "POST /query-stream HTTP/1.1\r\nHost: %s\r\nContent-Length: 39\r\n\r\n" + `{"sql":"SELECT * FROM p EMIT CHANGES;"}`, true},
		{"/streams/p/changes", "GET /streams/p/changes HTTP/1.1\r\nHost: %s\r\n\r\n", false},
	} {
		most := fmt.Sprint(*crowd + 1) // one is for the metrics
		n, err := start(ctx, "", "--max-connections", most, "--max-streams", most, "--set", "ksql.max.push.queries="+most)
		if err != nil {
			return err
		}
		err = n.push(ctx, way.name, fmt.Sprintf(way.request, n.api), way.evaluates)
		if err := errors.Join(err, n.close()); err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
	}
	return nil
}

func (n *node) push(ctx context.Context, name, request string, evaluates bool) error {
	if err := n.ksql(`CREATE STREAM p0 (k STRING KEY, v BIGINT, name STRING) WITH (KAFKA_TOPIC='p0', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM p AS SELECT k, v + 1 AS v FROM p0 WHERE v >= 0;`); err != nil {
		return err
	}
	http.DefaultClient.CloseIdleConnections()
	ctl, err := dial1(n.api)
	if err != nil {
		return err
	}
	defer ctl.conn.Close()
	if _, err := evaluated(ctl, n.api); err != nil {
		return err
	}
	time.Sleep(time.Second) // until what a start leaves has settled
	before, err := n.resident()
	if err != nil {
		return err
	}
	var got atomic.Int64 // rows, by all
	var all sync.WaitGroup
	var open []net.Conn
	defer all.Wait()
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	began := time.Now()
	for i := range *crowd {
		c, err := net.Dial("tcp", n.api)
		if err != nil {
			return err
		}
		open = append(open, c)
		in := bufio.NewReaderSize(c, 512)
		if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			return err
		}
		if _, err := c.Write([]byte(request)); err != nil {
			return err
		}
		line, err := in.ReadString('\n')
		if err != nil || !strings.Contains(line, " 200 ") {
			return fmt.Errorf("subscriber %d: %s %w", i, line, err)
		}
		if err := c.SetReadDeadline(time.Time{}); err != nil {
			return err
		}
		all.Go(func() {
			for {
				line, err := in.ReadSlice('\n')
				if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
					return
				}
				if bytes.Contains(line, []byte(`"k`)) && !bytes.Contains(line, []byte(`"key"`)) {
					got.Add(1)
				}
			}
		})
	}
	took := time.Since(began)
	time.Sleep(2 * time.Second)
	idle, err := n.resident()
	if err != nil {
		return err
	}
	each := func(rss int64) string { return fmt.Sprintf("%d KB", (rss-before)/int64(*crowd)>>10) }
	tell(fmt.Sprintf("%d subscribers, %s", *crowd, name), each(idle)+" each; all there in "+took.Round(time.Millisecond).String(), fmt.Sprintf("under %d KB", subscriberBytes>>10))
	if err := n.info(); err != nil {
		return err
	}
	return n.reach(ctx, ctl, &got, evaluates, each)
}

// info asks for /info while subscribers hold all connections.
func (n *node) info() error {
	var longest time.Duration
	for range 20 {
		began := time.Now()
		if _, err := n.get("/info"); err != nil {
			return fmt.Errorf("/info while all connections are in use: %w", err)
		}
		longest = max(longest, time.Since(began))
	}
	tell("  /info beside them", "answers, the slowest of 20 in "+longest.Round(100*time.Microsecond).String(), "answers, within "+infoTime.String())
	return nil
}

// reach writes rows and waits until all subscribers have all of them.
func (n *node) reach(ctx context.Context, ctl *http1, got *atomic.Int64, evaluates bool, each func(int64) string) error {
	want := int64(*crowd) * int64(*rows)
	cpu, err := n.cpu()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := n.produce(ctx, "p0", *rows); err != nil {
		return err
	}
	for end := began.Add(time.Minute); got.Load() < want && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	took := time.Since(began)
	now, err := n.cpu()
	if err != nil {
		return err
	}
	rss, err := n.resident()
	if err != nil {
		return err
	}
	tell(fmt.Sprintf("  %d rows to each", *rows), fmt.Sprintf("%d of %d in %s, server CPU %s for each row to one", got.Load(), want, took.Round(time.Millisecond), ((now-cpu)/time.Duration(want)).Round(100*time.Nanosecond)), "all")
	tell("  memory behind them", each(rss)+" each", fmt.Sprintf("under %d KB", subscriberBytes>>10))
	read, err := evaluated(ctl, n.api)
	if err != nil || !evaluates {
		return err
	}
	tell("  rows evaluated for all of them", fmt.Sprint(read), fmt.Sprintf("%d or less: one evaluation", *rows))
	return nil
}

// evaluated is how many rows the queries of all subscribers have read.
func evaluated(c *http1, addr string) (rows int64, err error) {
	metrics, err := c.do(fmt.Appendf(nil, "GET /metrics HTTP/1.1\r\nHost: %s\r\n\r\n", addr))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(metrics)) {
		if strings.HasPrefix(line, "weir_query_rows_in_total{") && strings.Contains(line, `type="push"`) {
			n, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' '):]), 64)
			if err != nil {
				return 0, err
			}
			rows += int64(n)
		}
	}
	return rows, nil
}
