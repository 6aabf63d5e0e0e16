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
		d.why = quantity.Count(len(d.open)) + " ids stand in the log twice, and nothing shows under which sequences"
	}
	return combine(x, append(d.publishing.findings(), d.finding), "")
}

// duplicates collects what stands in the log twice.
type duplicates struct {
	finding
	x     *history.Index
	again map[string]bool // places of what was appended again
	open  []Anomaly       // of which nothing shows who did it twice

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
	batches, reported := appended(d.x), stampsAudited(d.x)
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
				decided = decided && (reported || answered(batches[q.In()], q.Offset))
			}
			if len(a.Offsets) < 2 || d.publishing.again(records) {
				continue
			}
			a.What = fmt.Sprintf("%s was published %d times, and stands at %s", r.ID, len(a.Offsets), strings.Join(clip(a.Offsets), " and "))
			if !decided && d.examined > 0 {
				a.What = fmt.Sprintf("%s stands at %s, and nothing shows under which sequences", r.ID, strings.Join(clip(a.Offsets), " and "))
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

// publishers reports which service published a record.
type publishers struct {
	x       *history.Index
	appends appends
	ids     map[int64]string  // by producer id, the only service that uses it; "" for several
	only    map[string]string // by topic, the only service that was seen to publish to it; "" for several
}

func newPublishers(x *history.Index) publishers {
	p := publishers{x: x, appends: newAppends(x), ids: map[int64]string{}, only: map[string]string{}}
	for e := range x.Of(history.Produce) {
		service := p.service(e.Client)
		if known, met := p.only[e.Topic]; !met || known == service {
			p.only[e.Topic] = service
		} else {
			p.only[e.Topic] = ""
		}
		if e.ProducerID < 0 {
			continue
		}
		if known, met := p.ids[e.ProducerID]; !met || known == service {
			p.ids[e.ProducerID] = service
		} else {
			p.ids[e.ProducerID] = ""
		}
	}
	return p
}

// service is that of the instance or, for who is none, the client itself.
func (p publishers) service(client string) string {
	if s, known := p.x.Log.Header.ServiceOf(client); known {
		return s.Name
	}
	return client
}

// of is the service that published the record: which was given its offset, or whose
// producer id it bears, or which alone publishes to its topic. "" where nothing tells.
func (p publishers) of(record *history.Event) string {
	if batch := p.appends.of(record); batch != nil {
		return p.service(batch.Client)
	}
	if record.ProducerID >= 0 {
		if service := p.ids[record.ProducerID]; service != "" {
			return service
		}
	}
	return p.only[record.Topic]
}

// publishing judges what the services promise that publish each id once.
type publishing struct {
	publishers
	promised map[string]*promise // by service
	puts     map[string]bool     // topics that hold ids again by design
}

// promise is what became of one service's.
type promise struct {
	finding
	open     []Anomaly // ids that stand twice, and nobody knows who published one of the records
	nameless []*history.Event
	topics   []string
}

func newPublishing(x *history.Index) *publishing {
	p := &publishing{promised: map[string]*promise{}, puts: map[string]bool{}}
	for _, s := range x.Log.Header.Services {
		for _, topic := range s.DeadLetters().Topics() {
			p.puts[topic] = true
		}
		if s.PublishesOnce {
			p.promised[s.Name] = &promise{finding: finding{subject: s.Name}}
		}
	}
	if len(p.promised) == 0 {
		return p
	}
	p.publishers = newPublishers(x)
	for found := range x.InLog.All() {
		var counted map[[2]string]bool // by service and topic, of an id with several records
		for i, r := range found {
			if p.puts[r.Topic] {
				continue
			}
			service := p.of(r)
			one := p.promised[service]
			if one == nil {
				continue
			}
			if !slices.Contains(one.topics, r.Topic) {
				one.topics = append(one.topics, r.Topic)
			}
			switch {
			case r.ID == "":
				one.nameless = append(one.nameless, r)
			case i > 0 && counted[[2]string{service, r.Topic}]:
			default:
				one.examined++
				if len(found) > 1 {
					if counted == nil {
						counted = map[[2]string]bool{}
					}
					counted[[2]string{service, r.Topic}] = true
				}
			}
		}
	}
	return p
}

// again takes an id with several records in one topic, and reports whether it was
// somebody's to publish it once only.
func (p *publishing) again(records []*history.Event) (promised bool) {
	if len(p.promised) == 0 {
		return false
	}
	by, unknown := map[string][]*history.Event{}, 0
	for _, r := range records {
		service := p.of(r)
		by[service] = append(by[service], r)
		if service == "" {
			unknown++
		}
	}
	for name, one := range p.promised {
		own := by[name]
		switch {
		case len(own) > 1:
			one.anomalies = append(one.anomalies, committedAgain(one.subject, own))
			promised = true
		case len(own) == 1 && unknown > 0:
			a := committedAgain(one.subject, records)
			a.What = fmt.Sprintf("%s stands at %s, and nothing shows who published it there", a.IDs[0], strings.Join(a.Offsets, " and "))
			one.open = append(one.open, a)
		}
	}
	return promised
}

func committedAgain(service string, records []*history.Event) Anomaly {
	a := Anomaly{IDs: []string{records[0].ID}}
	for _, r := range clip(records) {
		a.Events, a.Offsets = append(a.Events, r.N), append(a.Offsets, r.In().At(r.Offset))
	}
	a.What = fmt.Sprintf("%s was committed %d times by %s, and stands at %s", a.IDs[0], len(records), service, strings.Join(a.Offsets, " and "))
	return a
}

// findings are one for each service that promises.
func (p *publishing) findings() []finding {
	var all []finding
	moved := map[history.Partition]int64(nil)
	for _, s := range p.services() {
		one := p.promised[s]
		f := one.finding
		f.count = &count{bad: len(f.anomalies), of: f.examined, what: "ids were committed more than once by %s", brief: "committed twice"}
		if moved == nil {
			moved = logStartMoved(p.x)
		}
		switch {
		case len(f.anomalies) > 0:
		case f.examined == 0 && len(one.nameless) > 0:
			f.count, f.status, f.why = nil, NotAsked, unnamedAll(p.x, one.topics)
		case f.examined == 0:
			f.count, f.status, f.why = nil, Unknown, "it published nothing that a reader of committed records sees"
		case len(one.open) > 0:
			f.count, f.status, f.anomalies = nil, Unknown, one.open
			f.why = quantity.Count(len(one.open)) + " ids stand in the log twice, and nothing shows who published one of their records"
		case len(one.nameless) > 0:
			f.count, f.status, f.why = nil, Unknown, nameless(one.nameless)
		default:
			for _, topic := range one.topics {
				if p.x.Log.Header.Compacts(topic) {
					f.count, f.status, f.why = nil, Unknown, topic+" is compacted, which removes what was there before"
				}
				for part := range moved {
					if part.Topic == topic && moved[part] > 0 {
						f.count, f.status, f.why = nil, Unknown, "records were deleted from the start of "+topic+" during the run"
					}
				}
			}
		}
		all = append(all, f)
	}
	return all
}

// unnamedAll is why nothing that hangs on ids can be asked of topics of which none has
// any.
func unnamedAll(x *history.Index, topics []string) string {
	for _, topic := range topics {
		if why := unnamed(x, topic); why != "" {
			return why
		}
	}
	return "its records carry no id"
}

// services are the names of those that promise, in the header's order.
func (p *publishing) services() []string {
	if p.x == nil {
		return nil
	}
	var names []string
	for _, s := range p.x.Log.Header.Services {
		if s.PublishesOnce {
			names = append(names, s.Name)
		}
	}
	return names
}
