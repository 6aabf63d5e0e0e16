package check

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

// producers are clients that publish to one partition at random, with a correct broker:
// answers are lost, batches refused, connections broken, and what was not answered is sent
// again.
type producers struct {
	*rand.Rand
	at     time.Duration
	events events
	log    []history.Event // audit events, by offset
	conns  uint32
	defect string

	lost      []string // ids that were never appended though they were acknowledged
	reordered bool
}

// one is one producer, with the batches that it has still to send.
type one struct {
	client     string
	conn       uint32
	idempotent bool
	id         int64
	sequence   int32
	queue      []packet
}

type packet struct {
	ids      []string
	crc      uint32
	sequence int32
	at       time.Duration // when it was first sent, 0: not yet
	offset   int64         // where it was appended first, -1: nowhere yet
}

func (p *producers) tick() time.Duration {
	p.at += time.Duration(1+p.IntN(5)) * ms
	return p.at
}

func (p *producers) chance(percent int) bool { return p.IntN(100) < percent }

func (p *producers) connect() uint32 { p.conns++; return p.conns }

// append takes the batch into the log, a number of one producer once only.
func (p *producers) append(o *one, b *packet) int64 {
	if o.idempotent {
		for _, r := range p.log {
			if r.ProducerID == o.id && r.Sequence == b.sequence {
				return r.Offset
			}
		}
	}
	offset := int64(len(p.log))
	for i, id := range b.ids {
		r := plain(record(id, offset+int64(i)))
		if o.idempotent {
			r = seq(b.sequence+int32(i), r)
			r.ProducerID = o.id
		}
		p.log = append(p.log, r)
	}
	if b.offset < 0 {
		b.offset = offset
	}
	return offset
}

// send sends the batch once, and says whether its client knows that it was appended.
func (p *producers) send(o *one, b *packet) bool {
	e := bundle(b.ids[0], b.crc, plain(produced(-1, int32(len(b.ids)), p.tick())))
	e.Client, e.Conn = o.client, o.conn
	if o.idempotent {
		e = seq(b.sequence, e)
		e.ProducerID = o.id
	}
	if b.at == 0 {
		b.at = e.At
	}
	e.Outcome, e.End = history.Failed, p.tick()
	done := false
	switch luck := p.IntN(100); {
	case luck < 15: // refused
		e.Error = "NOT_LEADER_OR_FOLLOWER"
	case luck < 28: // nobody hears the answer, not even the edge
		if p.chance(50) {
			p.append(o, b)
		}
		e.Outcome, e.End, e.Error = history.Unknown, 0, "reset"
		o.conn = p.connect()
	default:
		e.Offset, e.Outcome = p.append(o, b), history.OK
		if done = p.chance(80); !done { // only the client does not hear it
			e.Error = "undelivered"
			o.conn = p.connect()
		}
	}
	p.events = append(p.events, e)
	return done
}

