package functions

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"weir/types"
)

// geoFile writes a database of networks and their records.
func geoFile(t testing.TB, kind string, records map[string]mmdbtype.DataType) string {
	t.Helper()
	w, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, Description: map[string]string{"en": "made by a test"}, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for network, record := range records {
		_, n, err := net.ParseCIDR(network)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Insert(n, record); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), kind+".mmdb")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func named(name string) mmdbtype.Map {
	return mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String(name)}}
}

func inCity(code, name, continent, city string) mmdbtype.Map {
	country := named(name)
	country["iso_code"] = mmdbtype.String(code)
	return mmdbtype.Map{"country": country, "continent": mmdbtype.Map{"code": mmdbtype.String(continent)}, "city": named(city)}
}

func inNetwork(asn uint32, organization string) mmdbtype.Map {
	return mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(asn), "autonomous_system_organization": mmdbtype.String(organization)}
}

func TestGeoIPFiles(t *testing.T) {
	cities := geoFile(t, "City", map[string]mmdbtype.DataType{
		"8.8.0.0/16": inCity("ZZ", "Testland", "EU", "Testville"), "10.1.0.0/16": inCity("DE", "Germany", "EU", "Office"), "2001:db8::/32": inCity("FR", "France", "EU", "Paris"),
		"9.9.9.0/24": mmdbtype.Map{"city": named("Nowhere Known")},
	})
	networks := geoFile(t, "ASN", map[string]mmdbtype.DataType{"8.8.8.0/24": inNetwork(64500, "Test Net"), "1.1.1.0/24": inNetwork(4200000000, "Large"), "172.16.0.0/12": inNetwork(64512, "Inside")})
	files, err := OpenGeoFiles([]string{cities, networks})
	if err != nil {
		t.Fatal(err)
	}
	eval := geoEval(files)
	for range 2 { // the second time out of memory
		for address, want := range map[string]string{
			"8.8.8.8":        "ZZ|Testland|EU|Testville|64500|Test Net",
			"::ffff:8.8.8.8": "ZZ|Testland|EU|Testville|64500|Test Net",
			"8.8.1.1":        "ZZ|Testland|EU|Testville||",
			"10.1.2.3":       "DE|Germany|EU|Office||", // private, but the file has it
			"2001:db8::1":    "FR|France|EU|Paris||",
			"172.16.1.1":     "||||64512|Inside",
			"9.9.9.9":        "US|United States|NA|Nowhere Known||",
			"1.1.1.1":        "AU|Australia|OC||4200000000|Large",
			"193.0.6.139":    "NL|Netherlands|EU|||",
			"10.2.0.1":       "NULL", "::1": "NULL", "nonsense": "NULL",
		} {
			v, err := eval(&Call{Args: []types.Value{types.StringValue(address)}})
			if err != nil {
				t.Fatal(err)
			}
			if got := geoText(v); got != want {
				t.Errorf("%s: %s, want %s", address, got, want)
			}
		}
	}
}

func geoText(v types.Value) string {
	if v.IsNull() {
		return "NULL"
	}
	var parts []string
	for i, item := range v.Items() {
		text := ""
		if !item.IsNull() {
			text = types.Text(item, geoType.Fields[i].Type)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "|")
}

func TestGeoIPFilesRefused(t *testing.T) {
	good := geoFile(t, "City", map[string]mmdbtype.DataType{"8.8.0.0/16": inCity("ZZ", "Testland", "EU", "Testville"), "9.0.0.0/8": inCity("YY", "Other", "AS", "Elsewhere")})
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string, content []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	spoiled := bytes.Clone(data)
	for i := range 40 {
		spoiled[i] = 0xff
	}
	for want, paths := range map[string][]string{
		"nope.mmdb: no such file or directory. Expected a database in MaxMind's format": {filepath.Join(t.TempDir(), "nope.mmdb")},
		"text.mmdb: it is no database in MaxMind's format":                              {good, file("text.mmdb", []byte("address,country\n"))},
		"empty.mmdb: it is no database in MaxMind's format":                             {file("empty.mmdb", nil)},
		"cut.mmdb: it is no database in MaxMind's format":                               {file("cut.mmdb", data[:len(data)/2])},
		"spoiled.mmdb: it is damaged":                                                   {file("spoiled.mmdb", spoiled)},
		"are not as those of MaxMind's":                                                 {geoFile(t, "Flat", map[string]mmdbtype.DataType{"8.8.0.0/16": mmdbtype.Map{"country": mmdbtype.String("US")}})},
		"expected at most 4 databases, got 5":                                           {good, good, good, good, good},
	} {
		if _, err := OpenGeoFiles(paths); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

// BenchmarkGeoIPFiles looks addresses up in 100,000 networks of 1,000 cities.
func BenchmarkGeoIPFiles(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	address := func() netip.Addr {
		var four [4]byte
		binary.BigEndian.PutUint32(four[:], r.Uint32())
		return netip.AddrFrom4(four)
	}
	records := map[string]mmdbtype.DataType{}
	for i := range 100_000 {
		records[netip.PrefixFrom(address(), 12+i%12).Masked().String()] = inCity("DE", "Germany", "EU", "City "+string(rune('A'+i%26))+string(rune('A'+i/26%38)))
	}
	files, err := OpenGeoFiles([]string{geoFile(b, "City", records), geoFile(b, "ASN", map[string]mmdbtype.DataType{"0.0.0.0/1": inNetwork(1, "Low"), "128.0.0.0/1": inNetwork(2, "High")})})
	if err != nil {
		b.Fatal(err)
	}
	var texts []types.Value
	for range 1 << 12 {
		texts = append(texts, types.StringValue(address().String()))
	}
	eval, c := geoEval(files), &Call{Args: make([]types.Value, 1)}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Args[0] = texts[i%len(texts)]
		if _, err := eval(c); err != nil {
			b.Fatal(err)
		}
	}
}
