package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"weir/settings"
)

// Addresses that a server listens on unless told otherwise: those that clients of ksqlDB, Kafka and the registry try first, and
// only on this machine, since nobody has to log in.
var (
	defaultListen         = settings.Listen.Default()
	defaultKafkaListen    = settings.KafkaListen.Default()
	defaultRegistryListen = settings.RegistryListen.Default()
)

const freePort = "127.0.0.1:0"

// quiet are the defaults of commands that have a node to themselves: free ports, and no log but of what fails.
func quiet() map[string]string {
	return map[string]string{
		settings.Listen.About().Name: freePort, settings.KafkaListen.About().Name: freePort, settings.RegistryListen.About().Name: freePort,
		settings.LogLevel.About().Name: "error",
	}
}

func serverCommand() command {
	return command{
		name: "server", summary: "Runs a server: the HTTP API, and a Kafka broker and a schema registry of its own unless there are others.",
		about: "The API listens on " + defaultListen + ", the broker on " + defaultKafkaListen + ", the registry on " + defaultRegistryListen + ".\n" +
			"The broker in this program is for development, demos, tests and one small node; --brokers uses a Kafka cluster instead.\n" +
			"Each flag can be given as a variable, WEIR_DATA_DIR for --data-dir, or in a file, see --config; flags win over variables,\n" +
			"variables over the file.",
		example: "weir server --data-dir ./data",
		flags:   func(fs *flag.FlagSet) any { return nodeFlags(fs) },
		run: func(ctx context.Context, in *invocation, options any) error {
			s, err := resolveNode(options.(*given), nil)
			if err != nil {
				return err
			}
			n, err := startNode(ctx, s, nodeOptions{serveAPI: true}, newLog(s, in.stderr))
			if err != nil {
				return err
			}
			n.describe(in.stdout)
			fmt.Fprintln(in.stdout, "Ready. Ctrl-C stops.")
			err = n.wait(ctx)
			return errors.Join(err, n.close())
		},
	}
}
