package plan

// Memoryless says whether the rows of a query depend on no row of its streams before them: then it can go on in the middle of them, with nothing
// lost and nothing twice. A table that a stream is joined with is read whole wherever the stream is read from.
func Memoryless(n Node) bool {
	switch n := n.(type) {
	case *Scan:
		return !n.Materialize
	case *LookupJoin:
		return Memoryless(n.Inputs()[0])
	case *Sink:
		return !n.Materialize && Memoryless(n.In)
	case *Filter, *Project, *Explode, *Repartition, *Result:
		return Memoryless(n.Inputs()[0])
	default:
		return false
	}
}
