package functions

import "time"

// atLocal is the moment at which clocks of a zone show a time, as java.time has it: of a time that they show twice the first moment, and
// of one that they skip the moment that the offset before the change gives. wall is the time in UTC.
func atLocal(wall time.Time, zone *time.Location) time.Time {
	offset := func(days int) time.Duration {
		_, secs := wall.AddDate(0, 0, days).In(zone).Zone()
		return time.Duration(secs) * time.Second
	}
	before, after := offset(-1), offset(1)
	if t := wall.Add(-after); before != after && !shows(wall.Add(-before), zone, before) && shows(t, zone, after) {
		return t.In(zone)
	}
	return wall.Add(-before).In(zone)
}

// shows says whether a zone has an offset at a moment.
func shows(t time.Time, zone *time.Location, offset time.Duration) bool {
	_, secs := t.In(zone).Zone()
	return time.Duration(secs)*time.Second == offset
}
