package results

import (
	"fmt"
	"io"
	"slices"
)

// A Line is what the table tells of an engine at one query.
type Line struct {
	Key    // without the round
	Rounds int
}

// Table writes the lines of one query, in Markdown. The first is what the others are compared with: ratios are of rounds, each engine's run with
// that of the first engine in the same round, and figures are medians of rounds, but for the peak, which is the greatest.
func (f *File) Table(w io.Writer, about string, lines []Line) {
	fmt.Fprintf(w, "\n%s\n\n", about)
	fmt.Fprintln(w, "| engine | k records/s | time x | CPU s/M | CPU x | warm k records/s | warm CPU s/M | start s | start CPU s | broker CPU s/M | peak MB | memory x | runs |")
	fmt.Fprintln(w, "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, l := range lines {
		name := l.Engine
		if l.Heap != "" {
			name += ", -Xmx" + l.Heap
		}
		runs := f.rounds(l)
		if len(runs) == 0 {
			fmt.Fprintf(w, "| %s | | | | | | | | | | | | none right, %d wrong |\n", name, f.wrong(l.Key))
			continue
		}
		of := func(figure func(Run) float64) float64 { return Median(each(runs, figure)) }
		ratio := func(figure func(Run) float64) string { return f.ratio(runs, lines[0], figure) }
		verdict := fmt.Sprintf("%d right", len(runs))
		if n := f.wrong(l.Key); n > 0 {
			verdict += fmt.Sprintf(", %d wrong", n)
		}
		fmt.Fprintf(w, "| %s | %.0f | %s | %.2f | %s | %s | %s | %.1f | %.1f | %.2f | %.0f | %s | %s |\n", name,
			of(rate), ratio(took), of(cpu), ratio(cpu), some(of(warmRate), "%.0f"), some(of(warmCPU), "%.2f"),
			of(func(r Run) float64 { return r.Start }), of(func(r Run) float64 { return r.StartCPU }), of(broker),
			slices.Max(each(runs, peak)), ratio(peak), verdict)
	}
}

func million(r Run) float64 { return float64(r.Records) / 1e6 }
func took(r Run) float64    { return r.Took }
func rate(r Run) float64    { return million(r) * 1e3 / r.Took }
func cpu(r Run) float64     { return r.CPU / million(r) }
func broker(r Run) float64  { return r.Broker / million(r) }
func peak(r Run) float64    { return float64(r.Peak) / 1e6 }

func warmRate(r Run) float64 {
	if r.WarmTook == 0 {
		return 0
	}
	return float64(r.WarmRecords) / 1e3 / r.WarmTook
}

func warmCPU(r Run) float64 {
	if r.WarmRecords == 0 {
		return 0
	}
	return r.WarmCPU / float64(r.WarmRecords) * 1e6
}

// some leaves out a figure that there is not.
func some(x float64, format string) string {
	if x == 0 {
		return "-"
	}
	return fmt.Sprintf(format, x)
}

// rounds gives the runs of a line that are right.
func (f *File) rounds(l Line) (runs []Run) {
	for l.Round = range l.Rounds {
		if r, ok := f.Get(l.Key); ok {
			runs = append(runs, r)
		}
	}
	return runs
}

// ratio is the median of how many times what the first engine took in the same round.
func (f *File) ratio(runs []Run, first Line, figure func(Run) float64) string {
	var ratios []float64
	for _, r := range runs {
		first.Round = r.Round
		if one, ok := f.Get(first.Key); ok && figure(one) > 0 {
			ratios = append(ratios, figure(r)/figure(one))
		}
	}
	if len(ratios) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", Median(ratios))
}

func each(runs []Run, figure func(Run) float64) (xs []float64) {
	for _, r := range runs {
		xs = append(xs, figure(r))
	}
	return xs
}

// Median is the middle one of numbers, or between the two in the middle.
func Median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	n := len(xs)
	return (xs[(n-1)/2] + xs[n/2]) / 2
}
