// Command ksql runs ksqlDB's own cases, which lie in a folder of the reader's: ksql [-v] [-run REGEXP] DIR reads
// DIR/query/*.json and DIR/sql/*.sql, runs each case on queries in memory, and DIR/rest/*.json, each case on a server over HTTP, and counts what passes.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
)

func main() {
	if err := command(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ksql:", err)
		os.Exit(1)
	}
}

func command(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("ksql", flag.ContinueOnError)
	verbose := flags.Bool("v", false, "show each failing case with its first difference")
	pattern := flags.String("run", "", "run only cases whose `FILE - NAME` matches this regular expression")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("expected the folder that holds query/ and sql/: ksql [-v] [-run REGEXP] DIR")
	}
	only, err := regexp.Compile(*pattern)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	files, err := load(flags.Arg(0))
	if err != nil {
		return err
	}
	rest, err := loadRest(flags.Arg(0))
	if err != nil {
		return err
	}
	runAll(rest, only).print(out, "rest: ", *verbose)
	runAll(files, only).print(out, "", *verbose)
	return nil
}
