package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// Ids that nobody can find prove nothing. Where no record, or no effect, carries one,
// or none that anything else knows, what hangs on them is not asked, with the line
// that would unlock it. Where some carry none, those may be the ones that are missed.

// unnamed is why nothing can be asked that hangs on the ids in a topic: there are
// records, and none carries one. "" where one does; of all topics for "".
func unnamed(x *history.Index, topic string) string {
	records := x.Topic(topic)
	if n := len(records.ID("")); n == 0 || n < records.Count() {
		return ""
	}
	of, header := " of "+topic, " in header "+x.Log.Header.Topic.IDHeader
	if topic == "" {
		of = ""
	}
	if x.Log.Header.Topic.IDHeader == "" {
		header = ""
	}
	return fmt.Sprintf("no record%s carries an id%s; set Topic.IDHeader to the header that does", of, header)
}

// unnamedIn is the same of the effects in a service's sink.
func unnamedIn(x *history.Index, s breakwater.Service) string {
	effects := x.Sink(s.Ledger.Sink).Effects
	if n := len(effects.ID("")); n == 0 || n < effects.Count() {
		return ""
	}
	return fmt.Sprintf("no effect in %s carries an id; name in its ledger's ID the column or field that does", s.Ledger.Sink)
}

// unknownIn is why the effects in a service's sink cannot be held against what was
// sent: they carry no ids, or none of those that were sent.
func unknownIn(x *history.Index, s breakwater.Service) string {
	return history.Remember(x, derived{"unknown in", s.Ledger.Sink}, func() string {
		if why := unnamedIn(x, s); why != "" {
			return why
		}
		how, strange := strangers(x.Sink(s.Ledger.Sink).Effects, x.Sent)
		if !strange {
			return ""
		}
		return fmt.Sprintf("none of the ids in %s was sent, %s; name in its ledger's ID the column or field that holds them as they were sent", s.Ledger.Sink, how)
	})
}

// unknownInLog is the same of the records in the log.
func unknownInLog(x *history.Index) string {
	if why := unnamed(x, ""); why != "" {
		if topics := x.Log.Header.Topics(); len(topics) == 1 {
			return unnamed(x, topics[0])
		}
		return why
	}
	how, strange := strangers(x.InLog, x.Sent)
	if !strange {
		return ""
	}
	return fmt.Sprintf("none of the ids in the log was sent, %s; set Topic.IDHeader to the header that carries them as they were sent", how)
}

// strangers reports whether two lots of ids, of which neither is empty, have none in
// common, and how one of the first looks beside one of the second.
func strangers(these, those history.ByID) (how string, strange bool) {
	if these.Meets(those) {
		return "", false
	}
	var one, other *history.Event
	for e := range these.All() {
		if e[0].ID != "" {
			one = e[0]
			break
		}
	}
	for e := range those.All() {
		if e[0].ID != "" && one != nil && (other == nil || alike(one.ID, e[0].ID)) {
			if other = e[0]; alike(one.ID, other.ID) {
				break
			}
		}
	}
	if one == nil || other == nil {
		return "", false
	}
	how = fmt.Sprintf("%q for one", one.ID)
	if alike(one.ID, other.ID) {
		how = fmt.Sprintf("%q for one where %q was", one.ID, other.ID)
	}
	return how, true
}

// alike reports whether one id may have become the other: by its case, cut short, or put
// into more.
func alike(id, sent string) bool {
	id, sent = strings.ToLower(id), strings.ToLower(sent)
	return id == sent || strings.HasPrefix(sent, id) || strings.Contains(id, sent)
}

// withoutID are the records without an id in the topics that match, in order of
// topic, partition and offset.
func withoutID(x *history.Index, in func(topic string) bool) []*history.Event {
	var found []*history.Event
	for _, r := range x.InLog.ID("") {
		if in(r.Topic) {
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, func(a, b *history.Event) int {
		if c := a.In().Compare(b.In()); c != 0 {
			return c
		}
		return byOffset(a, b)
	})
	return found
}

// nameless counts records without an id, and reports where the first few stand: "3
// records carry no id: orders/0@5, orders/0@9, orders/1@2".
func nameless(records []*history.Event) string {
	var at []string
	for _, r := range records {
		at = append(at, r.In().At(r.Offset))
	}
	return fmt.Sprintf("%s records carry no id: %s", quantity.Count(len(records)), ids(at))
}

// puts reports whether the topic is one into which the service puts records off, or
// gives them up.
func puts(s breakwater.Service) func(topic string) bool {
	topics := s.DeadLetters().Topics()
	return func(topic string) bool { return slices.Contains(topics, topic) }
}

// apart is why the effects in a service's sink cannot be held against the records in its
// topic: one of them carries no ids, or they have none in common.
func apart(x *history.Index, s breakwater.Service) string {
	return history.Remember(x, derived{"apart", s.Name}, func() string {
		if why := unnamed(x, x.Input(s)); why != "" {
			return why
		}
		if why := unnamedIn(x, s); why != "" {
			return why
		}
		how, strange := strangers(x.Sink(s.Ledger.Sink).Effects, x.Topic(x.Input(s)))
		if !strange {
			return ""
		}
		return fmt.Sprintf("none of the ids in %s is one of %s, %s; name in its ledger's ID the column or field that holds them as the records do", s.Ledger.Sink, x.Input(s), how)
	})
}

// missedIn is where ids may be that a sink is missed to have: in effects or attempts
// without one or, handed over by its service, in records of its retry and dead letter
// topics. "" for nowhere.
func missedIn(x *history.Index, s breakwater.Service) string {
	held := x.Sink(s.Ledger.Sink)
	if n := len(held.Effects.ID("")) + len(held.Attempts.ID("")); n > 0 {
		return fmt.Sprintf("where %s effects and attempts carry no id", quantity.Count(n))
	}
	if none := withoutID(x, puts(s)); len(none) > 0 {
		return "and " + nameless(none)
	}
	return ""
}

// doubted makes unknown of what is broken by what is missed, where that may be somewhere
// else.
func (f finding) doubted(where string) finding {
	if where == "" || len(f.anomalies) == 0 || f.count == nil {
		return f
	}
	f.status = Unknown
	f.why = fmt.Sprintf("%s %s, %s", quantity.Of(f.count.bad, f.count.of), strings.Replace(f.count.what, "%s", f.subject, 1), where)
	f.examined -= len(f.anomalies)
	f.count = nil
	return f
}
