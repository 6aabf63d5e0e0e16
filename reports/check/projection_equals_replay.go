package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.ProjectionEqualsReplay, ofWholeLog(projectionEqualsReplay)) }

func projectionEqualsReplay(x *history.Index) Verdict {
	var all []finding
	for _, s := range x.Log.Header.Sinks() {
		if s.Ledger.Projection == "" {
			continue
		}
		f := newProjection(x, s).judge()
		f.subject = s.Ledger.Sink
		all = append(all, f)
		if s.Ledger.AsOf != nil {
			f := newAnswer(x, s).judge()
			f.subject = s.Ledger.Sink + " " + history.AsOf
			all = append(all, f)
		}
	}
	return combine(x, all, "no sink is a projection of the log")
}

// projection is a state of one sink and what it must be.
type projection struct {
	x         *history.Index
	service   breakwater.Service
	wording   string                               // "db holds"
	positions map[history.Partition]*history.Event // where it goes to, without the offset itself
	state     map[string]*history.Event            // by key
	asOf      bool                                 // it was answered, and is not what is stored
}

// newProjection is what the sink holds, up to the positions that it stored last.
func newProjection(x *history.Index, s breakwater.Service) projection {
	p := projection{x: x, service: s, wording: s.Ledger.Sink + " holds", positions: map[history.Partition]*history.Event{}, state: map[string]*history.Event{}}
	for e := range x.Of(history.Commit) {
		if e.Sink == s.Ledger.Sink && e.Topic == x.Input(s) && e.Outcome == history.OK {
			p.positions[e.In()] = e
		}
	}
	for e := range x.Of(history.State) {
		if e.Sink == s.Ledger.Sink && e.Name == "" {
			p.state[e.Key] = e
		}
	}
	return p
}

// newAnswer is what was answered of an earlier time.
func newAnswer(x *history.Index, s breakwater.Service) projection {
	p := projection{x: x, service: s, asOf: true, positions: map[history.Partition]*history.Event{}, state: map[string]*history.Event{}}
	for e := range x.Of(history.State) {
		switch {
		case e.Sink != s.Ledger.Sink || e.Name != history.AsOf:
		case e.Topic != "":
			p.positions[e.In()] = e
			p.wording = fmt.Sprintf("%s, asked for its state as of %s, answers", s.Ledger.Sink, quantity.Duration(e.At))
		default:
			p.state[e.Key] = e
		}
	}
	return p
}

func (p projection) judge() finding {
	unknown := func(why string) finding { return finding{status: Unknown, why: why} }
	switch kind := p.service.Ledger.Projection; {
	case kind != breakwater.CountByKey:
		return unknown(fmt.Sprintf("this judge does not know how to replay a %q", kind))
	case !p.x.Audited:
		return unknown("the independent reader found no record at all")
	case len(p.positions) == 0 && p.asOf:
		return unknown(cmp.Or(p.x.Log.Header.Reading(p.service).Unanswered, "nobody asked what the state was at an earlier time"))
	case len(p.positions) == 0:
		return unknown("no position is stored with the state")
	}
	if why := unnamed(p.x, p.x.Input(p.service)); why != "" {
		return notAsked(why)
	}
	for e := range p.x.Of(history.Sample) {
		if e.Topic == p.x.Input(p.service) && e.LogStart > 0 {
			return unknown(fmt.Sprintf("%s begins at offset %d: what was before cannot be replayed", e.In(), e.LogStart))
		}
	}
	replayed, nameless := map[string]int{}, 0
	for records := range p.x.Topic(p.x.Input(p.service)).All() {
		first, counts := p.counted(records)
		switch {
		case !counts:
		case first.ID == "":
			nameless++
		default:
			replayed[first.Key]++
		}
	}
	if nameless > 0 {
		return unknown("records without an id cannot be distinguished, so that they cannot be counted once")
	}
	f := finding{}
	wrong := map[string]int{} // key → place of its anomaly
	for _, key := range p.keys(replayed) {
		f.examined++
		held, state, readable := 0, p.state[key], true
		if state != nil {
			n, err := strconv.Atoi(state.Value)
			held, readable = n, err == nil
		}
		if readable && held == replayed[key] {
			continue
		}
		a := Anomaly{What: fmt.Sprintf("%s nothing for key %q, and the log replayed to the same positions gives %s", p.wording, key, quantity.Count(replayed[key]))}
		if state != nil {
			a.What = fmt.Sprintf("%s %s for key %q, and the log replayed to the same positions gives %s", p.wording, state.Value, key, quantity.Count(replayed[key]))
			a.Events = []uint64{state.N}
		}
		wrong[key] = len(f.anomalies)
		f.anomalies = append(f.anomalies, a)
	}
	p.suspect(f.anomalies, wrong)
	f.count = &count{bad: len(f.anomalies), of: f.examined, what: "keys of %s are not what the log gives", brief: "keys off"}
	if f.examined == 0 {
		f.count, f.why = nil, "nothing was read and nothing is held"
	}
	return f
}

