package check

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/history/historytest"
)

// legal performs a correct group of two at random: it commits after the effect,
// crashes anywhere, loses the answers of its commits, is frozen and wakes up late,
// fetches ahead and again, and is set back from outside. The broker is correct too.
type legal struct {
	*rand.Rand
	at     time.Duration
	events events

	log       []int64          // offsets of orders/0
	ids       map[int64]string // by offset
	committed int64            // what the broker holds, -1 for none
	done      map[string]bool  // effects
	owner     int
	member    string
	n         int32 // generation

	defect string // "": none
	early  bool   // something was committed before its effect
}

func (l *legal) wait() time.Duration {
	l.at += time.Duration(1+l.IntN(20)) * ms
	return l.at
}

func (l *legal) add(e history.Event) { l.events = append(l.events, e) }

func (l *legal) chance(percent int) bool { return l.IntN(100) < percent }

func (l *legal) load(n int) {
	offset := int64(0)
	for i := range n {
		id, at := fmt.Sprintf("u%d", i), time.Duration(i)*10*ms
		outcome := history.OK
		appended := true
		switch {
		case l.chance(5):
			outcome, appended = history.Failed, false
		case l.chance(10):
			outcome, appended = history.Unknown, l.chance(50)
		}
		q := keyed(fmt.Sprintf("k%d", l.IntN(3)), request(id, at, outcome))
		l.add(q)
		if !appended {
			continue
		}
		offset += int64(1 + l.IntN(2)*l.IntN(3)) // control records take places
		r := keyed(q.Key, seq(int32(i), record(id, offset)))
		l.add(r)
		l.add(seq(int32(i), started(at+ms, took(ms, produced(offset, 1, at+ms)))))
		if l.chance(10) { // its producer had an epoch that was aborted
			offset++
			l.add(aborted(epoch(1, seq(int32(i), record("x"+id, offset)))))
		}
		l.log, l.ids[r.Offset] = append(l.log, r.Offset), id
	}
}

func (l *legal) client() string { return fmt.Sprintf("analytics/%d", l.owner+1) }

func (l *legal) own(e history.Event) history.Event {
	return member(l.member, generation(l.n, by(l.client(), e)))
}

// take is how somebody takes the partition up; it returns from where.
func (l *legal) take() int64 {
	if l.n > 0 && l.chance(70) { // else nobody saw it end
		name := history.Revoked
		if l.chance(50) {
			name = history.Lost
		}
		l.add(l.own(assign("", "", name, l.wait())))
	}
	if l.chance(50) || l.member == "" {
		l.owner = l.IntN(2)
		l.member = fmt.Sprintf("m%d", l.n)
	}
	l.n++
	l.add(l.own(assign("", "", history.Assigned, l.wait())))
	from := max(l.committed, 0)
	l.add(l.own(took(2*ms, resume(l.wait(), l.committed, from))))
	l.wait()
	return from
}

// commit sends one and says whether its client knows that it stands.
func (l *legal) commit(offset int64) bool {
	at := l.wait()
	end := l.wait()
	switch {
	case l.chance(70):
		l.committed = offset
		l.add(l.own(commit(offset, at, end, history.OK)))
		return true
	case l.chance(50):
		l.committed = offset // and the answer is lost
	}
	if l.chance(50) {
		end = 0
	}
	l.add(l.own(commit(offset, at, end, history.Unknown)))
	return false
}

func (l *legal) process(offset int64, first bool) {
	id := l.ids[offset]
	switch l.defect {
	case "skips the first after each rebalance":
		if first && l.n > 1 {
			return
		}
	case "goes on past a failure":
		if id[len(id)-1] == '3' {
			return
		}
	}
	l.add(by(l.client(), attempt("db", id, l.wait())))
	if !l.done[id] {
		l.done[id] = true
		l.add(by(l.client(), effect("db", id, l.at)))
	}
}

func (l *legal) sample() {
	if l.chance(40) {
		l.add(sample(l.wait(), l.log[len(l.log)-1]+1, l.committed))
	}
}

// tenure works until something happens, and says whether all is done.
func (l *legal) tenure(last bool) bool {
	position := l.take()
	var ahead []int64
	for _, offset := range l.log {
		if offset >= position {
			ahead = append(ahead, offset)
		}
	}
	for len(ahead) > 0 {
		batch := ahead[:min(len(ahead), 1+l.IntN(5))]
		to := ahead[min(len(ahead)-1, len(batch)+l.IntN(4))]
		l.add(by(l.client(), fetched(batch[0], to, l.wait())))
		if !last && l.chance(10) {
			l.add(process(l.client(), history.Exited, l.wait()))
			return false // with all of it in hand
		}
		next := batch[len(batch)-1] + 1
		if l.defect == "commits first" {
			l.early = l.early || slices.ContainsFunc(batch, func(offset int64) bool { return !l.done[l.ids[offset]] })
			l.commit(next)
		}
		for i, offset := range batch {
			l.process(offset, offset == position)
			if !last && l.chance(4) && i+1 < len(batch) {
				l.frozen(batch[i+1])
				return false
			}
		}
		ahead = ahead[len(batch):]
		if !l.commit(next) && !last && l.chance(60) {
			l.add(process(l.client(), history.Exited, l.wait()))
			return false
		}
		l.sample()
		if !last && l.chance(3) {
			l.committed = l.log[l.IntN(len(l.log))]
			for l.committed > next { // only back
				l.committed = l.log[l.IntN(len(l.log))]
			}
			at := l.wait()
			l.add(by("kit", generation(0, commit(l.committed, at, l.wait(), history.OK))))
			return false
		}
	}
	return l.commit(l.log[len(l.log)-1] + 1)
}

