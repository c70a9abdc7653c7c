package engine

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// weir.geoip.files names what GEOIP asks; a file that is no database keeps the node from starting, and says so.
func TestGeoIPFiles(t *testing.T) {
	w, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "City", Description: map[string]string{"en": "made by a test"}})
	if err != nil {
		t.Fatal(err)
	}
	_, network, err := net.ParseCIDR("8.8.0.0/16")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Insert(network, mmdbtype.Map{"city": mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String("Testville")}}}); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "city.mmdb")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	bothWays(t, map[string]string{"weir.geoip.files": path}, func(t *testing.T, p *place) {
		n := p.start(t)
		n.run(t, NewSession(), `CREATE STREAM src (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='src', VALUE_FORMAT='KAFKA', PARTITIONS=1);
			CREATE STREAM located WITH (KAFKA_TOPIC='located') AS SELECT k, GEOIP(v)->country + ', ' + GEOIP(v)->city AS place FROM src;`)
		n.write(t, "src", "a=8.8.8.8")
		n.settle(t)
		n.wantTexts(t, "located", "a=US, Testville")
	})
	for want, file := range map[string]string{"nope.mmdb: no such file": filepath.Join(t.TempDir(), "nope.mmdb"), "geoip_test.go: it is no database": "geoip_test.go"} {
		_, err := Open(t.Context(), Options{DataDir: t.TempDir(), Config: map[string]string{"weir.geoip.files": file}})
		if err == nil || !strings.Contains(err.Error(), "weir.geoip.files: GEOIP can't use ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
