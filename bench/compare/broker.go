package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"weir/bench/compare/proc"
)

// findBroker gives the addresses and the process of the broker, starting one if none was named; stop ends one that was started.
func findBroker(ctx context.Context, root string, f flags) (brokers string, pid int, stop func(), err error) {
	brokers, stop = f.brokers, func() {}
	if brokers == "" {
		brokers = "127.0.0.1:" + strconv.Itoa(f.port)
		if err := kafkaScript(ctx, root, "up", f.port); err != nil {
			return "", 0, nil, err
		}
		if !f.keep {
			stop = func() {
				if err := kafkaScript(context.Background(), root, "down", f.port); err != nil {
					fmt.Fprintln(os.Stderr, "compare:", err)
				}
			}
		}
	}
	_, port, err := net.SplitHostPort(brokers)
	if err != nil {
		stop()
		return "", 0, nil, fmt.Errorf("-brokers: %w: one broker of this machine is wanted, as 127.0.0.1:9092", err)
	}
	number, err := strconv.Atoi(port)
	if err == nil {
		pid, err = proc.Listener(number)
	}
	if err != nil {
		stop()
		return "", 0, nil, fmt.Errorf("-brokers: %w", err)
	}
	return brokers, pid, stop, nil
}

func kafkaScript(ctx context.Context, root, do string, port int) error {
	cmd := exec.CommandContext(ctx, filepath.Join(root, "scripts", "kafka"), do, strconv.Itoa(port))
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("scripts/kafka %s: %w", do, err)
	}
	return nil
}
