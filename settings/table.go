package settings

import (
	"iter"
	"slices"
)

// single are those of no family.
var single = []Setting{
	OffsetReset, Buffering, CommitInterval, IdleUpstream, TaskIdle, WaitUpstream, WaitBytes, IdleClose, SampleRecords, SampleBytes, OnLostRecords, ListLimit, SetLimit, CreateOrReplace, KeepSourceTables, KeylessTables, TopicPrefix, MakeTopics, TopicPartitions,
	KeyFormat, ValueFormat, WrapSingles, PullLimit, PullRange, PullTable, ScalableIDs,
	MaxPushQueries, CommandTimeout, StateMemory, WaitMemory, Replicas,
	MaxValueBytes, MaxRowBytes, MaxRowSteps, MaxRowWindows, MaxPartitions, MaxQueryBytes, MaxCommitBytes, MaxWasmFile, MaxWasmMemory, MaxWasmTime, MaxBatchBytes,
	Brokers, KafkaWait, SchemaRegistry, ConnectURL, ConnectTimeout, DataDir, Listen, TLSCertificate, TLSKey, KafkaListen, KafkaAdvertise, KafkaAutoCreate, KafkaRetention, KafkaRetentionBytes, KafkaMaxBytes, RegistryListen, LogLevel, ServiceID, MaxRequestBytes, MaxPostedBytes, MaxIdempotencyKeys, MaxConnections, MaxStreams, MaxPendingBytes, WriteTimeout, Heartbeat, Tokens, Hosts, Origins, WWW, FileRoot, FunctionsDir, GeoIPFiles,
}

// table is all of them, in the order of the documentation.
var table = func() []Setting {
	out := slices.Clone(single)
	for _, f := range Families() {
		for _, s := range f.members {
			out = append(out, s)
		}
	}
	return out
}()

// All are all settings.
func All() iter.Seq[Setting] {
	return func(yield func(Setting) bool) {
		for _, s := range table {
			if !yield(s) {
				return
			}
		}
	}
}

// Flags are those that have a flag.
func Flags() []Setting {
	var out []Setting
	for _, s := range table {
		if s.About().Flag != "" {
			out = append(out, s)
		}
	}
	return out
}
