package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificateLook is how often it is looked whether the files of a certificate have changed.
const certificateLook = time.Second

// certificate is a certificate with its key in files, read again when they change. One that can't be read leaves the former in place.
type certificate struct {
	chain, key string
	log        *slog.Logger
	mu         sync.Mutex
	looked     time.Time
	stamp      [2]fileStamp // of what was read, or tried
	now        *tls.Certificate
}

// fileStamp tells whether a file is another one than before.
type fileStamp struct {
	changed time.Time
	size    int64
}

func stampOf(name string) (fileStamp, error) {
	at, err := os.Stat(name)
	if err != nil {
		return fileStamp{}, err
	}
	return fileStamp{at.ModTime(), at.Size()}, nil
}

// TLS is how a server speaks TLS with a certificate and its key, which lie in PEM files. HTTP/2 and HTTP/1.1 are agreed on with clients.
func TLS(chain, key string, log *slog.Logger) (*tls.Config, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &certificate{chain: chain, key: key, log: log}
	if _, err := c.look(time.Now()); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.look(time.Now()) }}, nil
}

// look is the certificate as the files have it now.
func (c *certificate) look(now time.Time) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now != nil && now.Sub(c.looked) < certificateLook {
		return c.now, nil
	}
	c.looked = now
	stamp, err := c.stamps()
	if err == nil && c.now != nil && stamp == c.stamp {
		return c.now, nil
	}
	var read tls.Certificate
	if err == nil {
		read, err = tls.LoadX509KeyPair(c.chain, c.key)
	}
	switch {
	case err == nil:
		if c.now != nil {
			c.log.Info("the certificate has changed, and is used from now on", "file", c.chain)
		}
		c.now, c.stamp = &read, stamp
	case c.now == nil:
		return nil, fmt.Errorf("the certificate %s with the key %s cannot be used: %w", c.chain, c.key, err)
	case stamp != c.stamp:
		c.stamp = stamp // once is enough
		c.log.Error("the certificate has changed, but cannot be used: the former one is used on", "file", c.chain, "key", c.key, "error", err)
	}
	return c.now, nil
}

func (c *certificate) stamps() (s [2]fileStamp, err error) {
	if s[0], err = stampOf(c.chain); err != nil {
		return s, err
	}
	s[1], err = stampOf(c.key)
	return s, err
}
