package cli

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"time"
)

type pingOptions struct {
	login
	timeout time.Duration
}

// pingCommand is for images without a shell, whose health check can be nothing but the program itself.
func pingCommand() command {
	return command{
		name: "ping", args: "[URL]", summary: "Asks a server whether it carries out statements.", most: 1,
		about: "It ends with 0 where the server answers and has its brokers, and else with 1 and the reason: for health checks of\n" +
			"containers, and for scripts that wait for a start. The URL is " + defaultURL + " unless it is given, here or as WEIR_URL.\n" +
			"Nobody has to log in for it.",
		example: "weir ping",
		flags: func(fs *flag.FlagSet) any {
			o := &pingOptions{}
			o.flags(fs)
			fs.DurationVar(&o.timeout, "timeout", 5*time.Second, "`DURATION` gives up on an answer that takes longer")
			return o
		},
		run: runPing,
	}
}

func runPing(ctx context.Context, in *invocation, options any) error {
	o := options.(*pingOptions)
	if o.timeout <= 0 {
		return errUsage{fmt.Sprintf("--timeout %s: expected a duration such as 5s", o.timeout)}
	}
	server, err := o.remote(in.args)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	began := time.Now()
	if err := server.Call(ctx, http.MethodGet, "/chc/ready", nil, nil); err != nil {
		return err
	}
	_, err = fmt.Fprintf(in.stdout, "ready, answered in %s\n", time.Since(began).Round(time.Millisecond))
	return err
}
