// Package window does the arithmetic of windows. It knows times in milliseconds and nothing else.
package window

// Time is a tumbling or hopping window: [start, start+Size), one every Advance, aligned to the epoch.
type Time struct{ Size, Advance int64 }

// First is the start of the earliest window that holds t. With negative times it is the earliest that is not negative,
// where there is one, as in Kafka Streams.
//
//	t=7, Size 4, Advance 2:   4...8   6...10     First = 4, Last = 6
func (w Time) First(t int64) int64 {
	first := Floor(t-w.Size+w.Advance, w.Advance)
	if first < 0 && t >= 0 {
		return 0
	}
	return first
}

// Last is the start of the latest window that holds t.
func (w Time) Last(t int64) int64 { return Floor(t, w.Advance) }

// OpenAt is the start of the first window that ends after t: the first still open when all that end by t are closed.
func (w Time) OpenAt(t int64) int64 { return Floor(t-w.Size, w.Advance) + w.Advance }

// Pane is the length of the panes that the windows are made of, each window of the same number: the greatest common
// divisor of Size and Advance.
func (w Time) Pane() int64 {
	a, b := w.Size, w.Advance
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// End is where the rows of the window that starts at start end. A window from before the epoch takes no rows from after
// it: see First.
func (w Time) End(start int64) int64 {
	if start < 0 {
		return min(start+w.Size, 0)
	}
	return start + w.Size
}

// Floor is t rounded down to a multiple of by.
func Floor(t, by int64) int64 {
	r := t % by
	if r < 0 {
		r += by
	}
	return t - r
}