func (p *producers) run() history.Log {
	var all []*one
	n := 0
	for i := range 1 + p.IntN(3) {
		o := &one{client: fmt.Sprintf("registration/%d", 1+p.IntN(2)), conn: p.connect(), idempotent: p.chance(50), id: int64(7 + i)}
		switch p.defect {
		case "reorders":
			o.idempotent = false
		case "reuses":
			o.idempotent = true
		}
		for range 4 + p.IntN(8) {
			b := packet{sequence: o.sequence, offset: -1, crc: p.Uint32() | 1}
			for range 1 + p.IntN(3) {
				if p.defect != "" && len(b.ids) > 0 {
					break // the tap sees the first only
				}
				b.ids = append(b.ids, fmt.Sprintf("u%d", n))
				n++
			}
			o.sequence += int32(len(b.ids))
			if p.defect == "reuses" && len(o.queue) > 0 && p.chance(20) {
				b.sequence = o.queue[len(o.queue)-1].sequence
			}
			o.queue = append(o.queue, b)
		}
		all = append(all, o)
	}
	for len(all) > 0 {
		i := p.IntN(len(all))
		o := all[i]
		next := 0
		if p.defect == "reorders" && len(o.queue) > 1 && o.queue[0].at > 0 && p.chance(70) {
			next = 1 // it does not wait with this one for the one that failed
		}
		b := &o.queue[next]
		if p.send(o, b) {
			if p.defect == "reuses" && !slices.ContainsFunc(p.log, func(r history.Event) bool { return r.ID == b.ids[0] }) {
				p.lost = append(p.lost, b.ids[0])
			}
			if next == 1 && o.queue[0].offset < 0 {
				p.reordered = true
			}
			o.queue = slices.Delete(o.queue, next, next+1)
		} else if o.idempotent && p.chance(20) {
			b.crc = p.Uint32() | 1 // the same in other bytes
		}
		if len(o.queue) == 0 {
			all = slices.Delete(all, i, i+1)
		}
	}
	for i := range n { // all at once, and all acknowledged
		p.events = append(p.events, took(p.at+ms, request(fmt.Sprintf("u%d", i), 0, history.OK)))
	}
	h := consumer()
	h.Services[0].Instances = 2
	return historytest.Log(h, append(p.events, p.log...)...)
}

func publishingAtRandom(seed uint64, defect string) *producers {
	return &producers{Rand: rand.New(rand.NewPCG(seed, 11)), defect: defect}
}

// Whatever producers do legally, the log keeps it, in order, each at its place.
func TestNoLegalProducerIsConvicted(t *testing.T) {
	counted := map[string]int{}
	for seed := range uint64(500) {
		for _, v := range Judge(publishingAtRandom(seed, "").run().Index(), All()) {
			switch v.Guarantee {
			case breakwater.NoLostInLog, breakwater.OneRecordPerOffset, breakwater.NoLogDuplicate, breakwater.ProducerOrder:
				if v.Status == Broken {
					t.Errorf("seed %d: %s: %s %+v", seed, v.Guarantee, v.Why, v.Anomalies)
				}
				counted[v.Guarantee] += v.Examined
			}
		}
	}
	for _, guarantee := range []string{breakwater.NoLostInLog, breakwater.OneRecordPerOffset, breakwater.NoLogDuplicate, breakwater.ProducerOrder} {
		if counted[guarantee] < 1000 {
			t.Errorf("%s examined %d in all", guarantee, counted[guarantee])
		}
	}
}

// One that has several under way, and sends again what failed, is never said to keep the
// order that it broke.
func TestNothingHidesAReordering(t *testing.T) {
	seen := 0
	for seed := range uint64(500) {
		p := publishingAtRandom(seed, "reorders")
		log := p.run()
		if !p.reordered {
			continue
		}
		seen++
		if v := verdict(t, log, breakwater.ProducerOrder); v.Status != Broken {
			t.Errorf("seed %d: %s: %s", seed, v.Status, v.Why)
		}
	}
	if seen < 100 {
		t.Errorf("it came to bear %d times only", seen)
	}
}

// One that sends two records under one sequence is named for each that is lost, and
// nobody else is.
func TestNothingHidesAReusedSequence(t *testing.T) {
	seen := 0
	for seed := range uint64(500) {
		p := publishingAtRandom(seed, "reuses")
		log := p.run()
		if len(p.lost) == 0 || len(p.lost) > maxAnomalies {
			continue
		}
		seen++
		lost := map[string]bool{}
		for _, id := range p.lost {
			lost[id] = true
		}
		for _, guarantee := range []string{breakwater.NoLostInLog, breakwater.OneRecordPerOffset} {
			named := map[string]bool{}
			v := verdict(t, log, guarantee)
			for _, a := range v.Anomalies {
				named[a.IDs[0]] = true
			}
			if v.Status != Broken || !maps.Equal(named, lost) {
				t.Errorf("seed %d: %s is %s and names %v, lost are %v: %+v", seed, guarantee, v.Status, named, lost, v.Anomalies)
			}
		}
	}
	if seen < 100 {
		t.Errorf("it came to bear %d times only", seen)
	}
}
