package historytest

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// Topics of [Pipeline] beside [Topic].
const (
	Retries     = "email-retry"
	DeadLetters = "email-dead"
	Invoices    = "invoices"
)

// What Pipeline's email service promises, and Fatal, the class of failure that it
// does not try again.
const (
	MaxAttempts = 3
	Backoff     = 200 * time.Millisecond
	Fatal       = "no such address"
)

// Pipeline is a healthy run of a system that keeps things whole in every way
// there is, with a fault that it survives:
//
//   - registration writes users and an outbox, whose relay publishes to [Topic];
//   - email retries later what fails and gives up what goes on failing: of the
//     registrations each 20th fails once, each 30th three times and each 40th for
//     good. The first dead letter is redriven, and then takes effect;
//   - billing transfers every event to [Invoices] in transactions, each over two
//     partitions where there are several. Each tenth is aborted and done again.
//     billing/1 is killed with one open, which its next start aborts;
//   - stats counts the events of each key, its positions beside the counts.
func Pipeline(o Options) history.Log {
	o = o.withDefaults()
	h := o.header("outbox-to-ledger-kill-billing", "")
	h.Services = []breakwater.Service{
		{Name: "registration", Needs: Needs("database", "kafka"), Ledger: ledger("users"), Outbox: Topic, PublishesOnce: true},
		{Name: "email", Needs: Needs("kafka", "mailbox"), Group: "email", Ledger: ledger("mailbox"),
			DeadLetter: &breakwater.DeadLetter{Topic: DeadLetters, Retry: []string{Retries}, MaxAttempts: MaxAttempts, Backoff: breakwater.Duration(Backoff), Fatal: []string{Fatal}}},
		{Name: "billing", Needs: Needs("kafka"), Group: "billing", Output: Invoices, ExactlyOnce: true, TransactionTimeout: breakwater.Duration(2 * time.Second)},
		{Name: "stats", Needs: Needs("database", "kafka"), Group: "stats", Offsets: "sink", Ledger: ledger("stats-db")},
	}
	h.Services[3].Ledger.Projection = breakwater.CountByKey

	g := &pipeline{
		generator: generator{Options: o, rng: rand.New(rand.NewPCG(o.Seed, 3)), arrivals: map[int32][]arrival{}},
		ends:      map[history.Partition]int64{}, sequences: map[history.Partition]int32{}, deadLetters: map[string]bool{},
	}
	g.load(func(id, key string, at time.Duration) time.Duration {
		g.effect("users", id, key, at+time.Millisecond, true)
		g.publish(id, key, at+20*time.Millisecond)
		return 3 * time.Millisecond
	})
	g.redrive()
	for p := range o.Partitions {
		g.email(p)
		g.bill(p)
		g.count(p)
	}
	if !o.NoFault {
		kill, back := g.killed()
		g.fault("kill billing", breakwater.Kill("billing/1"), "billing/1", kill-time.Millisecond, back)
		g.add(history.Event{Kind: history.Process, Client: "billing/1", Name: history.Exited, At: kill})
		g.add(history.Event{Kind: history.Process, Client: "billing/1", Name: history.Ready, At: back + 15*time.Millisecond})
	}
	g.transfer()
	g.samples(g.end(), "email", "billing")
	g.states()
	g.audit()
	return Log(h, g.events...)
}

type pipeline struct {
	generator
	ends        map[history.Partition]int64 // of the topics beside Topic
	sequences   map[history.Partition]int32
	audits      []history.Event
	transfers   []transfer
	deadLetters map[string]bool // ids given up
	counted     map[string]map[string]bool
}

func (g *pipeline) end() time.Duration { return 4 * g.Phase }

// killed is when billing/1 is killed and when it is back.
func (g *pipeline) killed() (kill, back time.Duration) {
	return g.Phase + 30*time.Millisecond, g.Phase + min(g.Phase/5*2, 2*time.Second)
}

// nth is the number of a registration, from 1.
func nth(id string) int {
	n, _ := strconv.Atoi(id[len(id)-6:])
	return n
}

// failures is how often the mail for an id fails, and as what.
func failures(id string) (times int, class string) {
	switch n := nth(id); {
	case n%40 == 39:
		return MaxAttempts, Fatal
	case n%30 == 17:
		return MaxAttempts, "mailbox full"
	case n%20 == 5:
		return 1, "try later"
	}
	return 0, ""
}

// redrive publishes the first id that will be given up once more, when the fault
// is over.
func (g *pipeline) redrive() {
	for p := range g.Partitions {
		for _, a := range g.arrivals[p] {
			if _, class := failures(a.id); class != Fatal || a.at > g.Phase {
				continue
			}
			records := g.arrivals[p]
			at := 3*g.Phase + 50*time.Millisecond
			again := arrival{at: at, offset: records[len(records)-1].offset + 1, id: a.id, key: a.key}
			g.arrivals[p] = append(records, again)
			g.add(batch(history.Event{Client: "kit", Topic: Topic, Partition: p, Offset: again.offset, Count: 1, ProducerID: 8, At: at - 2*time.Millisecond, End: at, Outcome: history.OK}, a.id))
			return
		}
	}
}

