// Package historytest makes histories for tests: a realistic healthy run, and
// edits of it. Tests of judges and renderers share it; nothing else imports it.
package historytest

import (
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

const (
	// Topic is the topic of the event contender's events.
	Topic = "user-events"
	// Killed is the consumer that the event contender's fault kills.
	Killed = "analytics/1"

	producerID = 7 // of the one idempotent producer
)

// Options of a healthy run. Zero values take the defaults named.
type Options struct {
	Seed       uint64
	Rate       int           // registrations a second, 40; GET /catalog comes as often
	Partitions int32         // 3
	Phase      time.Duration // length of before, during, after and drain, 4 s each
	NoFault    bool          // nothing is broken
	Refused    int           // one registration in so many is refused and has no effect; 0: none
}

func (o Options) withDefaults() Options {
	if o.Rate == 0 {
		o.Rate = 40
	}
	if o.Partitions == 0 {
		o.Partitions = 3
	}
	if o.Phase == 0 {
		o.Phase = 4 * time.Second
	}
	return o
}

func (o Options) header(trial, contender string) history.Header {
	h := history.Header{
		Schema: history.Schema, Trial: trial, World: "local", Contender: contender,
		Base: time.Date(2026, 11, 23, 14, 2, 0, 0, time.UTC), Clock: "CLOCK_MONOTONIC",
		Scenario: breakwater.Scenario{
			Topic: breakwater.Topic{Name: Topic, IDHeader: "event-id"},
			Require: breakwater.Require{
				MinOperations: 10, Recovery: breakwater.Duration(10 * time.Second), Availability: 0.99,
				Operation: "POST /register", Unrelated: "GET /catalog", Amplification: 1.5,
				MaxLateness: breakwater.Duration(50 * time.Millisecond), Deadline: breakwater.Duration(o.Phase),
			},
		},
		Ledgers: map[string]history.Reading{},
	}
	for _, sink := range []string{"mailbox", "analytics-db", "redis", "users", "stats-db"} {
		h.Ledgers[sink] = history.Reading{Skew: time.Millisecond}
	}
	for i, name := range []string{breakwater.Before, breakwater.During, breakwater.After, breakwater.Drain} {
		h.Phases = append(h.Phases, history.Phase{Name: name, Start: time.Duration(i) * o.Phase, End: time.Duration(i+1) * o.Phase})
	}
	return h
}

func ledger(sink string) *breakwater.Ledger {
	return &breakwater.Ledger{Sink: sink, Once: true, Attempts: "attempts"}
}

// Needs are those of a service.
func Needs(names ...string) (needs []breakwater.Need) {
	for _, name := range names {
		needs = append(needs, breakwater.Need{To: name})
	}
	return needs
}

// Event is a healthy run of the event contender. registration publishes to
// three groups; analytics/1 is killed while its commit is on the way, its
// partitions go to analytics/2 when the session ends, and it comes back. The
// uncommitted tail is delivered again and every sink deduplicates. Offsets have
// gaps as control records leave them.
func Event(o Options) history.Log {
	o = o.withDefaults()
	h := o.header("replay-e2-kill-event", "event")
	h.Require.Replay = !o.NoFault
	settings := map[string]string{"session time-out": "1 s", "heartbeat": "200 ms", "offsets": "committed after the effect"}
	h.Services = []breakwater.Service{
		{Name: "registration", Needs: Needs("kafka")},
		{Name: "email", Needs: Needs("kafka", "mailbox"), Group: "email", Ledger: ledger("mailbox"), Settings: settings},
		{Name: "analytics", Instances: 2, Needs: Needs("kafka", "database"), Group: "analytics", Ledger: ledger("analytics-db"), Settings: settings},
		{Name: "cache", Needs: Needs("kafka", "redis"), Group: "cache", Ledger: ledger("redis"), Settings: settings},
	}
	g := &generator{Options: o, rng: rand.New(rand.NewPCG(o.Seed, 1)), arrivals: map[int32][]arrival{}}
	g.load(func(id, key string, at time.Duration) time.Duration { return g.publish(id, key, at) })

	end := 4 * o.Phase
	for p := range o.Partitions {
		whole := []hold{{from: 0, until: end, member: "m1", generation: 1}}
		g.consume("email", "email/1", "mailbox", p, whole)
		g.consume("cache", "cache/1", "redis", p, whole)
	}
	g.analytics(end)
	g.samples(end, "email", "analytics", "cache")
	for p := range o.Partitions {
		for _, a := range g.arrivals[p] {
			g.add(history.Event{Kind: history.Audit, At: end + 10*time.Millisecond, Topic: Topic, Partition: p, Offset: a.offset, ID: a.id, Key: a.key, ProducerID: producerID, Sequence: a.sequence})
		}
	}
	return Log(h, g.events...)
}

// Sync is a healthy run of a synchronous contender: registration calls email,
// analytics and cache, email calls the mailbox, and a latency of 20 ms between
// those two does no harm.
func Sync(o Options) history.Log {
	o = o.withDefaults()
	h := o.header("cascade-s3-latency-sync", "sync-fanout")
	h.Services = []breakwater.Service{
		{Name: "registration", Needs: Needs("email", "analytics", "cache")},
		{Name: "email", Needs: Needs("mailbox"), Ledger: ledger("mailbox")},
		{Name: "analytics", Needs: Needs("database"), Ledger: ledger("analytics-db")},
		{Name: "cache", Needs: Needs("redis"), Ledger: ledger("redis")},
		{Name: "mailbox"},
	}
	g := &generator{Options: o, rng: rand.New(rand.NewPCG(o.Seed, 2))}
	if !o.NoFault {
		g.fault("slow mail", breakwater.Latency(breakwater.Edge("email", "mailbox"), 20*time.Millisecond, 0), "email/1", o.Phase, 2*o.Phase)
	}
	g.load(func(id, key string, at time.Duration) time.Duration {
		mail := g.between(1, 3)
		if !o.NoFault && at >= o.Phase && at < 2*o.Phase {
			mail += 20 * time.Millisecond
		}
		call := func(client, to, name string, at, took time.Duration) {
			g.add(history.Event{Kind: history.Call, Client: client, To: to, Name: name, ID: id, At: at, End: at + took, Outcome: history.OK, Status: 200})
		}
		for _, callee := range []struct{ name, route, sink string }{
			{"email", "POST /send-welcome", "mailbox"}, {"analytics", "POST /log-event", "analytics-db"}, {"cache", "POST /invalidate", "redis"},
		} {
			took := time.Millisecond
			if callee.name == "email" {
				took += mail
				call("email/1", "mailbox", "POST /messages", at+time.Millisecond, mail)
			}
			call("registration/1", callee.name, callee.route, at+500*time.Microsecond, took+time.Millisecond)
			g.effect(callee.sink, id, key, at+took, true)
		}
		return mail + 3*time.Millisecond
	})
	return Log(h, g.events...)
}

type generator struct {
	Options
	rng      *rand.Rand
	events   []history.Event
	arrivals map[int32][]arrival
	commits  []history.Event // acknowledged, for the samples
}

// arrival is one record of a partition.
type arrival struct {
	at       time.Duration
	offset   int64
	sequence int32
	id, key  string
}

// hold is a span in which one member owns a partition.
type hold struct {
	from, until time.Duration
	client      string
	member      string
	generation  int32
	killed      bool // ends with the process, not with a revocation
}

func (g *generator) add(e history.Event) { g.events = append(g.events, e) }

func (g *generator) between(from, to float64) time.Duration {
	return time.Duration((from + g.rng.Float64()*(to-from)) * float64(time.Millisecond))
}

func (g *generator) fault(name string, f breakwater.Fault, instance string, at, end time.Duration) {
	g.add(history.Event{Kind: history.Fault, Name: name, At: at, End: end, Fault: &history.FaultRecord{
		Fault: f, Instances: []string{instance}, Active: at + 5*time.Millisecond, Clear: end + 20*time.Millisecond,
		Evidence: []string{"probe saw it"},
	}})
}

// load sends registrations and catalog reads for three phases; register reports how
// long one registration takes.
func (g *generator) load(register func(id, key string, at time.Duration) time.Duration) {
	every := time.Second / time.Duration(g.Rate)
	for i := range int(3 * g.Phase / every) {
		scheduled := time.Duration(i) * every
		at := scheduled + g.between(0, 0.3)
		id, key := fmt.Sprintf("u%d-%06d", g.Seed, i+1), fmt.Sprintf("user-%d", g.rng.IntN(50))
		e := history.Event{Kind: history.Request, ID: id, Key: key, Client: "load", To: "registration", Name: "POST /register", Scheduled: scheduled, At: at, End: at + time.Millisecond, Outcome: history.Failed, Status: 503}
		if g.Refused == 0 || (i+1)%g.Refused > 0 {
			e.End, e.Outcome, e.Status = at+register(id, key, at), history.OK, 202
		}
		g.add(e)

		scheduled += every / 2
		at = scheduled + g.between(0, 0.3)
		g.add(history.Event{Kind: history.Request, ID: "c-" + id, Client: "load", To: "registration", Name: "GET /catalog", Scheduled: scheduled, At: at, End: at + g.between(0.5, 1), Outcome: history.OK, Status: 200})
	}
}

func (g *generator) publish(id, key string, at time.Duration) time.Duration {
	p := int32(g.rng.IntN(int(g.Partitions)))
	offset := int64(0)
	if n := len(g.arrivals[p]); n > 0 {
		offset = g.arrivals[p][n-1].offset + 1
		if n%25 == 0 {
			offset++ // a control record
		}
	}
	sent, acked := at+time.Millisecond, at+time.Millisecond+g.between(1, 3)
	sequence := int32(len(g.arrivals[p]))
	g.arrivals[p] = append(g.arrivals[p], arrival{at: acked, offset: offset, sequence: sequence, id: id, key: key})
	g.add(batch(history.Event{Client: "registration/1", Topic: Topic, Partition: p, Offset: offset, Count: 1, ProducerID: producerID, Sequence: sequence, At: sent, End: acked, Outcome: history.OK}, id))
	return acked - at + time.Millisecond
}

// batch is a batch that begins with the id, sent over the client's only connection.
func batch(e history.Event, id string) history.Event {
	e.Kind, e.ID, e.Conn = history.Produce, id, 1
	e.CRC = crc32.ChecksumIEEE(fmt.Appendf(nil, "%s %d %d %d %d", id, e.Count, e.ProducerID, e.Epoch, e.Sequence))
	return e
}

func (g *generator) effect(sink, id, key string, at time.Duration, first bool) {
	g.add(history.Event{Kind: history.Attempt, Sink: sink, ID: id, Key: key, At: at})
	if first {
		g.add(history.Event{Kind: history.Effect, Sink: sink, ID: id, Key: key, At: at})
	}
}

// analytics has two members. The first is killed at the start of during and
// comes back 40 % into it.
func (g *generator) analytics(end time.Duration) {
	for p := range g.Partitions {
		home := []string{"analytics/1", "analytics/2"}[p%2]
		if g.NoFault {
			g.consume("analytics", home, "analytics-db", p, []hold{{from: 0, until: end, member: "m-" + home, generation: 1}})
			continue
		}
		kill, expired, back := g.Phase+30*time.Millisecond, g.Phase+g.Phase/4, g.Phase+g.Phase/5*2
		first := hold{from: 0, until: expired, client: home, member: "m-" + home, generation: 1}
		if home == Killed {
			first.until, first.killed = kill, true
		}
		last := hold{from: back + 300*time.Millisecond, until: end, client: home, member: "m-" + home, generation: 3}
		if home == Killed {
			last.member += "-again"
		}
		g.consume("analytics", home, "analytics-db", p, []hold{first,
			{from: expired + 50*time.Millisecond, until: back + 250*time.Millisecond, client: "analytics/2", member: "m-analytics/2", generation: 2}, last})
		if p == 0 {
			g.fault("kill analytics", breakwater.Kill(Killed), Killed, kill-time.Millisecond, back)
			g.add(history.Event{Kind: history.Process, Client: Killed, Name: history.Exited, At: kill})
			g.add(history.Event{Kind: history.Process, Client: Killed, Name: history.Ready, At: back + 15*time.Millisecond})
		}
	}
}

// consume plays one partition of one group: take up at the committed offset,
// process a batch, commit, repeat. A killed owner leaves its last batch
// processed and its commit unanswered.
func (g *generator) consume(group, client, sink string, p int32, holds []hold) {
	done := map[string]bool{}
	committed := int64(-1)
	records := g.arrivals[p]
	event := func(kind history.Kind, t hold) history.Event {
		return history.Event{Kind: kind, Client: t.client, Group: group, Member: t.member, Generation: t.generation, Topic: Topic, Partition: p}
	}
	for _, t := range holds {
		if t.client == "" {
			t.client = client
		}
		now := t.from + time.Millisecond
		assign := event(history.Assign, t)
		assign.At, assign.Name = t.from, history.Assigned
		g.add(assign)
		resume := event(history.Resume, t)
		resume.At, resume.End, resume.Committed, resume.Offset = now, now+time.Millisecond, committed, max(committed, 0)
		g.add(resume)
		next := slices.IndexFunc(records, func(a arrival) bool { return a.offset >= resume.Offset })
		now += 2 * time.Millisecond
		for next >= 0 && next < len(records) {
			now = max(now, records[next].at+10*time.Millisecond)
			if now >= t.until {
				break
			}
			to := next
			for to < len(records) && to-next < 100 && records[to].at < now {
				to++
			}
			fetched := event(history.Fetched, t)
			fetched.At, fetched.Offset, fetched.Last, fetched.Count = now, records[next].offset, records[to-1].offset, int32(to-next)
			g.add(fetched)
			for _, r := range records[next:to] {
				now += g.between(0.5, 1.5)
				g.effect(sink, r.id, r.key, now, !done[r.id])
				done[r.id] = true
			}
			commit := event(history.Commit, t)
			commit.At, commit.Offset = now+2*time.Millisecond, records[to-1].offset+1
			last := to == len(records) || max(now, records[to].at)+40*time.Millisecond >= t.until
			if t.killed && last {
				commit.Outcome, commit.Error = history.Unknown, "eof"
				g.add(commit)
				break
			}
			commit.End, commit.Outcome = commit.At+g.between(1, 2), history.OK
			g.add(commit)
			g.commits = append(g.commits, commit)
			committed, now, next = commit.Offset, commit.End+30*time.Millisecond, to
		}
		if !t.killed && t.until < 4*g.Phase {
			assign.At, assign.Name = t.until+20*time.Millisecond, history.Revoked
			g.add(assign)
		}
	}
}

// samples reads the state of every group and partition four times a second.
func (g *generator) samples(end time.Duration, groups ...string) {
	slices.SortStableFunc(g.commits, func(a, b history.Event) int { return int(a.End - b.End) })
	for _, group := range groups {
		for p := range g.Partitions {
			at, committed, i, c := time.Duration(0), int64(-1), 0, 0
			for ; at <= end; at += 250 * time.Millisecond {
				for i < len(g.arrivals[p]) && g.arrivals[p][i].at <= at {
					i++
				}
				for ; c < len(g.commits) && g.commits[c].End <= at; c++ {
					if k := g.commits[c]; k.Group == group && k.Topic == Topic && k.Partition == p {
						committed = k.Offset
					}
				}
				high := int64(0)
				if i > 0 {
					high = g.arrivals[p][i-1].offset + 1
				}
				g.add(history.Event{Kind: history.Sample, At: at, Group: group, Topic: Topic, Partition: p, HighWatermark: high, LastStable: high, Committed: committed, Lag: high - max(committed, 0)})
			}
		}
	}
}
