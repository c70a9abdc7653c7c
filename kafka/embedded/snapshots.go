package embedded

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"weir/disk"
)

// kfake writes down what it knows of a partition when it is closed. Where that does not fit the files, as after a kill, it takes all records of the
// partition into memory, and those of all partitions at once: a start took as much memory as there was data. Now that the files were looked
// at, they say the same, but for transactions that were open or given up: those partitions are left to kfake.

// snapshot is what kfake writes down.
type snapshot struct {
	Version          int               `json:"version"`
	HighWatermark    int64             `json:"high_watermark"`
	LastStableOffset int64             `json:"last_stable_offset"`
	LogStartOffset   int64             `json:"log_start_offset"`
	Epoch            uint32            `json:"epoch"`
	MaxTimestamp     int64             `json:"max_timestamp"`
	CreatedAt        time.Time         `json:"created_at"`
	AbortedTxns      []json.RawMessage `json:"aborted_txns,omitempty"`
	Segments         []snapshotSegment `json:"segments"`

	transactions bool
}

type snapshotSegment struct {
	BaseOffset int64  `json:"base_offset"`
	Size       int64  `json:"size"`
	MinEpoch   uint32 `json:"min_epoch,omitempty"`
	MaxEpoch   uint32 `json:"max_epoch,omitempty"`
}

// add takes in the batches of the next file.
func (s *snapshot) add(base int64, data []byte) {
	const transactional, control = 0x10, 0x20
	seg := snapshotSegment{BaseOffset: base, Size: int64(len(data))}
	for first := true; len(data) > 0; first = false {
		size := batchSize(data)
		if size == 0 {
			break
		}
		epoch, attributes := binary.BigEndian.Uint32(data[12:]), binary.BigEndian.Uint16(data[21:])
		offset, producer := int64(binary.BigEndian.Uint64(data)), int64(binary.BigEndian.Uint64(data[43:]))
		if attributes&(transactional|control) != 0 && producer >= 0 {
			s.transactions = true
		}
		if first && len(s.Segments) == 0 {
			s.LogStartOffset, s.CreatedAt = offset, time.UnixMilli(int64(binary.BigEndian.Uint64(data[27:])))
		}
		if first || epoch < seg.MinEpoch {
			seg.MinEpoch = epoch
		}
		seg.MaxEpoch = max(seg.MaxEpoch, epoch)
		s.Epoch = epoch
		s.HighWatermark = offset + int64(int32(binary.BigEndian.Uint32(data[23:]))) + 1
		s.MaxTimestamp = max(s.MaxTimestamp, int64(binary.BigEndian.Uint64(data[35:])))
		data = data[size:]
	}
	s.LastStableOffset = s.HighWatermark
	s.Segments = append(s.Segments, seg)
}

// fits says whether kfake takes what was written down for the files that there are.
func (s *snapshot) fits(written []byte) bool {
	var w snapshot
	if json.Unmarshal(written, &w) != nil || len(w.Segments) != len(s.Segments) {
		return false
	}
	for i, seg := range w.Segments {
		if seg.BaseOffset != s.Segments[i].BaseOffset || seg.Size != s.Segments[i].Size {
			return false
		}
	}
	return true
}

// write puts it into the place of one that does not fit.
func (m *mending) writeSnapshot(dir string, s *snapshot) error {
	path := filepath.Join(m.dir, filepath.FromSlash(dir), snapshotFile)
	written, err := os.ReadFile(path)
	if m.dry || s.transactions || len(s.Segments) == 0 || err == nil && s.fits(written) {
		return nil
	}
	s.Version = entryVersion
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.snapshots++
	m.mu.Unlock()
	return disk.Replace(path, data)
}
