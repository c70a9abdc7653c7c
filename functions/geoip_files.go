package functions

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"github.com/oschwald/maxminddb-golang/v2"

	"weir/types"
)

// maxGeoFiles bounds the files that GEOIP asks: one has countries and cities, another one networks.
const maxGeoFiles = 4

// GeoFiles are databases in MaxMind's format that GEOIP asks, the first one first.
type GeoFiles struct{ readers []*maxminddb.Reader }

// OpenGeoFiles reads databases whole into memory, so that nothing that becomes of the files reaches a query, and checks them.
func OpenGeoFiles(paths []string) (*GeoFiles, error) {
	if len(paths) > maxGeoFiles {
		return nil, fmt.Errorf("expected at most %d databases, got %d", maxGeoFiles, len(paths))
	}
	g := &GeoFiles{}
	for _, path := range paths {
		r, err := openGeoFile(path)
		if err != nil {
			return nil, fmt.Errorf("GEOIP can't use %s: %w", path, err)
		}
		g.readers = append(g.readers, r)
	}
	return g, nil
}

func openGeoFile(path string) (*maxminddb.Reader, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		var failed *os.PathError
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return nil, fmt.Errorf("%w. Expected a database in MaxMind's format, such as GeoLite2-City.mmdb", err)
	}
	r, err := maxminddb.OpenBytes(data)
	if err != nil {
		return nil, fmt.Errorf("it is no database in MaxMind's format, such as GeoLite2-City.mmdb, or damaged: %w", err)
	}
	if err := r.Verify(); err != nil {
		return nil, fmt.Errorf("it is damaged or not complete, download it again: %w", err)
	}
	for network := range r.Networks() { // the first shows what they are like
		var rec geoRecord
		if err := network.Decode(&rec); err != nil {
			return nil, fmt.Errorf("its records (%s) are not as those of MaxMind's databases of countries, cities or networks: %w", r.Metadata.DatabaseType, err)
		}
		break
	}
	return r, nil
}

// Functions is GEOIP over the files, for Registry.With.
func (g *GeoFiles) Functions() Extra { return Extra{Scalars: []Scalar{geoFunction(g)}} }

// geoRecord is what is read of a database's records.
type geoRecord struct {
	Country struct {
		Code  string   `maxminddb:"iso_code"`
		Names geoNames `maxminddb:"names"`
	} `maxminddb:"country"`
	Continent struct {
		Code string `maxminddb:"code"`
	} `maxminddb:"continent"`
	City struct {
		Names geoNames `maxminddb:"names"`
	} `maxminddb:"city"`
	ASN          uint32 `maxminddb:"autonomous_system_number"`
	Organization string `maxminddb:"autonomous_system_organization"`
}

type geoNames struct {
	English string `maxminddb:"en"`
}

// geoKey is where the files have an address: places of records, from 1; and its country by the table within, from 1, where that was asked.
type geoKey struct {
	at    [maxGeoFiles]uintptr
	place int
}

// geoSeen remembers the values of records: many addresses share one. It is bounded by its places.
type geoSeen struct {
	files  *GeoFiles
	places []types.Value // of the countries, by the table within
	known  [1 << 12]struct {
		key     geoKey
		value   types.Value
		country bool // the files say which
	}
}

// find gives what the first file that knows says, for each field. Where no file knows the country, the table within is asked.
func (s *geoSeen) find(addr netip.Addr) (types.Value, error) {
	var key geoKey
	var found [maxGeoFiles]maxminddb.Result
	met := false
	for i, r := range s.files.readers {
		if addr.Is6() && r.Metadata.IPVersion == 4 {
			continue
		}
		found[i] = r.Lookup(addr)
		if err := found[i].Err(); err != nil {
			return types.NullValue, fmt.Errorf("looking up %s: %w", addr, err)
		}
		if found[i].Found() {
			key.at[i], met = found[i].Offset()+1, true
		}
	}
	if !met {
		return s.places[geoPlace(addr)], nil
	}
	value, country, err := s.recall(key, &found)
	if err != nil || country {
		return value, err
	}
	if key.place = geoPlace(addr) + 1; s.places[key.place-1].IsNull() {
		return value, nil
	}
	value, _, err = s.recall(key, &found)
	return value, err
}

func (s *geoSeen) recall(key geoKey, found *[maxGeoFiles]maxminddb.Result) (value types.Value, country bool, err error) {
	h := uint64(key.place) //nolint:gosec // not negative
	for _, at := range key.at {
		h = (h ^ uint64(at)) * 0x9E3779B97F4A7C15
	}
	place := &s.known[h>>(64-12)]
	if place.key != key {
		value, country, err := s.read(key, found)
		if err != nil {
			return value, country, err
		}
		place.key, place.value, place.country = key, value, country
	}
	return place.value, place.country, nil
}

// read makes the value of records.
func (s *geoSeen) read(key geoKey, found *[maxGeoFiles]maxminddb.Result) (value types.Value, country bool, err error) {
	fields := make([]types.Value, len(geoType.Fields))
	for i := range fields {
		fields[i] = types.NullValue
	}
	set := func(i int, text string) {
		if text != "" && fields[i].IsNull() {
			fields[i] = types.StringValue(text)
		}
	}
	if key.place > 0 {
		copy(fields, s.places[key.place-1].Items())
	}
	for i, at := range key.at {
		if at == 0 {
			continue
		}
		var rec geoRecord
		if err := found[i].Decode(&rec); err != nil {
			return types.NullValue, false, fmt.Errorf("a record of a database of GEOIP: %w", err)
		}
		if rec.Country.Code != "" && fields[0].IsNull() { // the three of one file
			set(0, rec.Country.Code)
			set(1, rec.Country.Names.English)
			set(2, rec.Continent.Code)
		}
		set(3, rec.City.Names.English)
		if rec.ASN != 0 && fields[4].IsNull() {
			fields[4] = types.BigintValue(int64(rec.ASN))
			set(5, rec.Organization)
		}
	}
	return types.StructValue(fields), !fields[0].IsNull(), nil
}
