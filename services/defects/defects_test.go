package defects_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/defects"
	"github.com/breakwater-kit/breakwater/services/internal/database"
	"github.com/breakwater-kit/breakwater/services/internal/event"
	"github.com/breakwater-kit/breakwater/services/internal/kafkatest"
	"github.com/breakwater-kit/breakwater/services/internal/servicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const deadLetters, retries = "dead", "retries"

// The right services that the defects stand for.
var (
	plain      = func(*analytics.Config) {}
	auto       = func(c *analytics.Config) { c.Loop = analytics.AutoCommit }
	inSink     = func(c *analytics.Config) { c.Positions = analytics.NewPositions(*c) }
	deadLetter = func(c *analytics.Config) { c.DeadLetter.Topic = deadLetters }
	putOff     = func(c *analytics.Config) {
		c.DeadLetter = analytics.DeadLetter{Topic: deadLetters, RetryTopics: []string{retries}, MaxAttempts: 2, Backoff: time.Second}
	}
)

// Each defect takes effect under the smallest disturbance that it needs, and the right
// service has nothing to show for the same one.
func TestDefects(t *testing.T) {
	cases := map[string]struct {
		standsFor func(*analytics.Config)
		disturb   func(*world)
		want      string // among the anomalies
	}{
		"commit-before-processing":              {plain, databaseIsDownDuringARestart, "e1 lost"},
		"workers-with-auto-commit":              {auto, databaseIsDownDuringARestart, "e1 lost"},
		"commit-past-failure":                   {plain, databaseIsDownDuringARestart, "e1 lost"},
		"error-swallowed":                       {deadLetter, poisonRecord, "poison has 0 letters"},
		"no-deduplication":                      {plain, crashBeforeTheCommit, "e1 recorded 2 times"},
		"deduplication-in-memory":               {plain, crashBeforeTheCommit, "e1 recorded 2 times"},
		"effect-and-dedupe-in-two-transactions": {plain, nextTransactionFails, "e1 recorded 2 times"},
		"start-at-latest":                       {plain, eventsAreThereBefore, "e1 lost"},
		"retry-forever":                         {deadLetter, poisonRecord, "e2 lost"},
		"dead-letter-without-origin":            {deadLetter, poisonRecord, "letter of poison has no origin"},
		"dead-letter-of-unanswered":             {putOff, answerIsLost, "e1 was given up"},
		"dead-letter-then-commit":               {deadLetter, crashAfterTheLetter, "poison has 2 letters"},
		"unfenced-offsets":                      {inSink, freeze, "position fell"},
		"seek-to-end-on-rebalance":              {plain, restartWithABacklog, "e2 lost"},
		"skip-first-after-rebalance":            {plain, restartWithABacklog, "e2 lost"},
		"read-uncommitted":                      {plain, abortedTransaction, "aborted took effect"},
	}
	if got, want := slices.Sorted(maps.Keys(cases)), slices.Sorted(maps.Keys(defects.Analytics)); !slices.Equal(got, want) {
		t.Fatalf("tested are %v, and there are %v", got, want)
	}
	for defect, c := range cases {
		t.Run(defect, func(t *testing.T) {
			for name, plant := range map[string]func(*analytics.Config){"right": plain, "defect": defects.Analytics[defect]} {
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t, c.standsFor, plant)
						c.disturb(w)
						time.Sleep(10 * time.Second) // virtual: for all that is to come
						got := w.anomalies()
						t.Logf("anomalies: %q", got)
						if name == "right" && len(got) > 0 || name == "defect" && !slices.Contains(got, c.want) {
							t.Errorf("%s: anomalies %q; the defect is to show as %q", name, got, c.want)
						}
					})
				})
			}
		})
	}
}

func databaseIsDownDuringARestart(w *world) {
	first := w.start("1")
	w.WaitMembers("analytics", 1)
	first.gate.set(func(string) error { return errors.New("database is down") })
	w.publish("e1")
	time.Sleep(3 * time.Second)
	first.stop()
	w.start("2")
}

func crashBeforeTheCommit(w *world) {
	refuse := w.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Topic: w.Topic, Err: kerr.InvalidCommitOffsetSize, Count: -1})
	first := w.start("1")
	w.publish("e1")
	time.Sleep(time.Second)
	first.stop()
	refuse.Remove()
	w.start("2")
}

