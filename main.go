// Weir is streaming SQL for Kafka in one program.
package main

import (
	"os"

	"weir/cli"
)

func main() { os.Exit(cli.Main(os.Args, os.Stdin, os.Stdout, os.Stderr)) }
