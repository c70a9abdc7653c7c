package wire

import (
	"strconv"

	"weir/answer"
)

// QuerySteps are the steps of a query, in the order of EXPLAIN.
type QuerySteps struct {
	ID    string `json:"queryId"`
	Steps []Step `json:"steps"`
}

// Step has the rows of a step of a query that runs: read = used + filtered + late + nullKey + bad. It is our own.
type Step struct {
	Step     string `json:"step"` // its line in EXPLAIN
	Read     int64  `json:"read"`
	Used     int64  `json:"used"` // went on, or into state
	Made     int64  `json:"made"` // given to the next step
	Filtered int64  `json:"filtered"`
	Late     int64  `json:"late"`
	NullKey  int64  `json:"nullKey"`
	Bad      int64  `json:"bad"`
}

// stepTable tells what became of the rows that each step of a query has read.
func stepTable(title string, list []Step) answer.Table {
	t := answer.Table{Title: title, Headers: []string{"Step", "Read", "Used", "Made", "Filtered", "Late", "Null key", "Bad"}}
	for _, s := range list {
		row := []string{s.Step}
		for _, n := range []int64{s.Read, s.Used, s.Made, s.Filtered, s.Late, s.NullKey, s.Bad} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
