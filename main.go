// Weir is streaming SQL for Kafka in one program.
package main

import (
	"os"
	_ "time/tzdata" // for machines that have no time zones of their own

	"weir/cli"
)

func main() { os.Exit(cli.Main(os.Args, os.Stdin, os.Stdout, os.Stderr)) }
