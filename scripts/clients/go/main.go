// Package main does the ordinary work of sarama and kafka-go, with exact counts. Usage: clients HOST:PORT
package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for name, work := range map[string]func(context.Context, string) error{"sarama": useSarama, "kafka-go": useKafkaGo} {
		if err := work(ctx, os.Args[1]); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			os.Exit(1)
		}
		fmt.Println(name + ": ok")
	}
}

// same fails unless what was found is what was expected.
func same[T comparable](what string, want, got T) error {
	if want != got {
		return fmt.Errorf("%s: expected %v, found %v", what, want, got)
	}
	return nil
}
