package embedded

import (
	"errors"
	"io/fs"
	"path/filepath"
	"time"
)

const sizeInterval = 30 * time.Second

// DataSize is the number of bytes in the data directory.
func (b *Broker) DataSize() (int64, error) {
	var sum int64
	err := filepath.WalkDir(b.opts.DataDir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = d.Info(); err == nil {
				sum += info.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) { // deleted while we look
			return nil
		}
		return err
	})
	return sum, err
}

// watchSize warns when the data outgrows the limit, and again at each doubling.
func (b *Broker) watchSize() {
	tick := time.NewTicker(sizeInterval)
	defer tick.Stop()
	for warnAt := b.opts.MaxDataWarn; ; {
		warnAt = b.warnSize(warnAt)
		select {
		case <-tick.C:
		case <-b.stop:
			return
		}
	}
}

// warnSize compares the size with warnAt and returns when to warn next.
func (b *Broker) warnSize(warnAt int64) int64 {
	size, err := b.DataSize()
	if err != nil {
		b.opts.Logger.Warn("the embedded broker cannot measure its data", "dir", b.opts.DataDir, "err", err)
		return warnAt
	}
	if size <= warnAt {
		return warnAt
	}
	b.opts.Logger.Warn("the embedded broker's data has grown large: a start reads all of it, and after a crash takes into memory what transactions were written into; delete topics, or move to a Kafka cluster",
		"dir", b.opts.DataDir, "bytes", size, "limit", b.opts.MaxDataWarn)
	for warnAt < size {
		warnAt *= 2
	}
	return warnAt
}
