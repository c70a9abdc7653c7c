package wire

// Posted is the answer to a record that was posted to a topic: where it lies. Repeated says that it had been there before.
type Posted struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	Repeated  bool   `json:"repeated,omitempty"`
}
