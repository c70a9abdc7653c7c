package functions

import (
	"net/netip"
	"strings"

	"github.com/phuslu/iploc"

	"weir/types"
)

var geoFunctions = []Scalar{geoFunction(nil)}

// geoFunction is GEOIP that asks files first; nil for none.
func geoFunction(files *GeoFiles) Scalar {
	return Scalar{Doc: Doc{"GEOIP", WebFn, "Where an IP address is, as far as is known: the COUNTRY's two letters of ISO 3166, its NAME, the CONTINENT as AF, AN, AS, EU, NA, OC or SA, the CITY, " +
		"and the network's number ASN with the ORGANIZATION that has it. NULL for what is no address, and for one that is nowhere, such as a private one. Data of IP2Location LITE, from ip2location.com, as of Weir's version, are within: they have countries alone. " +
		"MaxMind's databases, named by weir.geoip.files, say more, and go before them.",
		[]Example{{"GEOIP('2001:4860:4860::8888')->NAME", "'United States'"}, {"GEOIP('2001:4860:4860::8888')->CITY", "NULL"}, {"GEOIP('192.168.1.1')", "NULL"}}},
		Overloads: []Overload{{Sig: "(address STRING) STRUCT", Make: func(*Binding) Eval { return geoEval(files) }, Returns: func([]*types.Type) *types.Type { return geoType }}}}
}

// geoType is the same whatever the files have, so that a query's columns do not hang on a setting.
var geoType = types.TStruct(textField("COUNTRY"), textField("NAME"), textField("CONTINENT"), textField("CITY"), types.Field{Name: "ASN", Type: types.TBigint}, textField("ORGANIZATION"))

// geoEval makes the value of each country once: rows share it.
func geoEval(files *GeoFiles) Eval {
	places := geoPlaces()
	var seen *geoSeen
	if files != nil {
		seen = &geoSeen{files: files, places: places}
	}
	return func(c *Call) (types.Value, error) {
		addr, err := netip.ParseAddr(c.Args[0].Str())
		if err != nil {
			return types.NullValue, nil
		}
		addr = addr.WithZone("").Unmap()
		if seen != nil {
			return seen.find(addr)
		}
		return places[geoPlace(addr)], nil
	}
}

// nowhere is the place of addresses without a country.
const nowhere = 26 * 26

// geoPlace is the place of an address's country among geoPlaces, by the table that is within.
func geoPlace(addr netip.Addr) int {
	if !addr.IsGlobalUnicast() || addr.IsPrivate() {
		return nowhere
	}
	return placeOf(iploc.IPCountry(addr))
}

// geoPlaces are the countries' values, by placeOf their codes. All others are NULL.
func geoPlaces() []types.Value {
	out := make([]types.Value, nowhere+1)
	for _, text := range continents {
		continent := types.StringValue(text[:2])
		for country := range strings.SplitSeq(text[2:], ";") {
			code, name, _ := strings.Cut(strings.TrimSpace(country), " ")
			out[placeOf(code)] = types.StructValue([]types.Value{types.StringValue(code), types.StringValue(name), continent, types.NullValue, types.NullValue, types.NullValue})
		}
	}
	return out
}

// placeOf numbers codes of two capital letters; there is a place for what is none.
func placeOf(code string) int {
	if len(code) != 2 || code[0]-'A' > 25 || code[1]-'A' > 25 {
		return nowhere
	}
	return int(code[0]-'A')*26 + int(code[1]-'A')
}
