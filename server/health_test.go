package server

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"weir/server/wire"
)

// health asks for the node's health, and for the failures that /info lists.
func health(t *testing.T, url string) (status int, h wire.Health, failed []wire.Failure) {
	t.Helper()
	status, body := send(t, "GET", url+"/healthcheck", "")
	if err := json.Unmarshal([]byte(body), &h); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	_, body = send(t, "GET", url+"/info", "")
	var info wire.Info
	if err := json.Unmarshal([]byte(body), &info); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return status, h, info.Server.Failed
}

// A query that does not get on is named and shows in the details, and the node is healthy all the same: starting it anew would not help. It is
// not healthy while the broker is away.
func TestHealth(t *testing.T) {
	e, cluster, broker := newNode(t)
	url := start(t, e, Options{})
	ksql(t, url, "CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1); CREATE STREAM o AS SELECT * FROM s;")
	if status, h, failed := health(t, url); status != 200 || !h.Healthy || h.State != wire.StateRunning || !h.Details["queries"].Healthy || len(failed) != 0 {
		t.Errorf("in good health: %d %+v, failed %v", status, h, failed)
	}
	if err := cluster.DeleteTopic(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		status, h, failed := health(t, url)
		if status != 200 || !h.Healthy || h.State != wire.StateRunning || !h.Details["kafka"].Healthy || !h.Details["commandRunner"].Healthy {
			t.Fatalf("with a query that does not get on: %d %+v", status, h)
		}
		if !h.Details["queries"].Healthy && len(failed) == 1 && failed[0].Name == "CSAS_O_2" && strings.Contains(failed[0].Reason, `"s" does not exist`) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the details are %+v, and failed are %+v", h.Details, failed)
		}
	}
	ksql(t, url, "TERMINATE CSAS_O_2;")
	if status, h, failed := health(t, url); status != 200 || !h.Details["queries"].Healthy || len(failed) != 0 {
		t.Errorf("without the query: %d %+v, failed %v", status, h, failed)
	}
	if err := broker.Close(); err != nil {
		t.Fatal(err)
	}
	if status, h, _ := health(t, url); status != 503 || h.Healthy || h.State != wire.StateError || h.Details["kafka"].Healthy || !h.Details["commandRunner"].Healthy {
		t.Errorf("without a broker: %d %+v", status, h)
	}
}
