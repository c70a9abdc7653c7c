//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const scriptTime, scriptBytes = 3 * time.Second, 150 << 20 // targets

// script measures many statements at once: SETs and INSERTs in turn, sent to a server and given to weir run.
func script(ctx context.Context) error {
	var sql strings.Builder
	sql.WriteString("CREATE STREAM s (k STRING KEY, v BIGINT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=4);\n")
	for i := range *steps / 2 {
		fmt.Fprintf(&sql, "SET 'auto.offset.reset'='earliest';\nINSERT INTO s VALUES ('k%d', %[1]d);\n", i)
	}
	if err := sent(ctx, sql.String()); err != nil {
		return err
	}
	return ran(ctx, sql.String())
}

func sent(ctx context.Context, sql string) error {
	n, err := start(ctx, "")
	if err != nil {
		return err
	}
	began := time.Now()
	resp, err := http.Post("http://"+n.api+"/ksql", "application/sql", strings.NewReader(sql))
	_, err = text(resp, err)
	took := time.Since(began)
	if err := errors.Join(err, n.close()); err != nil {
		return err
	}
	tellScript("sent to /ksql", took, n.cmd.ProcessState)
	return nil
}

func ran(ctx context.Context, sql string) error {
	dir, err := os.MkdirTemp("", "weir-ways-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "script.sql")
	if err := os.WriteFile(name, []byte(sql), 0o600); err != nil {
		return err
	}
	cmd, err := command(ctx, "run", name)
	if err != nil {
		return err
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &said
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, said.Bytes())
	}
	tellScript("given to weir run", time.Since(began), cmd.ProcessState)
	return nil
}

// tellScript tells of a script with the largest RSS that its process had, start and end included.
func tellScript(how string, took time.Duration, of *os.ProcessState) {
	peak := of.SysUsage().(*syscall.Rusage).Maxrss >> 10
	cpu := of.UserTime() + of.SystemTime()
	tell(fmt.Sprintf("%d statements, %s", *steps, how), fmt.Sprintf("%s, CPU of the process %s, at most %d MB", took.Round(time.Millisecond), cpu.Round(10*time.Millisecond), peak),
		fmt.Sprintf("under %s and %d MB", scriptTime, scriptBytes>>20))
}