// frozen is how the owner stops in the middle and goes on when the partition is
// another's: it finishes one record, and its commit is refused.
func (l *legal) frozen(next int64) {
	owner, old, n := l.owner, l.member, l.n
	l.add(process(l.client(), history.Frozen, l.wait()))
	l.owner, l.member, l.n = 1-owner, fmt.Sprintf("m%d", l.n), l.n+1
	l.add(l.own(assign("", "", history.Assigned, l.wait())))
	l.add(l.own(took(2*ms, resume(l.wait(), l.committed, max(l.committed, 0)))))
	l.wait()
	newOwner, newMember := l.owner, l.member
	l.owner, l.member, l.n = owner, old, n
	l.add(process(l.client(), history.Continued, l.wait()))
	l.process(next, false)
	at := l.wait()
	l.add(l.own(commit(next+1, at, l.wait(), history.Failed)))
	l.owner, l.member, l.n = newOwner, newMember, n+1
	l.add(process(fmt.Sprintf("analytics/%d", owner+1), history.Ready, l.wait()))
}

// run performs it on a load of its own, and is false where it took longer than it may.
func (l *legal) run() (history.Log, bool) {
	l.load(8 + l.IntN(30))
	for range l.IntN(6) {
		if l.tenure(false) {
			break
		}
	}
	for !l.tenure(true) {
	}
	l.add(process("analytics/1", history.Ready, l.wait()))
	l.add(process("analytics/2", history.Ready, l.wait()))
	header := analytics(func(s *breakwater.Service) {
		s.Ledger = &breakwater.Ledger{Sink: "db", Once: true, Attempts: "attempts"}
	})
	return historytest.Log(header, l.events...), l.at < 9*time.Second
}

func performed(seed uint64, defect string) *legal {
	return &legal{Rand: rand.New(rand.NewPCG(seed, 7)), ids: map[int64]string{}, done: map[string]bool{}, committed: -1, defect: defect}
}

// Whatever legally happens to a correct group and a correct broker breaks nothing,
// and all of it is judged.
func TestNothingLegalIsBroken(t *testing.T) {
	for seed := range uint64(300) {
		log, ended := performed(seed, "").run()
		if !ended {
			continue
		}
		for _, v := range Judge(log.Index(), All()) {
			if v.Status == Broken || v.Status == Unknown {
				t.Errorf("seed %d: %s is %s: %s %+v", seed, v.Guarantee, v.Status, v.Why, v.Anomalies)
			}
		}
	}
}

// Nothing of it hides a defect.
func TestNothingLegalHidesADefect(t *testing.T) {
	bit := map[string]int{}
	for seed := range uint64(300) {
		for defect, breaks := range map[string][]string{
			"skips the first after each rebalance": {breakwater.NoAcknowledgedLoss, breakwater.CommitAfterEffect, breakwater.ReplayIsContiguous},
			"goes on past a failure":               {breakwater.NoAcknowledgedLoss, breakwater.CommitAfterEffect, breakwater.ReplayIsContiguous},
			"commits first":                        {breakwater.CommitAfterEffect},
		} {
			l := performed(seed, defect)
			log, ended := l.run()
			var lost []string
			for _, offset := range l.log {
				if id := l.ids[offset]; !l.done[id] {
					lost = append(lost, id)
				}
			}
			if !ended || len(lost) == 0 && !l.early {
				continue // it did not come to bear
			}
			bit[defect]++
			for _, v := range Judge(log.Index(), All()) {
				if !slices.Contains(breaks, v.Guarantee) {
					continue
				}
				if v.Status != Broken {
					t.Errorf("seed %d: it %s, and %s is %s: %s", seed, defect, v.Guarantee, v.Status, v.Why)
				}
				var ids []string
				for _, a := range v.Anomalies {
					ids = append(ids, a.IDs...)
				}
				if v.Guarantee == breakwater.NoAcknowledgedLoss && (v.Total != len(lost) || !slices.Equal(ids, lost[:min(len(lost), maxAnomalies)])) {
					t.Errorf("seed %d: it %s and lost %q, the verdict says %q", seed, defect, lost, ids)
				}
			}
		}
	}
	for defect, n := range bit {
		if n < 30 {
			t.Errorf("%s: it came to bear %d times only", defect, n)
		}
	}
}
