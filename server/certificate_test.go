package server

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writeCertificate writes a certificate of this machine with its key.
func writeCertificate(t *testing.T, serial int64, chain, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spec := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "weir"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, spec, spec, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{chain: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	chain, key := filepath.Join(dir, "chain.pem"), filepath.Join(dir, "key.pem")
	writeCertificate(t, 1, chain, key)
	secure, err := TLS(chain, key, nil)
	if err != nil {
		t.Fatal(err)
	}
	url := strings.Replace(start(t, newEngine(t), Options{TLS: secure}), "http:", "https:", 1)
	pool := x509.NewCertPool()
	text, err := os.ReadFile(chain)
	if err != nil || !pool.AppendCertsFromPEM(text) {
		t.Fatal(err)
	}
	for _, want := range []string{"HTTP/2.0", "HTTP/1.1"} {
		protocols := new(http.Protocols)
		protocols.SetHTTP1(want == "HTTP/1.1")
		protocols.SetHTTP2(want == "HTTP/2.0")
		client := &http.Client{Transport: &http.Transport{Protocols: protocols, TLSClientConfig: &tls.Config{RootCAs: pool}}}
		resp, err := client.Get(url + "/info")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		client.CloseIdleConnections()
		if resp.Proto != want || resp.StatusCode != 200 {
			t.Errorf("got %s %d, want %s", resp.Proto, resp.StatusCode, want)
		}
	}
}

// A certificate is read again when its files change; a pair that does not fit leaves the former in place, and is told once.
func TestCertificateChanges(t *testing.T) {
	dir := t.TempDir()
	chain, key := filepath.Join(dir, "chain.pem"), filepath.Join(dir, "key.pem")
	if _, err := TLS(chain, key, nil); err == nil || !strings.Contains(err.Error(), "cannot be used") {
		t.Fatalf("without files: %v", err)
	}
	var log bytes.Buffer
	writeCertificate(t, 1, chain, key)
	c := &certificate{chain: chain, key: key, log: slog.New(slog.NewTextHandler(&log, nil))}
	now := time.Now()
	serial := func(after time.Duration) int64 {
		now = now.Add(after)
		found, err := c.look(now)
		if err != nil {
			t.Fatal(err)
		}
		return found.Leaf.SerialNumber.Int64()
	}
	if got := serial(0); got != 1 {
		t.Fatalf("got %d", got)
	}
	writeCertificate(t, 2, chain, filepath.Join(dir, "other.pem"))
	os.Chtimes(chain, now, now.Add(time.Minute))
	if got := serial(certificateLook / 2); got != 1 {
		t.Errorf("too soon: got %d", got)
	}
	for range 2 {
		if got := serial(certificateLook); got != 1 {
			t.Errorf("a chain without its key: got %d", got)
		}
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("told %d times: %s", n, log.String())
	}
	writeCertificate(t, 3, chain, key)
	os.Chtimes(chain, now, now.Add(2*time.Minute))
	if got := serial(certificateLook); got != 3 {
		t.Errorf("a new pair: got %d", got)
	}
	os.Remove(key)
	if got := serial(certificateLook); got != 3 {
		t.Errorf("without a key: got %d", got)
	}
}
