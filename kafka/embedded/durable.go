package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"weir/disk"
)

// durables knows how far partitions are on disk, and not only with the system.
type durables struct {
	mu sync.Mutex
	by map[topicPartition]*durable
}

type topicPartition struct {
	topic     string
	partition int32
}

// durable is what is on disk of a partition.
type durable struct {
	mu   sync.Mutex
	end  int64 // the offset behind it
	base int64 // of the last file whose name is on disk; -1 for none
}

// mostSyncs bounds how many files are written out at once.
const mostSyncs = 16

func (d *durables) of(p topicPartition) *durable {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.by == nil {
		d.by = map[topicPartition]*durable{}
	}
	if d.by[p] == nil {
		d.by[p] = &durable{base: -1}
	}
	return d.by[p]
}

// forget is for topics that are made or deleted: another one of the same name begins anew.
func (d *durables) forget() {
	d.mu.Lock()
	d.by = nil
	d.mu.Unlock()
}

// Durable has topics on disk, each partition up to an offset at least, where all before it has been acknowledged or read: no power loss takes
// that any more. What of it is there already costs nothing.
func (b *Broker) Durable(ctx context.Context, ends map[string]map[int32]int64) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	turns := make(chan struct{}, mostSyncs)
	for topic, partitions := range ends {
		for partition, end := range partitions {
			p := topicPartition{topic, partition}
			d := b.durable.of(p)
			if !d.behind(end) {
				continue
			}
			turns <- struct{}{}
			wg.Go(func() {
				err := ctx.Err()
				if err == nil {
					err = b.sync(p, d, end)
				}
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
				<-turns
			})
		}
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("the embedded broker cannot have its topics on disk: %w", err)
	}
	return nil
}

func (d *durable) behind(end int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.end < end
}

// sync writes out the files of a partition that hold what is not on disk yet.
func (b *Broker) sync(p topicPartition, d *durable, end int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.end >= end { // somebody else has done so
		return nil
	}
	dir := b.partitionDir(p.topic, p.partition)
	bases, err := segmentBases(dir, ".dat")
	if err != nil {
		return err
	}
	last := d.base
	for i, base := range bases {
		if i+1 < len(bases) && bases[i+1] <= d.end {
			continue
		}
		if err := b.syncFile(filepath.Join(dir, strconv.FormatInt(base, 10)+".dat")); err != nil {
			return err
		}
		last = base
	}
	if last != d.base {
		err = disk.SyncNames(dir)
		if d.base < 0 {
			err = errors.Join(err, disk.SyncNames(filepath.Dir(dir)))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	d.end, d.base = end, last
	return nil
}

// syncAll has all files of a partition on disk.
func (b *Broker) syncAll(topic string, partition int32) error {
	dir := b.partitionDir(topic, partition)
	bases, err := segmentBases(dir, ".dat")
	if err != nil || len(bases) == 0 {
		return err
	}
	for _, base := range bases {
		if err := b.syncFile(filepath.Join(dir, strconv.FormatInt(base, 10)+".dat")); err != nil {
			return err
		}
	}
	return disk.SyncNames(dir)
}

// syncFile has on disk what a file holds; one that was deleted meanwhile has nothing to keep.
func (b *Broker) syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil && b.opts.Synced != nil {
		b.opts.Synced(path, info.Size())
	}
	return err
}
