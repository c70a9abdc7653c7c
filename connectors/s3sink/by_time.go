package s3sink

import (
	"fmt"
	"strings"
	"time"

	"weir/connectors/connector"
	"weir/types"
)

// timeProps go with a partitioner by time.
var timeProps = []string{propPath, propDuration, propLocale, propZone, propExtractor, propTimeField}

// The paths of Connect's DailyPartitioner and HourlyPartitioner.
const (
	dailyPath  = "'year'=YYYY/'month'=MM/'day'=dd"
	hourlyPath = dailyPath + "/'hour'=HH"
)

// byTime is Connect's TimeBasedPartitioner: a folder named by the beginning of the span of local time that the row's time is in.
type byTime struct {
	path  *pathFormat
	span  int64 // milliseconds
	zone  *time.Location
	from  string // the extractor
	field string
	now   func() time.Time
}

func byTimeOf(name string, v connector.Values) (partitioner, error) {
	p := &byTime{span: v.Duration(propDuration).Milliseconds(), from: v.Text(propExtractor), field: v.Text(propTimeField), now: time.Now}
	path := v.Text(propPath)
	switch {
	case name == "daily" || name == "hourly":
		for _, other := range []string{propPath, propDuration} {
			if v.Given(other) {
				return nil, fmt.Errorf("property '%s' goes with '%s'='time': '%s' has its own", other, propPartitioner, name)
			}
		}
		path, p.span = dailyPath, (24 * time.Hour).Milliseconds()
		if name == "hourly" {
			path, p.span = hourlyPath, time.Hour.Milliseconds()
		}
	case !v.Given(propPath):
		return nil, fmt.Errorf("property '%s': by time needs '%s', such as %s", propPartitioner, propPath, hourlyPath)
	case p.span <= 0:
		return nil, fmt.Errorf("property '%s': by time needs '%s', above 0, such as 3600000 or 1h", propPartitioner, propDuration)
	}
	var err error
	if p.path, err = parsePath(path); err != nil {
		return nil, err
	}
	if locale := strings.ToLower(v.Text(propLocale)); p.path.names && locale != "en" && !strings.HasPrefix(locale, "en-") && !strings.HasPrefix(locale, "en_") {
		return nil, fmt.Errorf("property '%s': names of months, days and halves of a day are written in English alone, got '%s': use numbers, such as MM, in '%s'", propLocale, v.Text(propLocale), propPath)
	}
	if p.zone, err = time.LoadLocation(v.Text(propZone)); err != nil || strings.EqualFold(v.Text(propZone), "local") {
		return nil, fmt.Errorf("property '%s': expected a time zone such as UTC or Europe/Berlin, got '%s'", propZone, v.Text(propZone))
	}
	if v.Given(propTimeField) && p.from != extractField {
		return nil, fmt.Errorf("property '%s' goes with '%s'='RecordField'", propTimeField, propExtractor)
	}
	return p, nil
}

// The extractors, in small letters as they are checked.
const (
	extractClock  = "wallclock"
	extractRecord = "record"
	extractField  = "recordfield"
)

func (p *byTime) columns() bool { return p.from == extractField }

func (p *byTime) of(rel connector.Relation) (func(*connector.Row) (string, error), error) {
	when := func(row *connector.Row) (int64, error) { return row.Timestamp, nil }
	switch p.from {
	case extractClock:
		when = func(*connector.Row) (int64, error) { return p.now().UnixMilli(), nil }
	case extractField:
		at, err := columnOf(rel, propTimeField, p.field)
		if err != nil {
			return nil, err
		}
		read, err := timeIn(rel.Columns[at])
		if err != nil {
			return nil, err
		}
		when = func(row *connector.Row) (int64, error) {
			if row.Values[at].IsNull() {
				return 0, fmt.Errorf("column %s is NULL: the row has no time to be placed by", rel.Columns[at].Name)
			}
			return read(row.Values[at])
		}
	}
	return func(row *connector.Row) (string, error) {
		ms, err := when(row)
		if err != nil {
			return "", err
		}
		return p.folder(ms), nil
	}, nil
}

// folder is that of a time. Spans are of local time, so that a day begins at midnight.
func (p *byTime) folder(ms int64) string {
	_, offset := time.UnixMilli(ms).In(p.zone).Zone()
	local := ms + int64(offset)*1000
	begin := local - (local%p.span+p.span)%p.span
	return p.path.format(time.UnixMilli(begin).UTC())
}

// timeIn reads a column's time, in milliseconds since 1970.
func timeIn(c connector.Column) (func(types.Value) (int64, error), error) {
	switch c.Type.Kind {
	case types.Timestamp, types.Bigint:
		return func(v types.Value) (int64, error) { return v.Int(), nil }, nil
	case types.Date:
		return func(v types.Value) (int64, error) { return v.Int() * 24 * time.Hour.Milliseconds(), nil }, nil
	case types.String:
		return func(v types.Value) (int64, error) {
			for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", time.DateTime, time.DateOnly} {
				if t, err := time.Parse(layout, v.Str()); err == nil {
					return t.UnixMilli(), nil
				}
			}
			return 0, fmt.Errorf("column %s: expected a time as of ISO 8601, such as 2020-08-01T09:00:00Z, got '%.40s'", c.Name, v.Str())
		}, nil
	default:
	}
	return nil, fmt.Errorf("property '%s': column %s is %s: expected TIMESTAMP, DATE, BIGINT (milliseconds) or STRING", propTimeField, c.Name, c.Type)
}
