package embedded

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// producers are the ids that clients outside of this process were given, without those of transactions: 8 bytes each in a file. An id that
// is not in it is taken for a query's.
type producers struct {
	mu   sync.Mutex
	ids  map[int64]bool
	file *os.File
}

func openProducers(dir string) (*producers, error) {
	path := filepath.Join(dir, "outside-producers")
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	p := &producers{ids: map[int64]bool{}}
	for ; len(raw) >= 8; raw = raw[8:] {
		p.ids[int64(binary.BigEndian.Uint64(raw))] = true
	}
	if p.file, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
		return nil, err
	}
	if len(raw) > 0 { // the last one is not whole
		info, err := p.file.Stat()
		if err == nil {
			err = p.file.Truncate(info.Size() - int64(len(raw)))
		}
		if err != nil {
			return nil, errors.Join(err, p.file.Close())
		}
	}
	return p, nil
}

// add keeps an id that was given to a client outside; where that fails, what it writes is not compacted.
func (p *producers) add(id int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ids[id] {
		return
	}
	if _, err := p.file.Write(binary.BigEndian.AppendUint64(nil, uint64(id))); err == nil {
		p.ids[id] = true
	}
}

func (p *producers) outside(id int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ids[id]
}

func (p *producers) close() error { return p.file.Close() }
