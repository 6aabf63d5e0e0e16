package breakwater

import (
	"fmt"
	"strings"
)

// Ledger is where a sink writes down what it did. It is read at the end of
// the run over a direct address, never through an edge and never by asking the
// consumer.
type Ledger struct {
	// Sink names the sink in the history, the report and the checks.
	Sink string `json:"sink"`

	// Of is where it lives: Database, Redis, or a service that serves it.
	Of string `json:"of"`

	// Table (of a database) has one row an effect, with columns ID, Key and At
	// (unix nanoseconds, wall time; where the database knows the commit's own
	// time that is used instead). Attempts, when set, is a second table with one
	// row for each delivery and the columns ID and At.
	Table    string `json:"table,omitempty"`
	Attempts string `json:"attempts,omitempty"`
	ID       string `json:"id,omitempty"`  // column or field, default "id"
	Key      string `json:"key,omitempty"` // column or field, default "key"
	At       string `json:"at,omitempty"`  // column, default "recorded_at"

	// Instance and Epoch name the columns, or fields, that hold who wrote a row:
	// the instance, as ${instance} called it, and the epoch under which it owned
	// the record's partition (an integer of 32 bits that only grows). Either table
	// may lack them, not both. "": the ledger does not record it.
	Instance string `json:"instance,omitempty"`
	Epoch    string `json:"epoch,omitempty"`

	// Positions (of a database) is a table to which the service appends each
	// position that it stores, in the transaction that stores it: topic, partition,
	// next_offset (of the first record not yet processed), epoch, instance and
	// recorded_at. Epoch and instance may be null, the others may not. With
	// OffsetsInSink the lag is counted from it while the run lasts; without it all
	// that there ever was counts as lag, and the drain takes until its deadline.
	Positions string `json:"positions,omitempty"`

	// Stream (of Redis) is a stream with one entry an effect.
	Stream string `json:"stream,omitempty"`

	// Path (of a service) answers one JSON object a line: id, key, at (RFC 3339)
	// and what Instance and Epoch name.
	Path string `json:"path,omitempty"`

	// Once promises at most one effect an id. Fenced promises that nothing is
	// written under an older epoch than the sink has seen.
	Once   bool `json:"once,omitempty"`
	Fenced bool `json:"fenced,omitempty"`

	// Projection is what the sink makes of the log, and State the table (of a
	// database) that holds it: one row for each business key, with the columns key
	// and value. The Positions say how far into the log it goes.
	Projection Projection `json:"projection,omitempty"`
	State      string     `json:"state,omitempty"`

	// AsOf is where the service answers what the projection was at an earlier time;
	// nil where it cannot be asked. It is asked once, over a direct address and when
	// all is recorded, for the middle of the run until then.
	AsOf *AsOf `json:"asOf,omitempty"`
}

// AsOf is a question that a service answers on its first listener: GET
// Path?time=T, with T like 2026-01-02T15:04:05.999Z, in whole milliseconds. Records
// with that time stamp belong to the answer, which is JSON of status 200.
type AsOf struct {
	Path string `json:"path"`

	// Keys is the field of the answer that holds an object with one field for each
	// business key; "": the answer is that object. Value is the field of each of
	// them that holds its value, a number or a string; "": it is the value.
	Keys  string `json:"keys,omitempty"`
	Value string `json:"value,omitempty"`
}

// Projection is a state that follows from the log alone.
type Projection string

// CountByKey counts the distinct event ids of each key.
const CountByKey Projection = "count"

// validate finds what is wrong with the ledger of a service.
func (l Ledger) validate(s Scenario, of Service) (errs []error) {
	add := func(format string, a ...any) { errs = append(errs, fmt.Errorf("its ledger "+format, a...)) }
	owner, served := s.Service(l.Of)
	switch {
	case l.Sink == "":
		add("has no sink name")
	case l.Of == Database && l.Table == "":
		add("is in the database but names no table")
	case l.Of == Redis && l.Stream == "":
		add("is in redis but names no stream")
	case l.Of != Database && l.Of != Redis && !served:
		add("is of %q; use database, redis, or a service of the scenario", l.Of)
	case served && owner.Instances > 1:
		add("is served by %s, which has %d instances, each of which would be asked for the effects of all; keep it in the database or Redis, or let one instance or another service serve it", l.Of, owner.Instances)
	case served && !strings.HasPrefix(l.Path, "/"):
		add("is served by %s but its path %q does not begin with /", l.Of, l.Path)
	case served && !askable(l.Path):
		add("is served at the path %q, which cannot be asked for; escape what is special in it", l.Path)
	case !served && !of.Uses(l.Of) && (l.Of == Database || !s.Uses(l.Of)):
		add("is in %s, which it does not need; add Need{To: breakwater.%s}", l.Of, map[string]string{Database: "Database", Redis: "Redis"}[l.Of])
	}
	for field, where := range map[string]struct{ value, of string }{
		"table": {l.Table, Database}, "at": {l.At, Database}, "stream": {l.Stream, Redis},
	} {
		if where.value != "" && l.Of != where.of {
			add("is of %q and has a %s %q, which only one in %s has; leave it out", l.Of, field, where.value, where.of)
		}
	}
	if l.Path != "" && !served {
		add("is of %q and has a path %q, which only one that a service serves has; leave it out", l.Of, l.Path)
	}
	tables := map[string]string{"": ""}
	for _, t := range []struct{ field, table string }{{"table", l.Table}, {"attempts", l.Attempts}, {"positions", l.Positions}, {"state", l.State}} {
		if other, taken := tables[t.table]; taken && t.table != "" {
			add("has its %s in the table %q, which holds its %s; name another", t.field, t.table, other)
		}
		tables[t.table] = t.field
	}
	if l.Of != Database {
		for field, table := range map[string]string{"attempts": l.Attempts, "positions": l.Positions, "state": l.State} {
			if table != "" {
				add("is of %q but has %s in a table %q; keep it in the database, or leave %s out", l.Of, field, table, field)
			}
		}
	}
	if l.Fenced && l.Epoch == "" && l.Positions == "" {
		add("is fenced but nothing in it holds an epoch; name the column Epoch or the table Positions")
	}
	switch {
	case l.Projection != "" && l.Projection != CountByKey:
		add("has a projection %q; the one that is known is %q", l.Projection, CountByKey)
	case l.Projection != "" && (l.State == "" || l.Positions == ""):
		add("has a projection but not both tables State and Positions; a state shows nothing without how far it goes")
	case l.Projection == "" && l.State != "":
		add("has a state table %q but no projection; set Projection to %q", l.State, CountByKey)
	case l.AsOf != nil && l.Projection == "":
		add("can be asked as of a time but has no projection; set Projection to %q, or leave AsOf out", CountByKey)
	case l.AsOf != nil && !strings.HasPrefix(l.AsOf.Path, "/"):
		add("is asked as of a time at the path %q, which does not begin with /", l.AsOf.Path)
	case l.AsOf != nil && (strings.Contains(l.AsOf.Path, "?") || !askable(l.AsOf.Path)):
		add("is asked as of a time at the path %q, to which ?time= is added; give one without a query, and escape what is special in it", l.AsOf.Path)
	}
	return errs
}
