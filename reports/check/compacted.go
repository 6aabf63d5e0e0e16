package check

import (
	"fmt"

	"github.com/breakwater-kit/breakwater/reports/history"
)

// ofWholeLog is a rule that compares with what stands in the log. Where a topic is
// compacted what it finds missing may have been superseded by a later record of its
// key, so that broken becomes unknown.
func ofWholeLog(rule func(*history.Index) Verdict) func(*history.Index) Verdict {
	return func(x *history.Index) Verdict {
		v := rule(x)
		if topic := x.Log.Header.Topic; v.Status == Broken && topic.Compacted {
			v.Status, v.Since = Unknown, 0
			v.Why = fmt.Sprintf("%s is compacted, which removes records as well: %s", topic.Name, v.Why)
			v.Brief = "not to be told of a compacted topic"
		}
		return v
	}
}
