package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

func init() { rule(breakwater.NoLogDuplicate, noLogDuplicate) }

func noLogDuplicate(x *history.Index) Verdict {
	if !logged(x) {
		return combine(x, nil, "the system has no log to be looked into")
	}
	d := duplicates{x: x, again: map[string]bool{}, publishing: newPublishing(x)}
	all := slots(x)
	for _, p := range sortedPartitions(all) {
		d.examined += len(all[p])
		d.appended(p, all[p])
	}
	d.published()
	d.count = &count{bad: len(d.anomalies), of: d.examined, what: "sequences stand in the log twice", brief: "twice in the log"}
	if d.allowed > 0 {
		d.count.note = quantity.Count(d.allowed) + " ids were published again by the application"
	}
	switch {
	case d.examined == 0:
		d.count, d.status, d.why = nil, NotAsked, "no producer is known to be idempotent"
		if d.allowed > 0 {
			d.why += fmt.Sprintf(", and %s ids stand in the log again", quantity.Count(d.allowed))
		}
	case len(d.anomalies) == 0 && len(d.open) > 0:
		d.count, d.status, d.anomalies = nil, Unknown, d.open
		d.why = quantity.Count(len(d.open)) + " ids stand in the log twice, and nothing says under which sequences"
	}
	return combine(x, append(d.publishing.findings(), d.finding), "")
}

// duplicates collects what stands in the log twice.
type duplicates struct {
	finding
	x     *history.Index
	again map[string]bool // places of what was appended again
	open  []Anomaly       // of which nothing says who did it twice

	publishing *publishing
}

// appended finds the stamps that stand at several offsets, of slots in their order.
func (d *duplicates) appended(p history.Partition, slots []slot) {
	for len(slots) > 0 {
		n := 1
		for n < len(slots) && slots[n].stamp == slots[0].stamp {
			n++
		}
		if n > 1 {
			d.same(p, slots[:n])
		}
		slots = slots[n:]
	}
}

func (d *duplicates) same(p history.Partition, slots []slot) {
	var a Anomaly
	for i, s := range slots {
		if i > 0 && s.offset == slots[i-1].offset {
			continue
		}
		if s.event.Kind == history.Produce && s.id != slots[0].id {
			continue // by a producer's answer alone, which another id refutes
		}
		a.Events = append(a.Events, s.event.N)
		a.Offsets = append(a.Offsets, p.At(s.offset))
		if s.id != "" && !slices.Contains(a.IDs, s.id) {
			a.IDs = append(a.IDs, s.id)
		}
	}
	if len(a.Offsets) < 2 {
		return
	}
	for _, place := range a.Offsets[1:] {
		d.again[place] = true
	}
	a.What = fmt.Sprintf("%s stands at %s: %v was appended %d times",
		cmp.Or(ids(a.IDs), "a record"), strings.Join(clip(a.Offsets), " and "), slots[0].stamp, len(a.Offsets))
	a.IDs, a.Events, a.Offsets = clip(a.IDs), clip(a.Events), clip(a.Offsets)
	d.anomalies = append(d.anomalies, a)
}

// published finds the ids that have several records in one topic, but for those
// that the broker appended again.
func (d *duplicates) published() {
	put := d.publishing.puts
	batches, told := appended(d.x), stampsAudited(d.x)
	for found := range d.x.InLog.All() {
		if len(found) < 2 || found[0].ID == "" {
			continue
		}
		for i, r := range found {
			same := func(q *history.Event) bool { return q.Topic == r.Topic }
			if !slices.ContainsFunc(found[i+1:], same) || slices.ContainsFunc(found[:i], same) || put[r.Topic] {
				continue // it is the only one, or was told with the first
			}
			a, decided := Anomaly{IDs: []string{r.ID}}, true
			var records []*history.Event
			met := map[string]bool{}
			for _, q := range found[i:] {
				place := q.In().At(q.Offset)
				if q.Topic != r.Topic || d.again[place] || met[place] {
					continue
				}
				met[place] = true
				a.Events, a.Offsets = append(a.Events, q.N), append(a.Offsets, place)
				records = append(records, q)
				decided = decided && (told || answered(batches[q.In()], q.Offset))
			}
			if len(a.Offsets) < 2 || d.publishing.again(records) {
				continue
			}
			a.What = fmt.Sprintf("%s was published %d times, and stands at %s", r.ID, len(a.Offsets), strings.Join(clip(a.Offsets), " and "))
			if !decided && d.examined > 0 {
				a.What = fmt.Sprintf("%s stands at %s, and nothing says under which sequences", r.ID, strings.Join(clip(a.Offsets), " and "))
			}
			a.Events, a.Offsets = clip(a.Events), clip(a.Offsets)
			if decided || d.examined == 0 {
				d.expect(func() Anomaly { return a })
			} else {
				d.open = append(d.open, a)
			}
		}
	}
}
