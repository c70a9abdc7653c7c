package embedded

import (
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// notServed are requests that kfake takes without doing what they ask for. They are not announced, so that clients say that the broker
// has not got it, or go another way, and wait for nothing.
var notServed = []kmsg.Key{
	// Share groups: members join, and are given no records.
	kmsg.ShareGroupHeartbeat, kmsg.ShareGroupDescribe, kmsg.ShareFetch, kmsg.ShareAcknowledge,
	kmsg.DescribeShareGroupOffsets, kmsg.AlterShareGroupOffsets, kmsg.DeleteShareGroupOffsets,
	// What clients tell of themselves: a Kafka without a receiver doesn't announce it either.
	kmsg.GetTelemetrySubscriptions, kmsg.PushTelemetry,
	// Kept, or only taken, without effect.
	kmsg.AlterReplicaLogDirs, kmsg.AlterClientQuotas, kmsg.AlterUserSCRAMCredentials, kmsg.UpdateFeatures,
}

// notThere are features that stand for requests that are not served.
var notThere = []string{"share.version", "streams.version"}

// served are the requests that are announced, in the versions of the newest released Kafka.
func served() *kversion.Versions {
	v := kversion.Stable()
	for _, k := range notServed {
		v.SetMaxKeyVersion(int16(k), -1)
	}
	return v
}
