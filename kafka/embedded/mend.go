package embedded

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"weir/disk"
)

// mending looks at the files of a broker before kfake opens them, which cuts off all that comes behind a wrong byte, gives offsets
// anew, or believes it. What is damaged is taken out alone, kept in a folder beside, and told of.
type mending struct {
	dir    string
	log    *slog.Logger
	dry    bool // says what it would do, and does nothing
	topics topicList
	copies map[string][]byte
	known  map[partitionKey]reach // how far partitions reached, as was written down
	now    time.Time

	mu        sync.Mutex
	snapshots int // that were written
	lost      []Lost
	findings  []Finding
}

// Finding is something that is wrong with a file.
type Finding struct {
	File string // in the broker's folder
	What string
}

// mend puts the files in order.
func mend(dir string, log *slog.Logger, dry bool) (*mending, error) {
	m := &mending{dir: dir, log: log, dry: dry, now: time.Now()}
	if err := m.putTopics(); err != nil {
		return m, err
	}
	if !dry {
		if err := m.oldTopics(); err != nil {
			return m, err
		}
	}
	if err := errors.Join(m.putCopies(), m.mendLog(groupsLog), m.mendLog(pidsLog), m.mendLog(lostFile)); err != nil {
		return m, err
	}
	if err := m.partitions(); err != nil || m.snapshots == 0 {
		return m, err
	}
	return m, copySnapshots(dir, m.copies)
}

// oldTopics mends the list of topics of earlier versions.
func (m *mending) oldTopics() error {
	if err := mendTopics(m.dir, m.log); err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(m.dir, topicsFile))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	m.topics = topicList{}
	return m.listTopics(data)
}

func (m *mending) found(file, what string) {
	m.mu.Lock()
	m.findings = append(m.findings, Finding{file, what})
	m.mu.Unlock()
	if !m.dry {
		m.log.Warn("a file is damaged", "file", filepath.Join(m.dir, filepath.FromSlash(file)), "what", what)
	}
}

// keptName is where a file, or a part of it, is kept.
func (m *mending) keptName(file string) string {
	return damagedDir + "/" + strconv.FormatInt(m.now.UnixMilli(), 10) + "-" + strings.ReplaceAll(url.PathEscape(strings.TrimPrefix(file, "partitions/")), "%2F", "-")
}

// keep puts bytes aside.
func (m *mending) keep(file string, data []byte) (string, error) {
	if m.dry || len(data) == 0 {
		return "", nil
	}
	if err := os.MkdirAll(filepath.Join(m.dir, damagedDir), 0o755); err != nil {
		return "", err
	}
	name := m.keptName(file)
	return name, os.WriteFile(filepath.Join(m.dir, filepath.FromSlash(name)), data, 0o644)
}

// replace puts a file in the place of one that is damaged, which is kept.
func (m *mending) replace(file string, data []byte, what string) error {
	path := filepath.Join(m.dir, filepath.FromSlash(file))
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	kept, err := m.keep(file, old)
	if err != nil {
		return err
	}
	if kept != "" {
		what += "; the damaged one is kept as " + kept
	}
	if m.found(file, what); m.dry {
		return nil
	}
	return disk.Replace(path, data)
}

// aside takes a file away.
func (m *mending) aside(file, what string) error {
	path := filepath.Join(m.dir, file)
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	kept, err := m.keep(file, data)
	if err != nil {
		return err
	}
	if m.found(file, what+"; it is kept as "+kept); m.dry {
		return nil
	}
	return os.Remove(path)
}

// mendLog takes out of a log of entries what is none.
func (m *mending) mendLog(name string) error {
	raw, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	whole, bad := frames(raw)
	if len(bad) == 0 {
		return nil
	}
	size := int64(0)
	for _, s := range bad {
		size += s.to - s.from
	}
	what := map[string]string{
		groupsLog: "positions of consumer groups may be older than they were: those groups read records again",
		pidsLog:   "a producer outside may be unknown, and begin anew",
		lostFile:  "what it told of earlier losses is not known any more",
	}[name]
	return m.replace(name, bytes.Join(whole, nil), fmt.Sprintf("%d bytes of it can't be read and are left out: %s", size, what))
}

