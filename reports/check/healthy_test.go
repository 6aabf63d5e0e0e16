package check

import (
	"testing"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

func verdict(t *testing.T, log history.Log, guarantee string) Verdict {
	t.Helper()
	for _, v := range Judge(log, All()) {
		if v.Guarantee == guarantee {
			return v
		}
	}
	t.Fatalf("there is no guarantee %q", guarantee)
	return Verdict{}
}

// A healthy run satisfies every guarantee that is asked of it: no false alarm.
func TestHealthy(t *testing.T) {
	notAsked := map[string][]string{
		"sync": {NoLostInLog, ResumeAtCommitted, ExplainedRedelivery, CommitAfterEffect},
	}
	for name, run := range map[string]func(historytest.Options) history.Log{"event": historytest.Event, "sync": historytest.Sync} {
		for seed := range uint64(30) {
			for _, v := range Judge(run(historytest.Options{Seed: seed, Rate: 20 + 10*int(seed%5), Partitions: 1 + int32(seed%4)}), All()) {
				want := Holds
				for _, g := range notAsked[name] {
					if g == v.Guarantee {
						want = NotAsked
					}
				}
				if v.Status != want {
					t.Errorf("%s, seed %d: %s is %s, want %s: %s %+v", name, seed, v.Guarantee, v.Status, want, v.Why, v.Anomalies)
				}
				if seed == 0 {
					t.Logf("%s: %s %s: %s", name, v.Guarantee, v.Status, v.Why)
				}
			}
		}
	}
}
