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

func init() { rule(breakwater.Outbox, ofWholeLog(outbox)) }

// passedBy is by how much later a row must have been committed that a relay has
// published, before a row that it has not published counts as passed by. Rows
// of one batch are published in any order, and what fails is tried again.
const passedBy = 2 * time.Second

func outbox(x *history.Index) Verdict {
	var all []finding
	for _, s := range x.Log.Header.Services {
		switch {
		case s.Outbox == "":
		case s.Ledger == nil:
			all = append(all, finding{subject: s.Name, status: NotAsked, why: "it has no ledger of its rows"})
		default:
			f := newRelay(x, s).judge()
			f.subject = s.Name
			all = append(all, f)
		}
	}
	return combine(x, all, "no service keeps an outbox")
}

// relay is the way from one service's rows to its outbox topic.
type relay struct {
	x       *history.Index
	service breakwater.Service
	rows    history.ByID
}

func newRelay(x *history.Index, s breakwater.Service) relay {
	return relay{x: x, service: s, rows: x.Sink(s.Ledger.Sink).Effects}
}

func (r relay) judge() finding {
	f := finding{}
	switch {
	case !r.x.Audited:
		return finding{status: Unknown, why: "the independent reader found no record at all"}
	case r.rows.Len() == 0:
		return finding{status: Unknown, why: "the ledger holds no row"}
	}
	if why := cmp.Or(unnamed(r.x, r.service.Outbox), unnamedIn(r.x, r.service)); why != "" {
		return notAsked(why)
	}
	if how, strange := strangers(r.rows, r.x.Topic(r.service.Outbox)); strange {
		return notAsked(fmt.Sprintf("none of the ids in %s is one of %s, %s; publish rows under their ids, or name in the ledger's ID the column that holds them", r.service.Ledger.Sink, r.service.Outbox, how))
	}
	none := withoutID(r.x, func(topic string) bool { return topic == r.service.Outbox })
	var waiting []*history.Event // rows that were not published
	var published time.Duration  // when the latest row was committed that was
	for row := range r.rows.All() {
		if row[0].ID == "" {
			continue
		}
		f.examined++
		if r.x.RecordOf(row[0], r.service.Outbox) == nil {
			waiting = append(waiting, row[0])
		} else {
			published = max(published, row[0].At)
		}
	}
	end, late := r.audited(), 0
	for _, row := range waiting {
		since := max(row.At, healed(r.x))
		switch {
		case len(none) > 0: // it may be one of them
			late++
		case published-row.At >= passedBy+2*r.x.Skew(r.service):
			f.anomalies = append(f.anomalies, r.lost(row, fmt.Sprintf("and one committed %s later was published", quantity.Duration(published-row.At))))
		case end-since > objective(r.x.Log.Header)+r.x.Skew(r.service):
			f.anomalies = append(f.anomalies, r.lost(row, fmt.Sprintf("and has waited for %s", quantity.Duration(end-since))))
		default:
			late++
		}
	}
	for records := range r.x.Topic(r.service.Outbox).Without(r.rows) {
		if record := records[0]; record.ID != "" && r.asked(record) && !r.elsewhere(record) {
			f.examined++
			f.anomalies = append(f.anomalies, r.ghost(record))
		}
	}
	slices.SortFunc(f.anomalies, func(a, b Anomaly) int { return cmp.Compare(a.Events[0], b.Events[0]) })
	f.count = &count{bad: len(f.anomalies), of: f.examined, sum: true, what: "rows of %s and their published records do not match", brief: "rows lost or ghosts"}
	switch rowless := len(r.rows.ID("")); {
	case len(f.anomalies) > 0:
	case late > 0 && len(none) > 0:
		f.count, f.status, f.why = nil, Unknown, fmt.Sprintf("%s rows were not found in %s, where %s", quantity.Of(late, f.examined), r.service.Outbox, nameless(none))
	case rowless > 0:
		f.count, f.status, f.why = nil, Unknown, quantity.Count(rowless)+" rows have no id and cannot be matched"
	case late > 0:
		f.count, f.status, f.why = nil, Unknown, quantity.Of(late, f.examined)+" rows were not published yet when the run ended"
	}
	return f
}

// audited is when the independent reader began.
func (r relay) audited() time.Duration {
	for e := range r.x.Of(history.Audit) {
		return e.At
	}
	return 0
}

// asked reports whether the service was asked for the id.
func (r relay) asked(record *history.Event) bool {
	s := r.service
	is := func(name string) bool { return name == s.Name || s.Has(name) }
	for _, q := range r.x.Sent.Of(record) {
		if q.To == "" || is(q.To) {
			return true
		}
	}
	if s.Group != "" && r.x.Input(s) != s.Outbox && r.x.RecordOf(record, r.x.Input(s)) != nil {
		return true
	}
	for c := range r.x.Of(history.Call) {
		if c.ID == record.ID && is(c.To) {
			return true
		}
	}
	return false
}

// elsewhere reports whether another service with the same outbox has the row.
func (r relay) elsewhere(record *history.Event) bool {
	return slices.ContainsFunc(r.x.Log.Header.Services, func(s breakwater.Service) bool {
		return s.Outbox == r.service.Outbox && s.Ledger != nil && len(r.x.Sink(s.Ledger.Sink).Effects.Of(record)) > 0
	})
}

func (r relay) lost(row *history.Event, but string) Anomaly {
	return Anomaly{
		What: fmt.Sprintf("%s was committed in %s at %s and never published to %s, %s: lost", row.ID, r.service.Ledger.Sink, quantity.Duration(row.At), r.service.Outbox, but),
		IDs:  []string{row.ID}, Events: []uint64{row.N}, Code: breakwater.OutboxLost,
		Setting: setting(r.service, "outbox", "relay"),
	}
}

func (r relay) ghost(record *history.Event) Anomaly {
	at := record.In().At(record.Offset)
	a := Anomaly{
		What: fmt.Sprintf("%s was published at %s and has no row in %s: a ghost", record.ID, at, r.service.Ledger.Sink),
		IDs:  []string{record.ID}, Events: []uint64{record.N}, Offsets: []string{at}, Code: breakwater.OutboxGhost,
		Setting: setting(r.service, "outbox", "relay"),
	}
	for _, q := range r.x.Sent.Of(record) {
		a.What = fmt.Sprintf("%s (answered %s) was published at %s and has no row in %s: a ghost", record.ID, cmp.Or(string(q.Outcome), "nothing"), at, r.service.Ledger.Sink)
		a.Events = append(a.Events, q.N)
		break
	}
	return a
}
