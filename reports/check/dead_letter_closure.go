package check

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.DeadLetterClosure, ofWholeLog(deadLetterClosure)) }

func deadLetterClosure(x *history.Index) Verdict {
	var all []finding
	for _, s := range x.Log.Header.Services {
		if s.DeadLetters().Topic != "" {
			f := notAsked(unnamed(x, x.Input(s)))
			if s.Ledger != nil && f.why == "" {
				f.why = apart(x, s)
			}
			if f.why == "" {
				f = newClosure(x, s).judge()
			}
			f.subject = s.Name
			all = append(all, f)
		}
	}
	return combine(x, all, "no service has a dead letter topic")
}

// closure judges one service.
type closure struct {
	x       *history.Index
	service breakwater.Service
	past    committed
	appends appends
	sink    *history.Ledger // nil: none
	skew    time.Duration
	resumes map[history.Partition][]*history.Event

	hidden    string // where an end may be that has no id, "" for nowhere
	met       int    // records, also those that have come to no end yet
	open      int    // ids whose end may be there
	examined  int
	wrong     int // ids with anomalies
	anomalies []Anomaly
}

func newClosure(x *history.Index, s breakwater.Service) *closure {
	c := &closure{
		x: x, service: s, past: newCommitted(x, s), resumes: map[history.Partition][]*history.Event{},
		appends: newAppends(x),
	}
	if s.Ledger != nil {
		c.sink, c.skew = x.Sink(s.Ledger.Sink), x.Skew(s)
		c.hidden = missedIn(x, s)
	} else if none := withoutID(x, func(topic string) bool { return puts(s)(topic) || topic != "" && topic == s.Output }); len(none) > 0 {
		c.hidden = "and " + nameless(none)
	}
	for r := range x.Of(history.Resume) {
		if r.Group == s.Group {
			c.resumes[r.In()] = append(c.resumes[r.In()], r)
		}
	}
	return c
}

func (c *closure) judge() finding {
	if !c.x.Audited {
		return finding{status: Unknown, why: "the independent reader found no record at all"}
	}
	in := c.x.Topic(c.x.Input(c.service))
	for records := range in.All() {
		c.judgeInput(c.inputOf(records[0]))
	}
	for records := range c.x.Topic(c.service.DeadLetters().Topic).Without(in) { // of what was deleted, or never there
		c.judgeInput(c.inputOf(records[0]))
	}
	c.stalls()
	f := finding{examined: c.examined, anomalies: c.anomalies}
	f.count = &count{bad: c.wrong, of: c.examined, sum: true, what: "records of %s did not come to one end in the way that it promises", brief: "without one end"}
	switch {
	case len(f.anomalies) > 0:
	case c.open > 0:
		f.count, f.status, f.why = nil, Unknown, fmt.Sprintf("%s ids have neither an effect nor a dead letter, %s", quantity.Count(c.open), c.hidden)
	case c.examined == 0 && c.met > 0:
		f.count, f.why = nil, fmt.Sprintf("none of %s records had come to an end", quantity.Count(c.met))
	case c.examined == 0:
		f.count, f.why = nil, "no record of its topic was found"
	}
	return f
}

func (c *closure) judgeInput(i input) {
	before := len(c.anomalies)
	c.origins(i)
	if i.id != "" {
		c.met += len(i.in)
		if len(i.effects)+len(i.deadLetterRecords)+len(i.putOff) > 0 || len(i.in) > 0 && c.done(i, i.in[0]) != nil {
			c.examined += len(i.in)
		}
		c.ends(i)
		c.twoLetters(i)
		c.tries(i)
		c.backoff(i)
		c.fatal(i)
	}
	if len(c.anomalies) > before {
		c.wrong++
	}
}

// input is what became of one id.
type input struct {
	id                string
	in                []*history.Event // records in Topic, by offset where they are in one partition
	putOff            []*history.Event // in retry topics
	deadLetterRecords []*history.Event // in the dead letter topic
	effects           []*history.Event
	attempts          []*history.Event
}

func (c *closure) inputOf(e *history.Event) input {
	i := input{id: e.ID, in: c.x.Topic(c.x.Input(c.service)).Of(e), deadLetterRecords: c.x.Topic(c.service.DeadLetters().Topic).Of(e)}
	for _, topic := range c.service.DeadLetters().Retry {
		i.putOff = append(i.putOff, c.x.Topic(topic).Of(e)...)
	}
	switch {
	case c.sink != nil:
		i.effects, i.attempts = c.sink.Effects.Of(e), c.sink.Attempts.Of(e)
	case c.service.Output != "":
		i.effects = c.x.Topic(c.service.Output).Of(e)
	}
	return i
}

