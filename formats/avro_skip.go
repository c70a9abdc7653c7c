package formats

// skip steps over a value that is not wanted.
func (d *avroDecoder) skip(n *avroNode, data []byte, i, depth int) (int, error) {
	if depth > maxAvroDepth {
		return 0, n.fail(data, i, "less nesting")
	}
	size := 0
	switch n.code {
	case avroNull:
		return i, nil
	case avroBoolean:
		size = 1
	case avroInt, avroLong, avroEnum:
		if _, end := varint(data, i); end > 0 {
			return end, nil
		}
		return 0, n.fail(data, i, "a whole number")
	case avroFloat:
		size = 4
	case avroDouble:
		size = 8
	case avroFixed, avroFixedDecimal:
		size = n.size
	case avroBytes, avroText, avroDecimal:
		_, to, err := n.span(data, i)
		return to, err
	case avroRecord:
		var err error
		for f := range n.fields {
			if i, err = d.skip(n.fields[f].node, data, i, depth+1); err != nil {
				return 0, err
			}
		}
		return i, nil
	case avroUnion:
		branch, end, err := d.branch(n, data, i)
		if err != nil {
			return 0, err
		}
		return d.skip(branch, data, end, depth+1)
	default:
		return d.skipCollection(n, data, i, depth)
	}
	if len(data)-i < size {
		return 0, n.fail(data, i, "more bytes")
	}
	return i + size, nil
}

// maxAvroDepth bounds how deep a record may hold itself.
const maxAvroDepth = 500

func (d *avroDecoder) skipCollection(n *avroNode, data []byte, i, depth int) (int, error) {
	for {
		count, size, end, err := d.block(n, data, i)
		if err != nil {
			return 0, err
		}
		if i = end; count == 0 {
			return i, nil
		}
		if size >= 0 {
			i += size
			continue
		}
		for range count {
			before := i
			if n.code == avroMap {
				if _, i, err = n.span(data, i); err != nil {
					return 0, err
				}
			}
			if i, err = d.skip(n.elem, data, i, depth+1); err != nil {
				return 0, err
			}
			if err := d.paid(n, data, before, i); err != nil {
				return 0, err
			}
		}
	}
}