// put appends one record to a topic beside Topic, and is when that was answered.
func (g *pipeline) put(client, topic string, p int32, a arrival, deadLetter *history.DeadLetterRecord, at time.Duration) arrival {
	in := history.Partition{Topic: topic, Partition: p}
	e := batch(history.Event{Client: client, Topic: topic, Partition: p, Offset: g.ends[in], Count: 1,
		ProducerID: 20, Sequence: g.sequences[in], At: at, End: at + time.Millisecond, Outcome: history.OK}, a.id)
	g.ends[in]++
	g.sequences[in]++
	g.add(e)
	g.audits = append(g.audits, history.Event{Kind: history.Audit, Topic: topic, Partition: p, Offset: e.Offset, ID: a.id, Key: a.key,
		ProducerID: e.ProducerID, Sequence: e.Sequence, DeadLetter: deadLetter})
	return arrival{at: e.End, offset: e.Offset, id: a.id, key: a.key}
}

// reader is one member of a group that owns a partition for a while.
type reader struct {
	group, client, topic string
	partition            int32
	generation           int32
	from, until          time.Duration
	committed            int64 // -1 for none

	work   func(batch []arrival, now time.Duration) time.Duration // is when it was done
	commit func(history.Event)                                    // given with Offset and At

	next int // of the records
	now  time.Duration
}

func (r *reader) event(kind history.Kind, at time.Duration) history.Event {
	return history.Event{Kind: kind, At: at, Client: r.client, Group: r.group, Member: "m-" + r.client, Generation: r.generation, Topic: r.topic, Partition: r.partition}
}

// start takes up the partition.
func (g *pipeline) start(r *reader, records []arrival) {
	assign := r.event(history.Assign, r.from)
	assign.Name = history.Assigned
	g.add(assign)
	resume := r.event(history.Resume, r.from+time.Millisecond)
	resume.End, resume.Committed, resume.Offset = resume.At+time.Millisecond, r.committed, max(r.committed, 0)
	g.add(resume)
	r.now = r.from + 2*time.Millisecond
	for r.next < len(records) && records[r.next].offset < resume.Offset {
		r.next++
	}
}

// ready is when the next batch is worked on, and false when there is none.
func (r *reader) ready(records []arrival) (time.Duration, bool) {
	if r.next == len(records) {
		return 0, false
	}
	at := max(r.now, records[r.next].at+10*time.Millisecond)
	return at, at < r.until
}

// step works on the next batch.
func (g *pipeline) step(r *reader, records []arrival) {
	now, _ := r.ready(records)
	to := r.next + 1
	for to < len(records) && to-r.next < 50 && records[to].at < now {
		to++
	}
	fetched := r.event(history.Fetched, now)
	fetched.Offset, fetched.Last, fetched.Count = records[r.next].offset, records[to-1].offset, int32(to-r.next)
	g.add(fetched)
	now = r.work(records[r.next:to], now)
	commit := r.event(history.Commit, now+2*time.Millisecond)
	commit.Offset = records[to-1].offset + 1
	r.commit(commit)
	r.committed, r.now, r.next = commit.Offset, now+25*time.Millisecond, to
}

// read lets one member own one partition until it has nothing more to do.
func (g *pipeline) read(r *reader, records []arrival) {
	g.start(r, records)
	for {
		if _, more := r.ready(records); !more {
			return
		}
		g.step(r, records)
	}
}

// acknowledged commits to Kafka.
func (g *pipeline) acknowledged(commit history.Event) {
	commit.End, commit.Outcome = commit.At+g.between(1, 2), history.OK
	g.add(commit)
	g.commits = append(g.commits, commit)
}

