// Package commitpastfailure is analytics with a planted defect: after some attempts it
// goes on, and commits the offset behind the record that failed.
//
// People write it against retrying for ever: three attempts, then the next
// record. Nothing reports it, but a commit is about all records before an offset,
// not about one. So the record that failed is done with as far as Kafka knows,
// and what was a short failure of the database is a loss.
package commitpastfailure

import (
	"context"
	"time"

	"github.com/breakwater-kit/breakwater/services/analytics"
	"github.com/breakwater-kit/breakwater/services/internal/consumer"
	"github.com/twmb/franz-go/pkg/kgo"
)

const attempts = 3

// New makes the service; it stands for analytics as it is by default.
func New(config analytics.Config) (*analytics.Service, error) {
	config.Loop = loop
	return analytics.New(config)
}

func loop(config consumer.Config) (consumer.Loop, error) {
	m, err := consumer.NewMember(config)
	if err != nil {
		return nil, err
	}
	return &consumer.Poller{
		Member: m,
		Own:    []kgo.Opt{kgo.DisableAutoCommit()},
		Work: func(ctx context.Context, client *kgo.Client, records []*kgo.Record) bool {
			for _, r := range records {
				for n := 1; n <= attempts && m.Attempt(context.WithoutCancel(ctx), r, n) != nil; n++ {
					time.Sleep(100 * time.Millisecond)
				}
				// The defect: whether any attempt succeeded is not asked.
			}
			if err := client.CommitUncommittedOffsets(ctx); err != nil {
				m.Log.Warn("could not commit", "error", err)
			}
			return true
		},
	}, nil
}