// counted reports whether an id counts, given its records in the topic, and by which
// of them.
func (p projection) counted(records []*history.Event) (first *history.Event, counts bool) {
	i := slices.IndexFunc(records, func(r *history.Event) bool {
		at := p.positions[r.In()]
		return at != nil && r.Offset < at.Offset
	})
	if i < 0 {
		return nil, false
	}
	for _, topic := range p.service.DeadLetters().Topics() {
		if len(p.x.Topic(topic).Of(records[i])) > 0 {
			return records[i], len(p.x.Sink(p.service.Ledger.Sink).Effects.Of(records[i])) > 0
		}
	}
	return records[i], true
}

func (p projection) keys(replayed map[string]int) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(replayed)), maps.Keys(p.state))
	slices.Sort(keys)
	return slices.Compact(keys)
}

// suspect names, of each key that is wrong, the ids that the ledger of effects
// shows to be wrong as well, and the positions.
func (p projection) suspect(anomalies []Anomaly, wrong map[string]int) {
	if len(wrong) == 0 {
		return
	}
	name := func(e *history.Event, how string) {
		i, isWrong := wrong[e.Key]
		if !isWrong || e.ID == "" || len(anomalies[i].IDs) == maxNames {
			return
		}
		anomalies[i].IDs = append(anomalies[i].IDs, e.ID)
		anomalies[i].Events = append(anomalies[i].Events, e.N)
		anomalies[i].What += "; " + e.ID + how
		if e.Kind == history.Audit {
			anomalies[i].Offsets = append(anomalies[i].Offsets, e.In().At(e.Offset))
		}
	}
	effects, topic := p.x.Sink(p.service.Ledger.Sink).Effects, p.x.Topic(p.x.Input(p.service))
	if p.asOf {
		effects = p.x.Sink("").Effects // none: they are those of the whole run, and show nothing about a time in it
	}
	for records := range topic.All() {
		first, counts := p.counted(records)
		n := len(effects.Of(records[0]))
		if effects.Len() > 0 && (counts && n != 1 || !counts && n > 0) {
			r := cmp.Or(first, records[0])
			name(r, fmt.Sprintf(", at %s, took effect %s", r.In().At(r.Offset), times(n)))
		}
	}
	for held := range effects.Without(topic) {
		name(held[0], " took effect and is not in "+p.x.Input(p.service))
	}
	for i := range anomalies {
		if len(anomalies[i].Events) == 0 { // at least where it was read to
			for _, at := range slices.SortedFunc(maps.Keys(p.positions), history.Partition.Compare) {
				anomalies[i].Events = append(anomalies[i].Events, p.positions[at].N)
			}
			anomalies[i].Events = clip(anomalies[i].Events)
		}
	}
}
