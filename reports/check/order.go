package check

import (
	"cmp"
	"slices"

	"github.com/breakwater-kit/breakwater/reports/history"
)

// sorted returns the elements in order, ties as they stood. What is in order
// already, as most of a history is, is returned as it is.
func sorted[T any](all []T, order func(a, b T) int) []T {
	if slices.IsSortedFunc(all, order) {
		return all
	}
	return slices.SortedStableFunc(slices.Values(all), order)
}

func byOffset(a, b *history.Event) int { return cmp.Compare(a.Offset, b.Offset) }

func byEnd(a, b *history.Event) int { return cmp.Compare(a.End, b.End) }

// fromOffset is the index of the first of the events, which are in order of their
// offsets, that is at the offset or above.
func fromOffset(all []*history.Event, offset int64) int {
	i, _ := slices.BinarySearchFunc(all, offset, func(e *history.Event, offset int64) int { return cmp.Compare(e.Offset, offset) })
	return i
}