// report adds an anomaly about the id whose witnesses are the events.
func (c *closure) report(i input, code Code, what string, witnesses ...*history.Event) {
	a := Anomaly{What: what, Code: code, Setting: setting(c.service, "retr", "attempt", "dead", "letter")}
	if i.id != "" {
		a.IDs = []string{i.id}
	}
	for _, e := range clip(witnesses) {
		a.Events = append(a.Events, e.N)
		if e.Topic != "" {
			a.Offsets = append(a.Offsets, place1(e))
		}
	}
	c.anomalies = append(c.anomalies, a)
}

func place1(e *history.Event) string { return e.In().At(e.Offset) }

// origins sees to it that dead letters report what they stand for.
func (c *closure) origins(i input) {
	for _, l := range i.deadLetterRecords {
		origin, wording := originOf(l)
		if !wording {
			c.report(i, breakwater.DeadLetterWithoutOrigin, fmt.Sprintf("the dead letter of %s at %s does not name where the original stood", cmp.Or(i.id, "an unknown id"), place1(l)), l)
			continue
		}
		if stands := c.at(origin, l.DeadLetter.Offset); stands != nil && stands.ID != "" && i.id != "" && stands.ID != i.id {
			c.report(i, "", fmt.Sprintf("the dead letter of %s at %s names %s, where %s stands", i.id, place1(l), origin.At(l.DeadLetter.Offset), stands.ID), l, stands)
		}
	}
}

func originOf(l *history.Event) (history.Partition, bool) {
	if l.DeadLetter == nil || l.DeadLetter.Topic == "" || l.DeadLetter.Partition < 0 || l.DeadLetter.Offset < 0 {
		return history.Partition{}, false
	}
	return history.Partition{Topic: l.DeadLetter.Topic, Partition: l.DeadLetter.Partition}, true
}

// at is the visible record at the offset.
func (c *closure) at(p history.Partition, offset int64) *history.Event {
	if records := c.x.Between(p, offset, offset+1); len(records) > 0 {
		return records[0]
	}
	return nil
}

// original is the record of Topic that the dead letter stands for: the one that it
// names, or the one that the record in a retry topic names that it names. Nil
// when it names none that is there.
func (c *closure) original(l *history.Event) *history.Event {
	for range len(c.service.DeadLetters().Retry) + c.service.DeadLetters().MaxAttempts + 1 {
		p, wording := originOf(l)
		if !wording {
			return nil
		}
		r := c.at(p, l.DeadLetter.Offset)
		if r == nil || r.Topic == c.x.Input(c.service) {
			return r
		}
		l = r
	}
	return nil
}

// ends sees to it that each record comes to one end.
func (c *closure) ends(i input) {
	if c.sink == nil && c.service.Output == "" {
		return // nobody tells its effects
	}
	if len(i.in) == 0 {
		return
	}
	again := c.redriven(i)
	switch {
	case len(i.deadLetterRecords) == 0 && len(i.effects) == 0:
		if by := c.done(i, i.in[0]); by != nil && c.hidden != "" {
			c.open++
			c.examined -= len(i.in)
		} else if by != nil {
			c.report(i, "", fmt.Sprintf("%s is at %s, %s committed past it (%d), and it has neither an effect nor a dead letter", i.id, place1(i.in[0]), c.service.Name, by.Offset),
				append([]*history.Event{i.in[0], by}, i.putOff...)...)
		}
	case len(i.deadLetterRecords) == 0 || len(i.effects) == 0 && again == nil:
	case again == nil && len(i.in) > 1 && !c.knowsOrder(i):
	case again == nil:
		c.report(i, breakwater.EffectAndDeadLetter, fmt.Sprintf("%s has an effect and a dead letter, at %s", i.id, place1(i.deadLetterRecords[0])), i.deadLetterRecords[0], i.effects[0])
	case c.certainlyBefore(i.effects, i.deadLetterRecords[0]):
		c.report(i, breakwater.EffectAndDeadLetter, fmt.Sprintf("%s had an effect before it was given up at %s", i.id, place1(i.deadLetterRecords[0])), i.deadLetterRecords[0], i.effects[0])
	case len(i.effects) > 1:
		c.report(i, "", fmt.Sprintf("%s was redriven from its dead letter at %s and has %s effects", i.id, place1(i.deadLetterRecords[0]), quantity.Count(len(i.effects))),
			append([]*history.Event{again, i.deadLetterRecords[0]}, i.effects...)...)
	case len(i.effects) == 0 && len(i.deadLetterRecords) < len(i.in):
		if by := c.done(i, again); by != nil {
			c.report(i, "", fmt.Sprintf("%s was redriven from its dead letter at %s to %s, %s committed past that (%d), and it still has no effect", i.id, place1(i.deadLetterRecords[0]), place1(again), c.service.Name, by.Offset),
				again, i.deadLetterRecords[0], by)
		}
	case len(i.effects) == 1 && c.givenUpAgain(i, again):
		c.report(i, breakwater.EffectAndDeadLetter, fmt.Sprintf("%s was redriven to %s, and has an effect and another dead letter", i.id, place1(again)), again, i.deadLetterRecords[len(i.deadLetterRecords)-1], i.effects[0])
	}
}

