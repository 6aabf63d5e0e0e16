package history

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Partition names one partition of one topic.
type Partition struct {
	Topic     string
	Partition int32
}

// String is "user-events/2".
func (p Partition) String() string { return fmt.Sprintf("%s/%d", p.Topic, p.Partition) }

// At is "user-events/2@88".
func (p Partition) At(offset int64) string { return fmt.Sprintf("%s@%d", p, offset) }

// ParsePlace takes "user-events/2@88" apart, and is false for what [Partition.At]
// cannot have made.
func ParsePlace(s string) (p Partition, offset int64, ok bool) {
	slash, at := strings.LastIndexByte(s, '/'), strings.LastIndexByte(s, '@')
	if slash < 0 || at < slash {
		return Partition{}, 0, false
	}
	n, err := strconv.ParseInt(s[slash+1:at], 10, 32)
	offset, wrong := strconv.ParseInt(s[at+1:], 10, 64)
	return Partition{s[:slash], int32(n)}, offset, err == nil && wrong == nil
}

// Compare orders by topic, then number.
func (p Partition) Compare(q Partition) int {
	return cmp.Or(cmp.Compare(p.Topic, q.Topic), cmp.Compare(p.Partition, q.Partition))
}

// In is the partition that the event is about.
func (e *Event) In() Partition { return Partition{e.Topic, e.Partition} }