// email reads one partition, and beside it what it retried later.
func (g *pipeline) email(p int32) {
	var putOff []arrival
	attempts, origin, done := map[string]int{}, map[string]int64{}, map[string]bool{}
	attempt := func(a arrival, now time.Duration) time.Duration {
		times, class := failures(a.id)
		if g.deadLetters[a.id] {
			times = 0 // it was redriven, with what was wrong put right
		}
		attempts[a.id]++
		n := attempts[a.id]
		g.effect("mailbox", a.id, a.key, now, n > times && !done[a.id])
		if n > times {
			done[a.id] = true
			return now
		}
		deadLetter := &history.DeadLetterRecord{Topic: Topic, Partition: p, Offset: origin[a.id], Error: class, Attempt: n}
		if n == MaxAttempts || class == Fatal {
			g.put("email/1", DeadLetters, p, a, deadLetter, now+time.Millisecond)
			g.deadLetters[a.id], attempts[a.id] = true, 0
		} else {
			later := g.put("email/1", Retries, p, a, deadLetter, now+time.Millisecond)
			later.at += Backoff
			putOff = append(putOff, later)
		}
		return now + 2*time.Millisecond
	}
	work := func(batch []arrival, now time.Duration) time.Duration {
		for _, a := range batch {
			now = attempt(a, now+g.between(0.2, 0.5))
		}
		return now + time.Millisecond
	}
	first := &reader{group: "email", client: "email/1", topic: Topic, partition: p, generation: 1, until: g.end(), committed: -1, commit: g.acknowledged,
		work: func(batch []arrival, now time.Duration) time.Duration {
			for _, a := range batch {
				origin[a.id] = a.offset
			}
			return work(batch, now)
		}}
	again := &reader{group: "email", client: "email/1", topic: Retries, partition: p, generation: 1, until: g.end(), committed: -1, commit: g.acknowledged, work: work}
	g.start(first, g.arrivals[p])
	g.start(again, nil)
	for {
		at, some := first.ready(g.arrivals[p])
		later, more := again.ready(putOff)
		switch {
		case more && (!some || later < at):
			g.step(again, putOff)
		case some:
			g.step(first, g.arrivals[p])
		default:
			return
		}
	}
}

// transfer is one of billing's transactions.
type transfer struct {
	at       time.Duration // of its writes
	producer int64
	epoch    int16
	name     string
	batch    []arrival
	from     int32
	commit   history.Event
	ends     string // commit | abort | "": it is left open
	fenced   time.Duration
}

// bill plans the transactions of one partition.
func (g *pipeline) bill(p int32) {
	name, n, epoch := "billing-"+strconv.Itoa(int(p)), 0, int16(0)
	fence := func(at time.Duration) {
		g.add(history.Event{Kind: history.Transaction, Client: "billing/1", Name: name, Value: history.Fences, ProducerID: 100 + int64(p), Epoch: epoch, At: at, End: at + time.Millisecond, Outcome: history.OK})
	}
	var batch []arrival
	r := &reader{group: "billing", client: "billing/1", topic: Topic, partition: p, generation: 1, until: g.end(), committed: -1,
		work: func(b []arrival, now time.Duration) time.Duration { batch = b; return now + 20*time.Millisecond }}
	plan := func(commit history.Event, ends string) {
		g.transfers = append(g.transfers, transfer{at: commit.At - 6*time.Millisecond, producer: 100 + int64(p), epoch: epoch, name: name, batch: batch, from: p, commit: commit, ends: ends})
	}
	r.commit = func(commit history.Event) {
		if n++; n%10 == 0 {
			aborted := commit
			aborted.At -= 10 * time.Millisecond
			plan(aborted, history.EndsInAbort)
			g.transfers[len(g.transfers)-1].at -= time.Millisecond
		}
		plan(commit, history.EndsInCommit)
	}
	fence(r.from)
	if g.NoFault {
		g.read(r, g.arrivals[p])
		return
	}
	kill, back := g.killed()
	r.until = kill - 60*time.Millisecond // what it begins before then it ends
	g.read(r, g.arrivals[p])
	// The one that is open when the process dies.
	records := g.arrivals[p]
	if next := slices.IndexFunc(records, func(a arrival) bool { return a.offset >= r.committed }); next >= 0 && records[next].at < kill {
		batch = records[next : next+1]
		plan(history.Event{At: kill}, "")
		g.transfers[len(g.transfers)-1].fenced = back + 25*time.Millisecond
	}
	epoch++
	fence(back + 25*time.Millisecond)
	r.from, r.until, r.generation = back+30*time.Millisecond, g.end(), 2
	g.read(r, records)
}