// done is the position by which the service was done with the record and with
// all that it had retried later for its id; nil while it is not.
func (c *closure) done(i input, record *history.Event) *history.Event {
	by := c.past.past(record)
	for _, r := range i.putOff {
		if by == nil {
			return nil
		}
		if at := c.past.past(r); at == nil {
			by = nil
		}
	}
	return by
}

// redriven is the last record of Topic with the id that was put there after the
// first dead letter, nil for none.
func (c *closure) redriven(i input) *history.Event {
	if len(i.deadLetterRecords) == 0 {
		return nil
	}
	for _, r := range slices.Backward(i.in) {
		if r.DeadLetter != nil {
			return r
		}
		record, deadLetter := c.appends.of(r), c.appends.of(i.deadLetterRecords[0])
		if record != nil && deadLetter != nil && record.At > deadLetter.At {
			return r
		}
	}
	return nil
}

// knowsOrder reports whether everything was seen being published from which follows
// whether the id was redriven.
func (c *closure) knowsOrder(i input) bool {
	for _, r := range append(slices.Clone(i.in), i.deadLetterRecords...) {
		if c.appends.of(r) == nil {
			return false
		}
	}
	return true
}

// certainlyBefore reports whether there was an effect before the dead letter was published.
func (c *closure) certainlyBefore(effects []*history.Event, deadLetter *history.Event) bool {
	put := c.appends.of(deadLetter)
	return len(effects) > 0 && put != nil && effects[0].Kind == history.Effect && effects[0].At+c.skew < put.At
}

func (c *closure) givenUpAgain(i input, again *history.Event) bool {
	return slices.ContainsFunc(i.deadLetterRecords, func(l *history.Event) bool { return c.original(l) == again })
}

// twoLetters sees to it that one record has one dead letter. Letters that do not say
// what they stand for may stand for any of the id's records.
func (c *closure) twoLetters(i input) {
	if len(i.deadLetterRecords) < 2 {
		return
	}
	var met []*history.Event // originals
	for _, l := range i.deadLetterRecords {
		original := c.original(l)
		if original == nil {
			continue
		}
		if k := slices.Index(met, original); k >= 0 {
			c.report(i, breakwater.TwoDeadLetters, fmt.Sprintf("two dead letters stand for %s at %s: the second is at %s", i.id, place1(original), place1(l)), original, l)
			return
		}
		met = append(met, original)
	}
	if len(i.in) > 0 && len(i.deadLetterRecords) > len(i.in) {
		c.report(i, breakwater.TwoDeadLetters, fmt.Sprintf("%s letters stand for %s, which is in %s %s", quantity.Count(len(i.deadLetterRecords)), i.id, c.x.Input(c.service), times(len(i.in))), i.deadLetterRecords...)
	}
}

// tries counts attempts.
func (c *closure) tries(i input) {
	limit := c.service.DeadLetters().MaxAttempts
	if limit <= 0 {
		return
	}
	for _, r := range slices.Concat(i.putOff, i.deadLetterRecords) {
		if r.DeadLetter != nil && r.DeadLetter.Attempt > limit {
			c.report(i, "", fmt.Sprintf("%s was tried %s, by its dead letter at %s, and %s are allowed", i.id, times(r.DeadLetter.Attempt), place1(r), quantity.Count(limit)), r)
			return
		}
	}
	n := len(i.attempts)
	if n <= limit*max(1, len(i.in)) {
		return
	}
	if deliveries := max(1, len(i.in)) + c.taken(i, i.attempts[0].At-c.skew, 1<<62); n > limit*deliveries {
		c.report(i, "", fmt.Sprintf("%s was tried %s in %s, and %s are allowed", i.id, times(n), c.service.Ledger.Sink, quantity.Count(limit)), i.attempts[0], i.attempts[n-1])
	}
}

