package functions

import (
	"net/netip"
	"strings"

	"github.com/phuslu/iploc"

	"weir/types"
)

var geoFunctions = []Scalar{
	{Doc: Doc{"GEOIP", WebFn, "Where an IP address is, as far as is known: the COUNTRY's two letters of ISO 3166, its NAME, and the CONTINENT as AF, AN, AS, EU, NA, OC or SA. NULL for what is no address, and for one that is nowhere, such as a private one. Data of IP2Location LITE, from ip2location.com, as of Weir's version, are within.",
		[]Example{{"GEOIP('2001:4860:4860::8888')", "STRUCT(COUNTRY := 'US', NAME := 'United States', CONTINENT := 'NA')"}, {"GEOIP('192.168.1.1')", "NULL"}}},
		Overloads: []Overload{{Sig: "(address STRING) STRUCT", Make: geoEval, Returns: func([]*types.Type) *types.Type { return geoType }}}},
}

var geoType = types.TStruct(textField("COUNTRY"), textField("NAME"), textField("CONTINENT"))

// geoEval makes the value of each country once: rows share it.
func geoEval(*Binding) Eval {
	places := geoPlaces()
	return func(c *Call) (types.Value, error) {
		addr, err := netip.ParseAddr(c.Args[0].Str())
		if err != nil {
			return types.NullValue, nil
		}
		addr = addr.WithZone("").Unmap()
		if !addr.IsGlobalUnicast() || addr.IsPrivate() {
			return types.NullValue, nil
		}
		return places[placeOf(iploc.IPCountry(addr))], nil
	}
}

// geoPlaces are the countries' values, by placeOf their codes. All others are NULL.
func geoPlaces() []types.Value {
	out := make([]types.Value, 26*26+1)
	for _, text := range continents {
		continent := types.StringValue(text[:2])
		for country := range strings.SplitSeq(text[2:], ";") {
			code, name, _ := strings.Cut(strings.TrimSpace(country), " ")
			out[placeOf(code)] = types.StructValue([]types.Value{types.StringValue(code), types.StringValue(name), continent})
		}
	}
	return out
}

// placeOf numbers codes of two capital letters; there is a place for what is none.
func placeOf(code string) int {
	if len(code) != 2 || code[0]-'A' > 25 || code[1]-'A' > 25 {
		return 26 * 26
	}
	return int(code[0]-'A')*26 + int(code[1]-'A')
}
