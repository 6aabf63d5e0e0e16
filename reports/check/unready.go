package check

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/breakwater-kit/breakwater/reports/history"
	"github.com/breakwater-kit/breakwater/reports/measure/quantity"
)

// unready names the instances that were started in mid-run and never were ready from
// then on, with how long they had for it. One that ended by accident meanwhile is named
// by that.
func unready(x *history.Index) (found []string) {
	type life struct {
		client       string
		began, ended time.Duration
	}
	begin, end := x.Log.Header.Span()
	var waiting []life
	for e := range x.Of(history.Process, history.Accident) {
		i := slices.IndexFunc(waiting, func(l life) bool { return l.client == e.Client })
		switch {
		case i >= 0 && (e.Name == history.Ready || e.Name == history.Started || e.Kind == history.Accident && e.Name != history.Paused):
			waiting = slices.Delete(waiting, i, i+1)
		case i >= 0 && e.Name == history.Exited:
			waiting[i].ended = e.At
		}
		if e.Kind == history.Process && e.Name == history.Started && e.At >= begin {
			waiting = append(waiting, life{e.Client, e.At, 0})
		}
	}
	for _, l := range waiting {
		took := cmp.Or(l.ended, end) - l.began
		found = append(found, fmt.Sprintf("%s, started at %s, was not ready in the %s that it had", l.client, quantity.Duration(l.began), quantity.Duration(took)))
	}
	return found
}
