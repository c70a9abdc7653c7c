package embedded

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// kfake turns minutes into nanoseconds: what doesn't fit has already passed, and every offset with it.
func TestOffsetsOutliveTheirCheck(t *testing.T) {
	minutes, err := strconv.ParseInt(fixedConfigs()["offsets.retention.minutes"], 10, 64)
	if err != nil || minutes < 365*24*60 || minutes > math.MaxInt64/int64(time.Minute) {
		t.Errorf("offsets are kept for %d minutes, %v", minutes, err)
	}
	b := start(t, Options{more: map[string]string{"offsets.retention.check.interval.ms": "200"}})
	adm := kadm.NewClient(client(t, b.ClientOpts()...))
	if _, err := adm.CreateTopic(within(t), 1, 1, nil, "t"); err != nil {
		t.Fatal(err)
	}
	if err := adm.CommitAllOffsets(within(t), "g", kadm.Offsets{"t": {0: {Topic: "t", At: 7}}}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // several checks
	offsets, err := adm.FetchOffsets(within(t), "g")
	if at, _ := offsets.Lookup("t", 0); err != nil || at.At != 7 {
		t.Errorf("the group stands at %v, %v", at, err)
	}
}

// killed is a broker on what a killed process would have left of another one's data.
func killed(t *testing.T, b *Broker) *Broker {
	t.Helper()
	left := t.TempDir()
	if err := os.CopyFS(left, os.DirFS(b.opts.DataDir)); err != nil {
		t.Fatal(err)
	}
	return start(t, Options{DataDir: left})
}

func TestDeletedGroupsStayDeleted(t *testing.T) {
	b := start(t, Options{})
	cl := client(t, b.ClientOpts()...)
	adm := kadm.NewClient(cl)
	if _, err := adm.CreateTopic(within(t), 2, 1, nil, "t"); err != nil {
		t.Fatal(err)
	}
	produce(t, cl, "t", "1", "2", "3")
	for _, g := range []string{"kept", "gone", "back", "alone"} {
		member := client(t, append(b.ClientOpts(), kgo.ConsumerGroup(g), kgo.ConsumeTopics("t"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())...)
		if f := member.PollFetches(within(t)); f.Err() != nil {
			t.Fatal(f.Err())
		}
		if g != "alone" {
			if err := member.CommitUncommittedOffsets(within(t)); err != nil {
				t.Fatal(err)
			}
		}
		if g == "kept" {
			resp, err := adm.DeleteGroups(within(t), g) // it has a member
			if err != nil || resp[g].Err != kerr.NonEmptyGroup {
				t.Errorf("%+v, %v", resp, err)
			}
		}
		if err := member.LeaveGroupContext(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	resp, err := adm.DeleteGroups(within(t), "gone", "back", "alone", "never")
	if err != nil || resp["gone"].Err != nil || resp["back"].Err != nil || resp["alone"].Err != nil || resp["never"].Err != kerr.GroupIDNotFound {
		t.Fatalf("%+v, %v", resp, err)
	}
	if err := adm.CommitAllOffsets(within(t), "back", kadm.Offsets{"t": {1: {Topic: "t", Partition: 1, At: 9}}}); err != nil {
		t.Fatal(err)
	}
	again := kadm.NewClient(client(t, killed(t, b).ClientOpts()...))
	groups, err := again.ListGroups(within(t))
	if names := strings.Join(groups.Groups(), " "); err != nil || names != "back kept" {
		t.Errorf("after a kill there are the groups %s, %v", names, err)
	}
	for group, want := range map[string]int{"kept": 1, "gone": 0, "back": 1} {
		offsets, err := again.FetchOffsets(within(t), group)
		n := 0
		offsets.Each(func(kadm.OffsetResponse) { n++ })
		if n != want || want > 0 && err != nil {
			t.Errorf("%s has %d offsets, want %d; %v", group, n, want, err)
		}
	}
	if at, err := again.FetchOffsets(within(t), "back"); err != nil || at["t"][1].At != 9 {
		t.Errorf("a group that came again stands at %v, %v", at, err)
	}
}

// What kfake writes is what is read here: its next version may write otherwise.
func TestGroupEntries(t *testing.T) {
	b := start(t, Options{})
	adm := kadm.NewClient(client(t, b.ClientOpts()...))
	if _, err := adm.CreateTopic(within(t), 1, 1, nil, "t"); err != nil {
		t.Fatal(err)
	}
	if err := adm.CommitAllOffsets(within(t), "g", kadm.Offsets{"t": {0: {Topic: "t", At: 7}}}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(b.opts.DataDir, groupsLog))
	if err != nil {
		t.Fatal(err)
	}
	entries := groupEntries(append(raw, 1, 2, 3))
	total := 0
	for _, e := range entries {
		total += len(e.raw)
	}
	if len(entries) == 0 || total != len(raw) || entries[len(entries)-1].groupEntry != (groupEntry{"commit", "g", "t", 0}) {
		t.Errorf("%+v of %q", entries, raw)
	}
	ours, err := groupEntry{Type: "delete", Group: "g", Topic: "t", Partition: 3}.append(nil)
	if err != nil {
		t.Fatal(err)
	}
	var back groupEntry
	if err := json.Unmarshal(ours[entryHead:], &back); err != nil || len(groupEntries(ours)) != 1 || back.Partition != 3 {
		t.Errorf("%q, %v", ours, err)
	}
}

// again closes a broker, and starts another one on its data.
func again(t *testing.T, b *Broker) *Broker {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return start(t, Options{DataDir: b.opts.DataDir})
}
