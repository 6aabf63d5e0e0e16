package deadletter

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/breakwater-kit/breakwater/services/internal/transact"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Policy decides where a record goes that could not be processed. Topic is
// required. All topics must exist.
type Policy struct {
	// Topic takes what is given up: a dead letter topic.
	Topic string
	// RetryTopics take what is worth another attempt, one after the other; the
	// last one takes all attempts that are left. None: every record has one
	// attempt.
	RetryTopics []string
	// MaxAttempts is how often a record is tried, the first time included,
	// before it is given up. Default 3. A record that may have been processed, for
	// the sink did not answer, is not given up and stays at MaxAttempts-1, until an
	// attempt tells; only where there is one attempt, or no retry topic, it is.
	MaxAttempts int
	// Backoff is how long a record stays in the first retry topic, at least; it
	// stays twice as long in each one after. Default 1s.
	Backoff time.Duration

	// NewLetter makes the record that is handed over. Default [NewLetter].
	NewLetter func(topic string, r *kgo.Record, why Failure) *kgo.Record
	// NewSession makes the client. Default [transact.Transactional].
	NewSession transact.NewSession
}

func (p Policy) withDefaults() Policy {
	p.MaxAttempts = cmp.Or(p.MaxAttempts, 3)
	p.Backoff = cmp.Or(p.Backoff, time.Second)
	if p.NewLetter == nil {
		p.NewLetter = NewLetter
	}
	return p
}

func (p Policy) validate(topic string) error {
	var errs []error
	if p.Topic == "" {
		errs = append(errs, errors.New("the dead letter topic has no name"))
	}
	if p.MaxAttempts < 1 {
		errs = append(errs, fmt.Errorf("MaxAttempts is %d: give at least 1", p.MaxAttempts))
	}
	if p.Backoff < 0 {
		errs = append(errs, fmt.Errorf("Backoff is %v: give a positive duration", p.Backoff))
	}
	topics := slices.Sorted(slices.Values(append([]string{topic, p.Topic}, p.RetryTopics...)))
	for i, name := range topics[1:] {
		if name == topics[i] {
			errs = append(errs, fmt.Errorf("topic %q is named twice: the topic, its retry topics and its dead letter topic must differ", name))
		}
	}
	return errors.Join(errs...)
}

// deadLetter is what becomes of r after one more failure.
func (p Policy) deadLetter(r *kgo.Record, err error) *kgo.Record {
	fatal := consumer.IsFatal(err)
	why := Failure{
		Class: consumer.Class(err), Detail: err.Error(), Attempt: attempts(r) + 1,
		Unknown: !fatal && (consumer.IsUnknown(err) || unknown(r)),
	}
	if why.Unknown {
		why.Attempt = min(why.Attempt, max(p.MaxAttempts-1, 1))
	}
	to := p.Topic
	if !fatal && why.Attempt < p.MaxAttempts && len(p.RetryTopics) > 0 {
		to = p.RetryTopics[min(why.Attempt, len(p.RetryTopics))-1]
	}
	return p.NewLetter(to, r, why)
}