// partitions mends all partitions that there are.
func (m *mending) partitions() error {
	known, bad, err := readEnds(m.dir)
	if err != nil {
		return err
	}
	m.known = known
	if len(bad) > 0 {
		m.found(endsFile, "it is damaged: records missing at the ends of topics may not be noticed. It is written anew")
	}
	var wg sync.WaitGroup
	var errs []error
	turns := make(chan struct{}, 4)
	for _, t := range m.topics.Topics {
		gaps := strings.Contains(t.Configs[kept("cleanup.policy")]+t.Configs["cleanup.policy"], "compact")
		for p := range t.Partitions {
			r := known[partitionKey{t.ID, p}]
			r.Topic, r.ID, r.Partition = t.Name, t.ID, p
			turns <- struct{}{}
			wg.Go(func() {
				err := m.partition(r, gaps)
				m.mu.Lock()
				errs = append(errs, err)
				m.mu.Unlock()
				<-turns
			})
		}
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil || m.dry || len(m.lost) == 0 {
		return err
	}
	for _, l := range m.lost {
		l.tell(m.log)
	}
	return appendLost(m.dir, m.lost)
}

// partition mends one partition, of which it is known how far it reached at least.
func (m *mending) partition(r reach, gaps bool) error {
	dir := "partitions/" + url.PathEscape(r.Topic) + "-" + strconv.Itoa(int(r.Partition))
	bases, err := segmentBases(filepath.Join(m.dir, filepath.FromSlash(dir)), ".dat")
	if err != nil {
		return err
	}
	indexes, err := segmentBases(filepath.Join(m.dir, filepath.FromSlash(dir)), ".idx")
	if err != nil {
		return err
	}
	for _, base := range indexes { // a file before the first one was deleted, one behind the last is missing
		if len(bases) == 0 || base > bases[len(bases)-1] {
			bases = append(bases, base)
		}
	}
	if len(bases) == 0 {
		if r.End == 0 {
			return nil
		}
		bases = []int64{min(r.Start, r.End-1)} // all of it is gone
	}
	end := bases[0]
	var s snapshot
	for i, base := range bases {
		known := r.End
		if i+1 < len(bases) {
			if known = bases[i+1]; gaps {
				known = 0
			}
		}
		begin := base
		if i > 0 && end > base {
			begin = end
		}
		name := dir + "/" + strconv.FormatInt(base, 10)
		if end, err = m.segment(r, name, begin, known, gaps, &s); err != nil {
			return fmt.Errorf("%s.dat: %w", name, err)
		}
	}
	return m.writeSnapshot(dir, &s)
}

// segmentBases are the first offsets of a partition's files of a kind.
func segmentBases(dir, kind string) ([]int64, error) {
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []int64
	for _, f := range files {
		if base, ok := strings.CutSuffix(f.Name(), kind); ok {
			if n, err := strconv.ParseInt(base, 10, 64); err == nil {
				out = append(out, n)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// segment mends one file and its index, takes what it holds into the snapshot, and gives the offset behind it.
func (m *mending) segment(r reach, name string, begin, known int64, gaps bool, snap *snapshot) (int64, error) {
	path := filepath.Join(m.dir, filepath.FromSlash(name))
	raw, err := os.ReadFile(path + ".dat")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	index, err := os.ReadFile(path + ".idx")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	was := bytes.Clone(raw)
	s := mendSegment(raw, begin, known, gaps)
	if more := missingBatches(index, s); more > 0 {
		copy(raw, was)
		s = mendSegment(raw, begin, s.end+more, gaps)
	}
	if s.out != nil {
		if err := m.replaceSegment(r, name, was, s); err != nil {
			return 0, err
		}
	}
	if s.out != nil {
		raw = s.out
	}
	base, err := strconv.ParseInt(path[strings.LastIndexByte(path, filepath.Separator)+1:], 10, 64)
	if err != nil {
		return 0, err
	}
	snap.add(base, raw)
	if m.dry || sameIndex(index, s.index) {
		return s.end, nil
	}
	m.log.Debug("an index is written anew", "file", path+".idx")
	return s.end, disk.Replace(path+".idx", s.index)
}

// missingBatches is how many batches more there were than there are, by the index, where nothing else tells of them.
func missingBatches(index []byte, s *segmentMend) int64 {
	if s.filled {
		return 0 // it is known how far it reached
	}
	n := int64(0)
	for at := len(s.index); at+indexEntrySize <= len(index); at += indexEntrySize {
		if e := index[at:]; e[0] == entryVersion && e[1] == byte(crc32.Checksum(e[2:indexEntrySize], castagnoli)) {
			n++
		}
	}
	return n
}

// replaceSegment puts a mended segment in the place of what was there, and tells of it.
func (m *mending) replaceSegment(r reach, name string, was []byte, s *segmentMend) error {
	var cut []byte
	var what []string
	for _, c := range s.cut {
		cut = append(cut, was[c.from:c.to]...)
		what = append(what, fmt.Sprintf("%d bytes from byte %d on are no batch and are left out", c.to-c.from, c.from))
	}
	for _, why := range s.repaired {
		what = append(what, why+" was wrong and is mended: nothing is lost")
	}
	kept, err := m.keep(name+".dat", cut)
	if err != nil {
		return err
	}
	why := "they are missing at the end of its file, or the file is: it was damaged, or the power went before it was on disk"
	if kept != "" {
		what = append(what, "what was left out is kept as "+kept)
	}
	if len(cut) > 0 {
		why = "the file that holds them is damaged"
	}
	m.mu.Lock()
	for _, l := range s.lost {
		m.lost = append(m.lost, Lost{r.Topic, r.ID, r.Partition, l.From, l.To, why, kept, m.now})
	}
	m.mu.Unlock()
	for _, l := range s.lost {
		what = append(what, fmt.Sprintf("the records at offsets %d to %d are gone", l.From, l.To-1))
	}
	if m.found(name+".dat", strings.Join(what, "; ")); m.dry {
		return nil
	}
	path := filepath.Join(m.dir, filepath.FromSlash(name)) + ".dat"
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return disk.Replace(path, s.out)
}

// idText is the id of a topic as kfake writes it.
func idText(id [16]byte) string { return base64.StdEncoding.EncodeToString(id[:]) }
