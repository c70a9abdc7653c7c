package main

import "time"

// A course is what the samples of a run come to.
type course struct {
	samples []sample
	last    int // the sample with the last event: the input read to its end, or more output committed
	done    bool
	waited  sample // where the engine had done all and waited for one more record, if it was given one
	nudged  sample // when it was given it
}

// add takes the next sample.
func (c *course) add(s sample) {
	if n := len(c.samples); n == 0 || s.out > c.samples[n-1].out || s.all && !c.done {
		c.last = n
	}
	c.done = c.done || s.all
	c.samples = append(c.samples, s)
}

// quiet is how long nothing has come, once the input was read.
func (c *course) quiet() time.Duration {
	if !c.done {
		return 0
	}
	return c.samples[len(c.samples)-1].at.Sub(c.samples[c.last].at)
}

// nudge notes that one more record was given.
func (c *course) nudge() {
	c.waited, c.nudged = c.samples[c.last], c.samples[len(c.samples)-1]
}

// figures are of the time from the first sample to the last event. Of what came behind the nudge the waiting for it is taken off.
func (c *course) figures() (took, cpu, broker time.Duration) {
	took, cpu, broker = between(c.samples[0], c.samples[c.last])
	if !c.nudged.at.IsZero() && c.samples[c.last].at.After(c.nudged.at) {
		t, p, b := between(c.waited, c.nudged)
		took, cpu, broker = took-t, cpu-p, broker-b
	}
	return took, cpu, broker
}

// warm are the figures from where the warm-up was over, after three tenths of the records; zeros where less than half of them was left then.
func (c *course) warm(records int) (left int, took, cpu time.Duration) {
	for i, s := range c.samples[:c.last] {
		if s.read*10 < int64(records)*3 {
			continue
		}
		rest := course{samples: c.samples[i:], last: c.last - i, waited: c.waited, nudged: c.nudged}
		if left = records - int(s.read); left*2 < records {
			break
		}
		took, cpu, _ = rest.figures()
		return left, took, cpu
	}
	return 0, 0, 0
}

func between(a, b sample) (took, cpu, broker time.Duration) {
	return b.at.Sub(a.at), b.cpu - a.cpu, b.broker - a.broker
}