// taken is how often consumers took up, after one instant and before another, a
// partition at or before a record of the id: it may have been delivered again.
func (c *closure) taken(i input, after, before time.Duration) int {
	n := 0
	for _, r := range slices.Concat(i.in, i.putOff) {
		for _, resume := range c.resumes[r.In()] {
			if from, known := start(resume); after < resume.At && resume.At < before && (!known || from <= r.Offset) {
				n++
			}
		}
	}
	return n
}

// backoff sees to it that retries are not early. It needs the attempts of the
// sink, and to have seen the record being retried later.
func (c *closure) backoff(i input) {
	least := time.Duration(c.service.DeadLetters().Backoff)
	if least <= 0 || len(i.attempts) < 2 {
		return
	}
	for _, r := range i.putOff {
		put := c.appends.of(r)
		if put == nil {
			continue
		}
		// The attempt that failed is the last before the record was retried later. What
		// the ledger's clock cannot distinguish from later is taken for that.
		next := slices.IndexFunc(i.attempts, func(a *history.Event) bool { return a.At > put.At+c.skew })
		if next < 1 {
			continue
		}
		failed, retried := i.attempts[next-1], i.attempts[next]
		gap := retried.At - failed.At
		if gap+2*c.skew >= least || c.taken(i, failed.At-c.skew, retried.At+c.skew) > 0 {
			continue
		}
		c.report(i, "", fmt.Sprintf("%s was retried later to %s and tried again %s after it had failed, before its back-off of %s was over", i.id, place1(r), quantity.Duration(gap), quantity.Duration(least)),
			r, failed, retried)
		return
	}
}

// fatal sees to it that what never succeeds is not retried later.
func (c *closure) fatal(i input) {
	for _, r := range i.putOff {
		if r.DeadLetter != nil && r.DeadLetter.Error != "" && slices.Contains(c.service.DeadLetters().Fatal, r.DeadLetter.Error) {
			c.report(i, "", fmt.Sprintf("%s failed with %q, which is never tried again, and was retried later to %s", i.id, r.DeadLetter.Error, place1(r)), r)
			return
		}
	}
}

// stalls finds partitions that stand still behind one record.
func (c *closure) stalls() {
	_, end := c.x.Log.Header.Span()
	for _, s := range c.past.stuck(c.x, c.appends) {
		if s.on.Topic != c.x.Input(c.service) && !slices.Contains(c.service.DeadLetters().Retry, s.on.Topic) {
			continue
		}
		head := s.waiting[0]
		i := c.inputOf(head)
		handed := len(i.deadLetterRecords) > 0 || s.on.Topic == c.x.Input(c.service) && len(i.putOff) > 0
		limit := objective(c.x.Log.Header) + backoffOf(c.service, s.on.Topic)
		if i.id == "" || handed || len(i.effects) > 0 || end-s.since < limit || !c.heldUp(i, s) {
			continue
		}
		c.wrong++
		c.report(i, "", fmt.Sprintf("%s stands still on %s at %d for %s, with %s records waiting: it is tried again and again, and nothing behind it gets through",
			c.service.Name, s.on, s.position, quantity.Duration(end-s.since), quantity.Count(len(s.waiting))), append([]*history.Event{head, s.last}, i.attempts...)...)
	}
}

// heldUp reports whether the service was at work all the while: it tried the record
// more than once or, where the sink shows no attempt at it, got on with another
// partition, or has had the record in hand. A sink that refuses a record may leave no
// trace of that, and a poison record may hold up every partition.
func (c *closure) heldUp(i input, s stuck) bool {
	tried := 0
	for _, a := range i.attempts {
		if a.At > s.since+c.skew {
			tried++
		}
	}
	return tried > 1 || tried == 0 && (c.past.wentOn(s.on, s.since) || c.inHand(s))
}

// inHand reports whether the record that waits first was sent to an instance that has
// run ever since.
func (c *closure) inHand(s stuck) bool {
	down := map[string]time.Duration{} // since when, the last time
	for e := range c.x.Of(history.Process) {
		if e.Name == history.Exited || e.Name == history.Frozen {
			down[e.Client] = e.At
		}
	}
	end := over(c.x) // what ends later was stopped by the kit
	for e := range c.x.Of(history.Fetched) {
		if e.Group != c.service.Group || e.In() != s.on || s.waiting[0].Offset < e.Offset || s.waiting[0].Offset > e.Last {
			continue
		}
		if at, was := down[e.Client]; !was || at < e.At || at > end {
			return true
		}
	}
	return false
}
