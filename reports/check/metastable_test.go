package check

import (
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

func TestNotMetastable(t *testing.T) { testSmall(t, metastableCases) }

// within1 is the synchronous system, which must recover in a second.
func within1() history.Header {
	return with(synchronous(), func(h *history.Header) { h.Require.Recovery = breakwater.Duration(time.Second) })
}

// load is a run of 20 requests a second up to an instant, with a fault from 1 s to
// 2 s, in which of those scheduled in [from, until) each n-th is ok; of none with 0.
func load(end, from, until time.Duration, n int) events {
	all := events{fault("analytics/1", time.Second, 2*time.Second)}
	for i := 0; time.Duration(i)*50*ms < end; i++ {
		at, o := time.Duration(i)*50*ms, history.OK
		if from <= at && at < until && (n == 0 || i%n > 0) {
			o = history.Unknown
		}
		all = append(all, request("u"+at.String(), at, o))
	}
	return all
}

// second makes the n-th fault of a case one that was never seen to be gone.
func unseen(all events) events {
	return append(all, fault("email/1", 1500*ms, 0))
}

var metastableCases = []small{
	{"down for good", breakwater.NotMetastable, within1(), load(6*time.Second, time.Second, 6*time.Second, 5), Broken, []string{"u3.05s", "u3.1s", "u3.15s", "u3.2s", "u3.3s"}, "20 % ok (12 of 60) from when the fault was gone to the end of the load 3 s later, 100 % before: 48 unanswered; such as u3.05s, u3.1s, u3.15s, u3.2s, u3.3s"},
	{"and its publisher says nothing more", breakwater.NotMetastable, with(within1(), func(h *history.Header) { h.Services[0].Needs = historytest.Needs("kafka") }),
		append(load(6*time.Second, time.Second, 6*time.Second, 5), by("registration/1", published(record("u1s", 7), 2100*ms))), Broken, []string{"u3.05s", "u3.1s", "u3.15s", "u3.2s", "u3.3s"}, "registration published last at 2.1 s (acknowledged by the broker), and nothing since"},
	{"back at once", breakwater.NotMetastable, within1(), load(6*time.Second, time.Second, 2*time.Second, 5), Holds, nil, "ok again after the fault"},
	{"back, if late", breakwater.NotMetastable, within1(), load(7*time.Second, time.Second, 5*time.Second, 5), Holds, nil, ""},
	{"never down", breakwater.NotMetastable, within1(), load(6*time.Second, 0, 0, 0), Holds, nil, ""},
	{"down before as after", breakwater.NotMetastable, within1(), load(6*time.Second, 0, 6*time.Second, 2), Holds, nil, ""},
	{"never ok before", breakwater.NotMetastable, within1(), load(6*time.Second, 0, 6*time.Second, 0), Unknown, nil, "was never ok before the fault"},
	{"the load ended too soon", breakwater.NotMetastable, within1(), load(3500*ms, time.Second, 6*time.Second, 5), Unknown, nil, "which is sooner than 1 s"},
	{"the load ended before the default", breakwater.NotMetastable, synchronous(), load(9*time.Second, time.Second, 9*time.Second, 5), Unknown, nil, "which is sooner than 10 s"},
	{"no load after the fault", breakwater.NotMetastable, within1(), load(2*time.Second, time.Second, 2*time.Second, 5), Unknown, nil, "the load did not go on"},
	{"another fault that was never seen to be gone", breakwater.NotMetastable, within1(), unseen(load(6*time.Second, time.Second, 6*time.Second, 5)), Unknown, nil, "not every fault was seen to be gone"},
	{"back though it was not", breakwater.NotMetastable, within1(), unseen(load(6*time.Second, time.Second, 2*time.Second, 5)), Holds, nil, ""},
	{"no witness", breakwater.NotMetastable, within1(), append(load(6*time.Second, time.Second, 6*time.Second, 5)[1:], fault("analytics/1", time.Second, 0)), Unknown, nil, "no fault was witnessed"},
	{"nothing was broken", breakwater.NotMetastable, within1(), load(6*time.Second, time.Second, 6*time.Second, 5)[1:], NotAsked, nil, ""},
	{"no load", breakwater.NotMetastable, within1(), events{fault("analytics/1", time.Second, 2*time.Second)}, Unknown, nil, "there was no load"},
}
