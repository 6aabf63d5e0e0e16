package check

import (
	"fmt"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.NoStuck, noStuck) }

func noStuck(x *history.Index) Verdict {
	var all []finding
	for _, s := range x.Log.Header.Consumers() {
		if s.Ledger == nil || unknownIn(x, s) != "" || unnamed(x, x.Input(s)) != "" {
			all = append(all, standsUnread(x, s))
			continue
		}
		f := finding{subject: s.Ledger.Sink}
		p, waits, held := newPending(x, s), 0, x.Sink(s.Ledger.Sink)
		for r := range x.Due(s) {
			if sighting(held, r) != nil {
				f.examined++
				continue
			}
			record := p.last(r)
			if record == nil {
				continue // lost before it was in the log
			}
			if f.examined++; p.behind(record) {
				continue
			}
			if !p.alive || p.waits(record) {
				waits++
				continue
			}
			f.anomalies = append(f.anomalies, p.anomaly(r, record))
		}
		f.count = &count{bad: len(f.anomalies), of: f.examined, what: "acknowledged ids are stuck before %s", brief: "stuck"}
		if len(f.anomalies) > 0 {
			f.count.note = stoodBefore(x, s.Group)
		}
		switch {
		case f.examined == 0:
			f.count, f.why = nil, "no acknowledged id is in the log"
		case waits > 0 && len(f.anomalies) == 0:
			f.count, f.status, f.why = nil, Unknown, p.why(waits, f.examined, "acknowledged ids had not taken effect")
		}
		all = append(all, f)
	}
	return combine(x, all, "no service consumes a log")
}

// standsUnread judges a group by its positions and the log alone.
func standsUnread(x *history.Index, s breakwater.Service) finding {
	f := finding{subject: s.Group}
	p := newPending(x, s)
	stands, examined := p.unread()
	if f.examined = examined; examined == 0 {
		return finding{subject: s.Group, status: NotAsked, why: "it has no ledger of its effects by their ids, and no position of it was sampled"}
	}
	f.count = &count{of: examined, what: "records in the log were never read by %s", brief: "unread"}
	records, waits, sent := 0, 0, 0
	for _, u := range stands {
		if !p.alive || p.open != nil {
			waits += u.records
			continue
		}
		if !p.stood(u.still, u.sent) {
			sent += u.records
			continue
		}
		records += u.records
		in, became := u.last.In(), "were never read, though it is alive"
		if u.sent != nil {
			became = fmt.Sprintf("were not committed past, though it is alive and the broker sent it some of them at %s", quantity.Duration(u.sent.At))
		}
		a := Anomaly{
			What: fmt.Sprintf("%s stands still on %s %s since %s: %s records there %s",
				s.Group, in, standsAt(u.last.Committed), quantity.Duration(u.began.At), quantity.Count(u.records), became),
			Offsets: []string{in.At(max(u.last.Committed, 0))}, Events: []uint64{u.began.N, u.last.N},
		}
		if u.sent != nil {
			f.count.what = "records in the log were never read, or never committed past, by %s"
			a.Events = append(a.Events, u.sent.N)
		}
		f.anomalies = append(f.anomalies, owned(x, s, in, a))
	}
	f.count.bad = records
	if records > 0 {
		f.count.note = stoodBefore(x, s.Group)
	}
	switch {
	case len(f.anomalies) > 0:
	case waits > 0:
		f.count, f.status, f.why = nil, Unknown, p.why(waits, examined, "records are unread")
	case sent > 0:
		f.count, f.status, f.why = nil, Unknown, fmt.Sprintf("%s are not committed past, but were sent to %s, which may still have been at work on them: raise Require.Deadline (%s), or name a ledger of its effects", quantity.Of(sent, examined), s.Name, quantity.Duration(time.Duration(x.Log.Header.Require.Deadline)))
	case p.ended == history.DrainDeadline && x.Log.Header.Drained.Behind > 0:
		f.count, f.status, f.why = nil, Unknown, fmt.Sprintf("not drained, %s behind; raise Require.Deadline (%s)", quantity.Count(int(x.Log.Header.Drained.Behind)), quantity.Duration(time.Duration(x.Log.Header.Require.Deadline)))
	}
	return f
}

// owned adds to an anomaly on a partition who owns that at the end, if anybody does.
func owned(x *history.Index, s breakwater.Service, in history.Partition, a Anomaly) Anomaly {
	if owner := ownerOf(x, s, in); owner != nil {
		a.What += fmt.Sprintf("; %s owns the partition since %s", owner.Client, quantity.Duration(owner.At))
		a.Events = append(a.Events, owner.N)
	}
	return a
}

// ownerOf is by which change of ownership an instance of the service came to own the
// partition that it had at the end, nil where nobody is known to have.
func ownerOf(x *history.Index, s breakwater.Service, in history.Partition) (owner *history.Event) {
	for e := range x.Of(history.Assign) {
		if e.Group != s.Group || e.In() != in {
			continue
		}
		switch {
		case e.Name == history.Assigned:
			owner = e
		case owner != nil && owner.Member == e.Member:
			owner = nil
		}
	}
	return owner
}

func (w waiting) anomaly(r, record *history.Event) Anomaly {
	a := Anomaly{
		What: fmt.Sprintf("%s, sent at %s, is stuck at %s: %s is alive and never tried it",
			r.ID, quantity.Duration(r.At), record.In().At(record.Offset), w.service.Name),
		IDs: []string{r.ID}, Events: []uint64{r.N, record.N}, Offsets: []string{record.In().At(record.Offset)},
	}
	if at := w.passed[place{w.service.Group, record.In()}]; at.by != nil {
		a.What += fmt.Sprintf(", and stands at %d", at.offset)
		a.Events = append(a.Events, at.by.N)
		a.Offsets = append(a.Offsets, record.In().At(at.offset))
	}
	return a
}
