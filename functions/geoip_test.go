package functions

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/phuslu/iploc"

	"weir/types"
)

func TestGeoIP(t *testing.T) {
	eval := geoEval(nil)
	country := func(address string) string {
		v, err := eval(&Call{Args: []types.Value{types.StringValue(address)}})
		if err != nil {
			t.Fatal(err)
		}
		if v.IsNull() {
			return "NULL"
		}
		return v.Items()[0].Str()
	}
	for address, want := range map[string]string{
		"8.8.8.8": "US", "::ffff:8.8.8.8": "US", "2001:4860:4860::8888": "US", "193.0.6.139": "NL", "202.12.29.175": "AU", "200.160.2.3": "BR", "2a00:1450::1": "IE",
		"10.0.0.1": "NULL", "192.168.0.1": "NULL", "127.0.0.1": "NULL", "169.254.1.1": "NULL", "224.0.0.1": "NULL", "0.0.0.0": "NULL", "255.255.255.255": "NULL", "100.64.0.1": "NULL", "192.0.2.1": "NULL",
		"::1": "NULL", "::": "NULL", "fe80::1%eth0": "NULL", "fc00::1": "NULL", "ff02::1": "NULL", "2001:db8::1": "NULL",
		"": "NULL", "-": "NULL", "example.org": "NULL", "8.8.8": "NULL", "8.8.8.8:80": "NULL", "08.8.8.8": "NULL", "unix:": "NULL",
	} {
		if got := country(address); got != want {
			t.Errorf("%s is in %s, want %s", address, got, want)
		}
	}
}

// TestGeoIPKnowsEveryCountry looks whether all the codes of the addresses' table have a name, and none has two.
func TestGeoIPKnowsEveryCountry(t *testing.T) {
	places, named := geoPlaces(), 0
	for _, p := range places {
		if !p.IsNull() {
			named++
		}
	}
	if named != 250 {
		t.Errorf("%d countries have a name, want 250", named)
	}
	check := func(a netip.Addr) {
		if code := iploc.IPCountry(a); code != "ZZ" && places[placeOf(code)].IsNull() {
			t.Fatalf("%s is in %q, which has no name", a, code)
		}
	}
	for n := range uint32(1 << 20) {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], n<<12)
		check(netip.AddrFrom4(b))
	}
	for n := range uint32(1 << 20) { // 2000::/3 and beyond, in steps of /20
		var b [16]byte
		binary.BigEndian.PutUint32(b[:], n<<12)
		check(netip.AddrFrom16(b))
	}
}

func BenchmarkGeoIP(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	addresses := map[string][]types.Value{}
	for range 1 << 12 {
		var four [4]byte
		binary.BigEndian.PutUint32(four[:], r.Uint32())
		six := [16]byte{0x20 | byte(r.Uint32N(16)), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), 15: 1}
		addresses["IPv4"] = append(addresses["IPv4"], types.StringValue(netip.AddrFrom4(four).String()))
		addresses["IPv6"] = append(addresses["IPv6"], types.StringValue(netip.AddrFrom16(six).String()))
	}
	for _, kind := range []string{"IPv4", "IPv6"} {
		b.Run(kind, func(b *testing.B) {
			eval, c := geoEval(nil), &Call{Args: make([]types.Value, 1)}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				c.Args[0] = addresses[kind][i%len(addresses[kind])]
				if _, err := eval(c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
