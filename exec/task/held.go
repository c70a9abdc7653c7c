package task

// Held is how many bytes of memory the state of the task takes, and the records that wait in it.
func (t *Task) Held() int64 {
	n := t.stateBytes()
	for i := range t.inputs {
		n += t.Queued(i)
	}
	return n
}

func (t *Task) stateBytes() int64 {
	n := int64(0)
	for _, s := range t.Stores {
		_, bytes := s.Size()
		n += int64(bytes)
	}
	return n
}
