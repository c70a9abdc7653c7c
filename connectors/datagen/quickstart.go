package datagen

import (
	"strings"

	"weir/connectors/connector"
)

// quickstart is a ready set of fields.
type quickstart struct {
	name, key, timestamp string
	apart                float64 // milliseconds of event time between two rows at rate max; otherwise it keeps up with the rate
	fields               []connector.Setting
}

var quickstarts = []quickstart{
	{"clicks", "user_id", "ts", 10, []connector.Setting{
		{Name: "ts", Value: "time(jitter=200ms, late=0.01, by=30s)"},
		{Name: "user_id", Value: "user_{zipf(1000, 1.1)}"},
		{Name: "page", Value: "choice(/:10, /search:6, /product:8, /cart:3, /checkout:1, /help:1)"},
		{Name: "referrer", Value: "null(0.4, choice(search:5, mail:2, social:3, partner:1))"},
		{Name: "ip", Value: "ip"},
	}},
	{"orders", "order_id", "ts", 100, []connector.Setting{
		{Name: "ts", Value: "time(jitter=1s, late=0.02, by=2m)"},
		{Name: "order_id", Value: "sequence(1, 1)"},
		{Name: "customer_id", Value: "customer_{zipf(500, 0.8)}"},
		{Name: "product", Value: "choice(book:5, lamp:2, chair:2, desk:1, phone:3, shoes:4)"},
		{Name: "quantity", Value: "zipf(10, 1.5)"},
		{Name: "price", Value: "uniform(3.00, 250.00)"},
		{Name: "paid", Value: "bool(0.9)"},
	}},
	{"pageviews", "user_id", "view_time", 20, []connector.Setting{
		{Name: "view_time", Value: "time(jitter=500ms)"},
		{Name: "user_id", Value: "user_{zipf(200, 1)}"},
		{Name: "page_id", Value: "page_{zipf(100, 1.2)}"},
		{Name: "seconds", Value: "uniform(1, 300)"},
	}},
	{"positions", "flight", "ts", 50, []connector.Setting{
		{Name: "ts", Value: "time(jitter=2s, late=0.05, by=1m)"},
		{Name: "flight", Value: "{choice(LH, BA, AF, KL, IB, LX)}{uniform(100, 199)}"},
		{Name: "lat", Value: "lat(36, 60)"},
		{Name: "lon", Value: "lon(-10, 30)"},
		{Name: "altitude", Value: "normal(10000, 1200, 0)"},
		{Name: "speed", Value: "normal(820, 60, 1)"},
	}},
}

func quickstartNames() []string {
	out := make([]string, len(quickstarts))
	for i, q := range quickstarts {
		out[i] = q.name
	}
	return out
}

// findQuickstart is for names that have been checked.
func findQuickstart(name string) quickstart {
	for _, q := range quickstarts {
		if strings.EqualFold(q.name, name) {
			return q
		}
	}
	return quickstart{}
}