// What comes next, after e1 was recorded, fails once.
func nextTransactionFails(w *world) {
	recorded, failed := false, false
	w.start("1").gate.set(func(sql string) error {
		switch {
		case strings.Contains(sql, "INTO events"):
			recorded = true
		case recorded && !failed && (sql == "BEGIN" || strings.Contains(sql, "INTO seen")):
			failed = true
			return errors.New("connection reset")
		}
		return nil
	})
	w.publish("e1", "e2")
}

// What was asked for e1 is done and nobody hears of it, for the database is gone, and
// stays so for longer than e1 is tried.
func answerIsLost(w *world) {
	gone := false
	first := w.start("1")
	first.gate.set(func(sql string) error {
		switch {
		case sql == "COMMITTED":
			gone = true
			return &database.UnansweredError{Err: io.ErrUnexpectedEOF}
		case gone:
			return errors.New("database is down")
		}
		return nil
	})
	w.publish("e1")
	time.Sleep(5 * time.Second) // virtual
	first.gate.set(nil)
}

func eventsAreThereBefore(w *world) {
	w.publish("e1")
	w.start("1")
	w.WaitMembers("analytics", 1)
	time.Sleep(time.Second)
	w.publish("e2")
}

func poisonRecord(w *world) {
	w.start("1")
	w.publish("e1", "poison", "e2")
}

// The dead letter is in the log, and the commit behind it never arrives.
func crashAfterTheLetter(w *world) {
	net := kafkatest.NewSwitch(w.Dial)
	dead := w.TopicInfo(deadLetters).TopicID
	crashed, deadLetterRecord := make(chan struct{}), false
	w.Control(func(request kmsg.Request) (kmsg.Response, error, bool) {
		w.KeepControl()
		switch r := request.(type) {
		case *kmsg.ProduceRequest:
			deadLetterRecord = deadLetterRecord || r.Topics[0].Topic == deadLetters || r.Topics[0].TopicID == dead
		case *kmsg.OffsetCommitRequest, *kmsg.AddOffsetsToTxnRequest, *kmsg.TxnOffsetCommitRequest:
			if deadLetterRecord {
				w.DropControl()
				net.Silence()
				close(crashed)
				return nil, errors.New("never arrived"), true
			}
		}
		return nil, nil, false
	})
	first := w.start("1", func(c *analytics.Config) { c.Dial = net.Dial })
	w.publish("e1", "poison", "e2")
	<-crashed
	first.stop()
	net.Restore()
	w.start("1")
}

// The first instance is frozen with e2 in hand until its heir has done all.
func freeze(w *world) {
	net := kafkatest.NewSwitch(w.Dial)
	first := w.start("1", func(c *analytics.Config) { c.Dial = net.Dial })
	w.publish("e1")
	w.waitRecorded(1)
	frozen, wake := make(chan struct{}), make(chan struct{})
	first.gate.set(func(string) error {
		first.gate.set(nil)
		net.Silence()
		close(frozen)
		<-wake
		return nil
	})
	w.publish("e2")
	<-frozen
	w.start("2")
	w.publish("e3")
	w.waitRecorded(3)
	net.Restore()
	close(wake)
}

func restartWithABacklog(w *world) {
	first := w.start("1")
	w.publish("e1")
	time.Sleep(time.Second)
	first.stop()
	w.publish("e2", "e3")
	w.start("2")
}

