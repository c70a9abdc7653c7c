// Package window does the arithmetic of windows. It knows times in milliseconds and nothing else.
package window

// Time is a tumbling or hopping window: [start, start+Size), one every Advance, aligned to the epoch.
type Time struct{ Size, Advance int64 }

// First is the start of the earliest window that holds t. With negative times it is the earliest that is not negative,
// where there is one, as in Kafka Streams.
//
//	t=7, Size 4, Advance 2:   4...8   6...10     First = 4, Last = 6
func (w Time) First(t int64) int64 {
	first := floor(t-w.Size+w.Advance, w.Advance)
	if first < 0 && t >= 0 {
		return 0
	}
	return first
}

// Last is the start of the latest window that holds t.
func (w Time) Last(t int64) int64 { return floor(t, w.Advance) }

// floor is t rounded down to a multiple of by.
func floor(t, by int64) int64 {
	r := t % by
	if r < 0 {
		r += by
	}
	return t - r
}
