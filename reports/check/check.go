// Package check judges a frozen history: one file per guarantee, called after it, each a
// pure function from a log to a verdict. The same log always gives the same verdict. What
// several guarantees ask of a log is in positions.go, pending.go, incarnations.go, log.go and
// ids.go; what they find is put together in findings.go, and may be excused by excuses.go.
//
// What the guarantees mean, and when each is broken, is stated at their declarations.
package check

import (
	"fmt"
	"strings"
	"time"

	"github.com/breakwater-kit/breakwater"
	"github.com/breakwater-kit/breakwater/reports/history"
)

// Status is what a checker found. Combined worst first: broken, unknown, holds, not asked.
type Status string

// What a checker can find.
const (
	Holds   Status = "holds"
	Broken  Status = "broken"
	Unknown Status = "unknown" // nothing examined, or the evidence does not decide

	// NotAsked is the status where no service of the scenario gives the data that
	// the guarantee needs (a foreign consumer without a ledger, say). It is shown,
	// never green.
	NotAsked Status = "not asked"
)

// Meets is whether it is what a prediction expects.
func (s Status) Meets(e breakwater.Expectation) bool { return string(s) == string(e) }

// Verdict is one checker's answer about one log.
type Verdict struct {
	Guarantee string `json:"guarantee"`
	Status    Status `json:"status"`
	Examined  int    `json:"examined"`        // how many things were judged; a verdict over none is unknown
	Why       string `json:"why"`             // one plain sentence, with the numbers
	Brief     string `json:"brief,omitempty"` // the same in a few words, for a table: "0 of 1,214 lost in 4 sinks"

	// Count is Brief as numbers, nil where it is not made of a single one.
	Count *Count `json:"count,omitempty"`

	// Since is when a guarantee that is broken first was: when the last of what its
	// earliest anomaly is made of had happened. 0 where the history does not tell,
	// and of what is not broken.
	Since time.Duration `json:"since,omitempty"`

	// Anomalies are the first few of Total, each with its witnesses; of several
	// subjects, the broken ones first, each has its share.
	Anomalies []Anomaly `json:"anomalies,omitempty"`
	Total     int       `json:"total,omitempty"`

	// Expected are the first few of ExpectedTotal things that the scenario allows,
	// by what it declares: a second effect in a sink that does not promise one
	// only. They are legal here and decide nothing.
	Expected      []Anomaly `json:"expected,omitempty"`
	ExpectedTotal int       `json:"expectedTotal,omitempty"`
}

// Anomaly is one violation of a guarantee, or one thing that could not be decided.
type Anomaly struct {
	What    string   `json:"what"`              // "u17-000231 was acknowledged, is at user-events/2@88, and never took effect in analytics"
	IDs     []string `json:"ids,omitempty"`     // event ids
	Events  []uint64 `json:"events,omitempty"`  // numbers in the log
	Offsets []string `json:"offsets,omitempty"` // topic/partition@offset
	Setting string   `json:"setting,omitempty"` // the setting to look at, where one is known

	// Code is of what kind it is, as data: of [breakwater.Exercised] why the run proves
	// nothing, of some others in which way they break.
	Code Code `json:"code,omitempty"`

	// Around is the neighbourhood of the first offset in the log: the visible
	// records there, and up to two before and after, as "user-events/2@88 u17-000231".
	Around []string `json:"around,omitempty"`
}

// Code is the kind of an anomaly.
type Code string

// Why a run proves nothing.
const (
	NoBaseline  Code = "no-baseline" // too few requests were ok before the fault
	TooFew      Code = "too-few"     // requests during the fault or after it
	Unwitnessed Code = "unwitnessed" // fault
	Unreplayed  Code = "unreplayed"  // log
	TooLate     Code = "too-late"    // load
)

// Checker judges one guarantee.
type Checker struct {
	breakwater.Guarantee

	// Check is its rule: a pure function of a history that is valid. A verdict over nothing
	// is made unknown, and so is one of a rule that panics.
	Check func(*history.Index) Verdict
}

// rules are those of all guarantees, by name. Each stands in a file called after it.
var rules = map[string]func(*history.Index) Verdict{}

func rule(guarantee string, check func(*history.Index) Verdict) { rules[guarantee] = check }

// Register declares a guarantee of one's own and adds its checker to [All]: every run is
// judged by it, and scenarios can predict it. Call it from an init function. It panics
// where the name is empty or taken.
func Register(c Checker) {
	breakwater.DeclareGuarantee(c.Guarantee)
	rule(c.Name, c.Check)
}

// All returns every checker, in the order in which reports show them.
func All() []Checker {
	var all []Checker
	for _, g := range breakwater.Guarantees() {
		all = append(all, Checker{g, rules[g.Name]})
	}
	return all
}

var rank = map[Status]int{NotAsked: 0, Holds: 1, Unknown: 2, Broken: 3}

// Worst combines statuses: broken over unknown over holds over not asked. Of
// none it is not asked.
func Worst(statuses ...Status) Status {
	worst := NotAsked
	for _, s := range statuses {
		if rank[s] > rank[worst] {
			worst = s
		}
	}
	return worst
}

// Judge runs the checkers over the log, in order. A log that does not validate
// is not judged: every verdict is unknown and reports why.
func Judge(x *history.Index, checkers []Checker) []Verdict {
	invalid := x.Validate()
	verdicts := make([]Verdict, 0, len(checkers))
	for _, c := range checkers {
		if invalid != nil {
			verdicts = append(verdicts, Verdict{Guarantee: c.Name, Status: Unknown, Why: "the history is inconsistent: " + invalid.Error(), Brief: "the history is inconsistent"})
			continue
		}
		verdicts = append(verdicts, c.judge(x))
	}
	return verdicts
}

func (c Checker) judge(x *history.Index) (v Verdict) {
	defer func() {
		if p := recover(); p != nil {
			v = Verdict{Guarantee: c.Name, Status: Unknown, Why: fmt.Sprintf("the checker panicked: %v", p), Brief: "the checker panicked"}
		}
	}()
	v = c.unread(x, c.Check(x))
	for _, some := range [][]Anomaly{v.Anomalies, v.Expected} {
		for i := range some {
			some[i].Around = around(x, some[i].Offsets)
		}
	}
	v.Guarantee = c.Name
	if v.Status == Holds && v.Examined == 0 {
		v.Status, v.Why, v.Brief = Unknown, "nothing was examined", "nothing was examined"
	}
	return c.excuse(x, v)
}

// around is the neighbourhood of the first of the places.
func around(x *history.Index, places []string) []string {
	if len(places) == 0 {
		return nil
	}
	in, offset, ok := history.ParsePlace(places[0])
	if !ok {
		return nil
	}
	var found []string
	for _, r := range x.Around(in, offset, neighbours) {
		found = append(found, strings.TrimSuffix(in.At(r.Offset)+" "+r.ID, " "))
	}
	return found
}