// transfer performs the transactions in order of time, so that their offsets
// are those that a broker would give.
func (g *pipeline) transfer() {
	slices.SortStableFunc(g.transfers, func(a, b transfer) int { return cmp.Compare(a.at, b.at) })
	type sequence struct {
		producer int64
		epoch    int16
		in       history.Partition
	}
	sequences := map[sequence]int32{}
	logs := map[history.Partition][]stand{}
	for _, t := range g.transfers {
		ended := t.commit.At + time.Millisecond
		outcome, kind := history.OK, history.Audit
		switch t.ends {
		case history.EndsInAbort:
			outcome, kind = history.Failed, history.Aborted
		case "":
			ended, kind = t.fenced, history.Aborted
		}
		split := (len(t.batch) + 1) / 2
		for i, part := range [][]arrival{t.batch[:split], t.batch[split:]} {
			if len(part) == 0 {
				continue
			}
			in := history.Partition{Topic: Invoices, Partition: (t.from + int32(i)) % g.Partitions}
			key := sequence{t.producer, t.epoch, in}
			e := batch(history.Event{Client: "billing/1", Topic: in.Topic, Partition: in.Partition, Offset: g.ends[in], Count: int32(len(part)),
				ProducerID: t.producer, Epoch: t.epoch, Sequence: sequences[key], Transactional: true, At: t.at, End: t.at + time.Millisecond, Outcome: history.OK}, part[0].id)
			g.add(e)
			sequences[key] += e.Count
			logs[in] = append(logs[in], stand{t.at, ended, g.ends[in], g.ends[in] + int64(len(part))})
			g.ends[in] += int64(len(part)) + 1 // and the marker
			for j, a := range part {
				g.audits = append(g.audits, history.Event{Kind: kind, Topic: in.Topic, Partition: in.Partition, Offset: e.Offset + int64(j), ID: a.id, Key: a.key,
					ProducerID: t.producer, Epoch: t.epoch, Sequence: e.Sequence + int32(j), Transactional: true})
			}
		}
		if t.ends == "" {
			continue
		}
		t.commit.Transactional, t.commit.ProducerID, t.commit.Epoch = true, t.producer, t.epoch
		t.commit.End, t.commit.Outcome = ended, outcome
		t.commit.At -= time.Millisecond
		g.add(t.commit)
		if outcome == history.OK {
			g.commits = append(g.commits, t.commit)
		}
		g.add(history.Event{Kind: history.Transaction, Client: "billing/1", Name: t.name, Value: t.ends, ProducerID: t.producer, Epoch: t.epoch, At: ended - time.Millisecond, End: ended, Outcome: history.OK})
	}
	for p := range g.Partitions {
		g.sampleLog(history.Partition{Topic: Invoices, Partition: p}, logs[history.Partition{Topic: Invoices, Partition: p}])
	}
}

// stand is a range of offsets that belongs to one transaction.
type stand struct {
	appended, ended time.Duration
	from, to        int64
}

// sampleLog reads the ends of a log that no group reads.
func (g *pipeline) sampleLog(in history.Partition, log []stand) {
	first := 0 // all before it have ended
	for at := time.Duration(0); at <= g.end(); at += 250 * time.Millisecond {
		for first < len(log) && log[first].ended <= at {
			first++
		}
		e := history.Event{Kind: history.Sample, At: at, Topic: in.Topic, Partition: in.Partition, Committed: -1}
		stable := int64(-1)
		for i := max(0, first-1); i < len(log) && log[i].appended <= at; i++ {
			e.HighWatermark = log[i].to
			if log[i].ended <= at {
				e.HighWatermark++
			} else if stable < 0 {
				stable = log[i].from
			}
		}
		e.LastStable = e.HighWatermark
		if stable >= 0 {
			e.LastStable = stable
		}
		g.add(e)
	}
}

// count is the projection of one partition.
func (g *pipeline) count(p int32) {
	if g.counted == nil {
		g.counted = map[string]map[string]bool{}
	}
	g.read(&reader{group: "stats", client: "stats/1", topic: Topic, partition: p, generation: 1, until: g.end(), committed: -1,
		work: func(batch []arrival, now time.Duration) time.Duration {
			now += 2 * time.Millisecond
			for _, a := range batch {
				if g.counted[a.key] == nil {
					g.counted[a.key] = map[string]bool{}
				}
				g.effect("stats-db", a.id, a.key, now, !g.counted[a.key][a.id])
				g.counted[a.key][a.id] = true
			}
			return now
		},
		commit: func(stored history.Event) {
			stored.At -= 2 * time.Millisecond // in the transaction of the effects
			stored.Sink, stored.End, stored.Outcome = "stats-db", stored.At, history.OK
			g.add(stored)
		}}, g.arrivals[p])
}

func (g *pipeline) states() {
	for _, key := range slices.Sorted(maps.Keys(g.counted)) {
		g.add(history.Event{Kind: history.State, At: g.end() + 20*time.Millisecond, Sink: "stats-db", Key: key, Value: strconv.Itoa(len(g.counted[key]))})
	}
}

func (g *pipeline) audit() {
	at := g.end() + 10*time.Millisecond
	for p := range g.Partitions {
		for i, a := range g.arrivals[p] {
			e := history.Event{Kind: history.Audit, Topic: Topic, Partition: p, Offset: a.offset, ID: a.id, Key: a.key, ProducerID: 7, Sequence: int32(i)}
			if a.at > 3*g.Phase+40*time.Millisecond {
				e.ProducerID, e.Sequence = 8, 0
			}
			g.audits = append(g.audits, e)
		}
	}
	for _, e := range g.audits {
		e.At = at
		g.add(e)
	}
}
