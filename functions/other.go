package functions

import (
	"fmt"
	"math"
	"strings"

	"weir/types"
)

var otherFunctions = []Scalar{
	{Doc: Doc{"AS_VALUE", OtherFn, "The argument: gives a key column a copy among the value columns.", []Example{{"AS_VALUE(5)", "5"}}},
		Overloads: []Overload{{Sig: "(x T) T", NullIn: Pass, Eval: same}}},
	{Doc: Doc{"GEO_DISTANCE", OtherFn, "The great-circle distance of two points given by latitude and longitude in degrees, in kilometres (KM, the default) or miles (MI).",
		[]Example{{"ROUND(GEO_DISTANCE(37.4439, -122.1663, 51.5257, -0.1122), 3)", "8634.66E0"}, {"ROUND(GEO_DISTANCE(0, 0, 0, 1, 'MI'))", "69"}}},
		Overloads: []Overload{
			{Sig: "(lat1 DOUBLE, lon1 DOUBLE, lat2 DOUBLE, lon2 DOUBLE) DOUBLE", Eval: geoDistance},
			{Sig: "(lat1 DOUBLE, lon1 DOUBLE, lat2 DOUBLE, lon2 DOUBLE, unit STRING) DOUBLE", NullIn: Pass, Eval: geoDistance},
		}},
}

// The Earth's mean radius.
const (
	earthKM = 6371.0
	earthMI = 3959.0
)

// geoDistance is the haversine formula.
func geoDistance(c *Call) (types.Value, error) {
	for _, v := range c.Args[:4] {
		if v.IsNull() {
			return types.NullValue, nil
		}
	}
	radius := earthKM
	if len(c.Args) > 4 {
		switch strings.ToUpper(strings.TrimSpace(c.Args[4].Str())) {
		case "", "KM", "KILOMETER", "KILOMETERS", "KILOMETRE", "KILOMETRES":
		case "MI", "MILE", "MILES":
			radius = earthMI
		default:
			return types.NullValue, fmt.Errorf("the unit of a distance is KM or MI, got %q", c.Args[4].Str())
		}
	}
	lat1, lon1, lat2, lon2 := c.Args[0].Double(), c.Args[1].Double(), c.Args[2].Double(), c.Args[3].Double()
	if math.Abs(lat1) > 90 || math.Abs(lat2) > 90 || math.Abs(lon1) > 180 || math.Abs(lon2) > 180 {
		return types.NullValue, fmt.Errorf("invalid latitude or longitude: (%v, %v), (%v, %v)", lat1, lon1, lat2, lon2)
	}
	const rad = math.Pi / 180
	sinLat, sinLon := math.Sin((lat2-lat1)*rad/2), math.Sin((lon2-lon1)*rad/2)
	a := sinLat*sinLat + sinLon*sinLon*math.Cos(lat1*rad)*math.Cos(lat2*rad)
	return types.DoubleValue(2 * math.Asin(math.Sqrt(a)) * radius), nil
}
