package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"weir/kafka"
	"weir/security"
	"weir/server"
	"weir/settings"
)

// brokersElsewhere says how the brokers of a configuration are reached.
func brokersElsewhere(s Settings, brokers []string, log *slog.Logger) (kafka.Config, error) {
	secured, err := security.ForKafka(settings.KafkaSecurity.In(s.Properties), log)
	if err != nil {
		return kafka.Config{}, fmt.Errorf("the connection to Kafka: %w", err)
	}
	return kafka.Config{Brokers: brokers, Security: secured, MaxBatchBytes: int(settings.MaxBatchBytes.In(s.Properties))}, nil
}

// waitTold is how often a start says that it still waits for Kafka, and waitTry how often it tries.
const (
	waitTold = 30 * time.Second
	waitTry  = time.Second
)

// connectElsewhere reaches brokers that are not in this process. It waits for them while they are away; what a human being has to change ends it at once.
func (n *node) connectElsewhere(ctx context.Context, o nodeOptions, log *slog.Logger) error {
	s := n.settings
	cfg, err := brokersElsewhere(s, s.Brokers, log)
	if err != nil {
		return err
	}
	patience, bounded := settings.KafkaWait.Look(s.Properties)
	began, told := time.Now(), time.Time{}
	end := func() {}
	defer func() { end() }()
	for {
		n.cluster, err = kafka.Connect(ctx, cfg)
		switch {
		case err == nil:
			if !told.IsZero() {
				log.Info("Kafka is there", "brokers", strings.Join(s.Brokers, ","), "waited", time.Since(began).Round(time.Second))
			}
			log.Info("connected to Kafka", "brokers", strings.Join(s.Brokers, ","), "security", cfg.Security.Describe())
			return nil
		case ctx.Err() != nil:
			return errors.Join(errInterrupted, err)
		case !errors.Is(err, kafka.ErrUnreachable), bounded && time.Since(began) >= patience:
			return err
		}
		if told.IsZero() && o.serveAPI {
			stop, failed := n.serveWaiting(o, log)
			if failed != nil {
				return errors.Join(failed, err)
			}
			end = stop
		}
		if time.Since(told) >= waitTold {
			told = time.Now()
			log.Error("Kafka is away: the start waits for it", "error", err, "waited", time.Since(began).Round(time.Second), "setting", settings.KafkaWait.About().Name)
		}
		select {
		case <-ctx.Done():
			return errInterrupted
		case <-time.After(waitTry):
		}
	}
}

// serveWaiting answers on the address of the API while there is no engine; end gives the address free.
func (n *node) serveWaiting(o nodeOptions, log *slog.Logger) (end func(), err error) {
	secure, err := secured(n.settings.Properties, log)
	if err != nil {
		return nil, err
	}
	ln, err := n.listen(n.settings.Listen, "listen", o)
	if err != nil {
		return nil, err
	}
	s := &http.Server{Handler: server.OwnHosts(ln.Addr(), n.settings.Hosts, server.Waiting(Version, n.settings.ServiceID)), TLSConfig: secure,
		ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	n.serving.Go(func() {
		if secure != nil {
			_ = s.ServeTLS(ln, "", "") // it is closed before the API takes its place
			return
		}
		_ = s.Serve(ln)
	})
	return func() { _ = s.Close() }, nil
}

// registrySecurity makes the connections to a schema registry elsewhere, and logs in there.
func registrySecurity(s Settings, log *slog.Logger) (*security.HTTP, error) {
	return security.ForHTTP(settings.RegistrySecurity.In(s.Properties), settings.KafkaSecurity.In(s.Properties), settings.RegistrySecurity.Prefix, log)
}

// connectTransport makes the connections to Kafka Connect, and logs in there.
func connectTransport(s Settings, log *slog.Logger) (http.RoundTripper, error) {
	return security.ForHTTP(settings.ConnectSecurity.In(s.Properties), settings.KafkaSecurity.In(s.Properties), settings.ConnectSecurity.Prefix, log)
}