func abortedTransaction(w *world) {
	w.start("1")
	producer, err := kgo.NewClient(kgo.SeedBrokers(w.Brokers...), kgo.Dialer(w.Dial), kgo.TransactionalID("producer"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer producer.Close()
	record := event.Event{ID: "aborted", UserID: "u1", Action: "registered"}.Record(w.Topic)
	if err := errors.Join(producer.BeginTransaction(), producer.ProduceSync(w.t.Context(), record).FirstErr(),
		producer.EndTransaction(w.t.Context(), kgo.TryAbort)); err != nil {
		w.t.Fatal(err)
	}
	w.publish("e1")
}

// world is a broker with one partition, a database, and instances of one
// service, in virtual time.
type world struct {
	*kafkatest.Kafka
	t         *testing.T
	standsFor func(*analytics.Config)
	plant     func(*analytics.Config)
	path      string // of the database
	published []string
	ports     int
}

func newWorld(t *testing.T, standsFor, plant func(*analytics.Config)) *world {
	return &world{
		Kafka: kafkatest.Virtual(t, 1, deadLetters, retries), t: t, standsFor: standsFor, plant: plant,
		path: filepath.Join(t.TempDir(), "analytics.db"),
	}
}

type instance struct {
	gate *gate
	stop func()
}

func (w *world) start(name string, change ...func(*analytics.Config)) *instance {
	w.t.Helper()
	i := &instance{gate: &gate{}}
	db := i.gate.open(w.path)
	w.t.Cleanup(func() { db.Close() })
	w.ports++
	listener, err := w.Listen("tcp", fmt.Sprintf("localhost:%d", 80+w.ports))
	if err != nil {
		w.t.Fatal(err)
	}
	config := analytics.Config{
		Listener: listener, DB: db, Dial: w.Dial, Log: slog.New(slog.DiscardHandler),
		Consumer: analytics.Consumer{Brokers: w.Brokers, Topic: w.Topic, ClientID: name},
	}
	w.standsFor(&config)
	for _, f := range change {
		f(&config)
	}
	w.plant(&config)
	service, err := analytics.New(config)
	if err != nil {
		w.t.Fatal(err)
	}
	i.stop = servicetest.Run(w.t, service)
	return i
}

// publish appends events with these ids; that of poison has an action that the
// service does not know.
func (w *world) publish(ids ...string) {
	for _, id := range ids {
		e := event.Event{ID: id, UserID: "u1", Action: "registered"}
		if id == "poison" {
			e.Action = "corrupt"
		}
		w.PutEvent(0, e)
		w.published = append(w.published, id)
	}
}

// waitRecorded waits until n rows of events are there.
func (w *world) waitRecorded(n int) {
	w.t.Helper()
	for began := time.Now(); len(w.rows("SELECT id, '' FROM events")) < n; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			w.t.Fatalf("not %d events after a minute", n)
		}
	}
}

// rows are what a query of two columns finds; none while its table is missing.
func (w *world) rows(query string) (all [][2]string) {
	w.t.Helper()
	db := (&gate{}).open(w.path)
	defer db.Close()
	rows, err := db.Query(query)
	if err != nil {
		if !strings.Contains(err.Error(), "no such table") {
			w.t.Fatal(err)
		}
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var row [2]string
		if err := rows.Scan(&row[0], &row[1]); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, row)
	}
	return all
}

// anomalies are all that is wrong, sorted.
func (w *world) anomalies() (all []string) {
	deadLetterRecords := map[string]int{}
	for _, r := range w.Read(deadLetters, 0) {
		e, err := event.FromRecord(r)
		if err != nil {
			w.t.Error(err)
		}
		deadLetterRecords[e.ID]++
		if e.ID != "poison" {
			all = append(all, e.ID+" was given up")
		}
		if !slices.ContainsFunc(r.Headers, func(h kgo.RecordHeader) bool { return h.Key == "origin-offset" }) {
			all = append(all, fmt.Sprintf("letter of %s has no origin", e.ID))
		}
	}
	recorded := map[string]int{}
	for _, row := range w.rows("SELECT id, '' FROM events") {
		recorded[row[0]]++
	}
	for id, n := range recorded {
		switch {
		case !slices.Contains(w.published, id):
			all = append(all, id+" took effect")
		case n > 1:
			all = append(all, fmt.Sprintf("%s recorded %d times", id, n))
		}
	}
	handsOver := analytics.Config{}
	w.standsFor(&handsOver)
	for _, id := range w.published {
		switch {
		case id != "poison" && recorded[id]+deadLetterRecords[id] == 0:
			all = append(all, id+" lost")
		case id == "poison" && handsOver.DeadLetter.Topic != "" && deadLetterRecords[id] != 1:
			all = append(all, fmt.Sprintf("poison has %d letters", deadLetterRecords[id]))
		}
	}
	if handsOver.Positions != nil {
		var last [2]string // padded, so that they compare as numbers do
		for _, row := range w.rows("SELECT printf('%09d', next_offset), printf('%09d', epoch) FROM positions ORDER BY seq") {
			if row[0] < last[0] {
				all = append(all, "position fell")
			}
			if row[1] < last[1] {
				all = append(all, "epoch of a position fell")
			}
			last = row
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
