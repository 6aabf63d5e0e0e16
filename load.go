package breakwater

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"time"
)

// Load is how much is sent, and when. It is an open loop: every arrival is
// fixed before the run, from the seed, and a slow answer delays no later
// request. Latency is counted from the intended instant.
type Load struct {
	Rate     float64  `json:"rate"`               // arrivals a second, on average
	To       float64  `json:"to,omitempty"`       // the rate at the end, to which it changes evenly after the warm-up; 0: Rate throughout
	Duration Duration `json:"duration"`           // baseline, faults and what follows them; without WarmUp
	Arrivals Arrivals `json:"arrivals,omitempty"` // default constant
	WarmUp   Duration `json:"warmUp,omitempty"`   // load before the baseline that is not measured; default 1 s
	Keys     int      `json:"keys,omitempty"`     // size of the pool of business keys; default 50
	TimeOut  Duration `json:"timeOut,omitempty"`  // the client's patience with one request; default 5 s
}

// Arrivals is the spacing of the load.
type Arrivals string

// How arrivals can be spaced.
const (
	ConstantArrivals Arrivals = "constant" // evenly spaced
	PoissonArrivals  Arrivals = "poisson"  // exponential gaps: independent users
)

// Constant is a load of evenly spaced arrivals. Set how long with For.
func Constant(rate float64) Load { return Load{Rate: rate, Arrivals: ConstantArrivals} }

// Poisson is a load of independent arrivals, rate a second on average.
func Poisson(rate float64) Load { return Load{Rate: rate, Arrivals: PoissonArrivals} }

// Ramp is a load of evenly spaced arrivals whose rate rises, or falls, evenly from one
// to the other: what finds out how much a system can take.
func Ramp(from, to float64) Load { return Load{Rate: from, To: to, Arrivals: ConstantArrivals} }

// For is how long the load lasts.
func (l Load) For(d time.Duration) Load { l.Duration = Duration(d); return l }

func (l Load) withDefaults() Load {
	if l.Arrivals == "" {
		l.Arrivals = ConstantArrivals
	}
	if l.WarmUp == 0 {
		l.WarmUp = Duration(time.Second)
	}
	if l.Keys == 0 {
		l.Keys = 50
	}
	if l.TimeOut == 0 {
		l.TimeOut = Duration(5 * time.Second)
	}
	return l
}

// maxRequests bounds a load so that a typing error cannot occupy a machine.
const maxRequests = 1_000_000

func (l Load) validate() error {
	var errs []error
	if !(l.Rate > 0) { // nor is NaN
		errs = append(errs, fmt.Errorf("load: rate %g a second; give a positive rate", l.Rate))
	}
	if l.Duration <= 0 {
		errs = append(errs, fmt.Errorf("load: it lasts %s; set how long with For", l.Duration))
	} else if l.Duration > longestLoad {
		errs = append(errs, fmt.Errorf("load: it lasts %s; give at most %s", l.Duration, longestLoad))
	}
	if !(l.To >= 0) || math.IsInf(l.To, 0) {
		errs = append(errs, fmt.Errorf("load: the rate changes to %g a second; give a positive rate, or 0 for one that stays", l.To))
	}
	if peak := max(l.Rate, l.To); peak > 0 && peak*(l.Duration+l.WarmUp).Seconds() > maxRequests {
		errs = append(errs, fmt.Errorf("load: rate × duration is more than %d requests; lower one of them", maxRequests))
	}
	if l.Arrivals != "" && l.Arrivals != ConstantArrivals && l.Arrivals != PoissonArrivals {
		errs = append(errs, fmt.Errorf("load: arrivals %q; use constant or poisson", l.Arrivals))
	}
	if l.WarmUp < 0 || l.WarmUp > longestLoad {
		errs = append(errs, fmt.Errorf("load: the warm-up lasts %s; give a positive duration of at most %s, or 0 for 1 s", l.WarmUp, longestLoad))
	}
	if l.Keys < 0 || l.Keys > mostKeys {
		errs = append(errs, fmt.Errorf("load: %d keys; give a positive number of at most %d, or 0 for 50", l.Keys, mostKeys))
	}
	if l.TimeOut < 0 || l.TimeOut > longestWait {
		errs = append(errs, fmt.Errorf("load: time-out %s; give a positive duration of at most %s, or 0 for 5 s", l.TimeOut, longestWait))
	}
	return errors.Join(errs...)
}

// Requests is about how many requests the whole load sends, at most.
func (l Load) Requests() int {
	return int(math.Ceil(max(l.Rate, l.To) * (l.Duration + l.WarmUp).Seconds()))
}

// InFlight is how many of its requests may wait for an answer at the same time: as many as
// are sent within the time-out. Each has a connection of its own then.
func (l Load) InFlight() int {
	return min(int(math.Ceil(max(l.Rate, l.To)*l.TimeOut.Seconds())), l.Requests())
}

// Arrival is one intended request of the load.
type Arrival struct {
	At      time.Duration // from the start of the warm-up
	Request Request       // as the scenario has it, with its references
	Key     string        // one of the load's pool: "u007"
}

// Arrivals yields the whole load, in order. The same load, weights and seed always give
// the same arrivals: that is what makes contenders comparable.
func (s Scenario) Arrivals() iter.Seq[Arrival] {
	weights := make([]float64, len(s.Requests))
	for i, r := range s.Requests {
		weights[i] = cmp.Or(r.Weight, 1)
	}
	l := s.Load
	return func(yield func(Arrival) bool) {
		rnd := rand.New(rand.NewPCG(s.Seed, 0x6c6f6164))
		var total float64
		for _, w := range weights {
			total += w
		}
		end := float64(l.WarmUp + l.Duration)
		for at := 0.0; at < end; {
			gap := float64(time.Second) / l.rateAt(at)
			request := s.Requests[pick(weights, rnd.Float64()*total)]
			if !yield(Arrival{time.Duration(at), request, fmt.Sprintf("u%03d", rnd.IntN(l.Keys))}) {
				return
			}
			if l.Arrivals == PoissonArrivals {
				at += rnd.ExpFloat64() * gap
			} else {
				at += gap
			}
		}
	}
}

// rateAt is the rate at an instant, in nanoseconds from the start of the warm-up.
func (l Load) rateAt(at float64) float64 {
	if l.To == 0 {
		return l.Rate
	}
	share := (at - float64(l.WarmUp)) / float64(l.Duration)
	return l.Rate + (l.To-l.Rate)*min(max(share, 0), 1)
}

func pick(weights []float64, x float64) int {
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return len(weights) - 1
}
