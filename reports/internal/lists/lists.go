// Package lists has what the packages of reports do with slices and the standard library
// does not.
package lists

import "slices"

// Collect is what of gives for each.
func Collect[S ~[]E, E, V any](all S, of func(E) V) []V {
	out := make([]V, 0, len(all))
	for _, e := range all {
		out = append(out, of(e))
	}
	return out
}

// Distinct has each value once, in the order in which they first come.
func Distinct[S ~[]E, E comparable](all S) S {
	var out S
	for _, v := range all {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// Grouped are the values that have a key in common.
type Grouped[K comparable, E any] struct {
	Key K
	All []E
}

// Group has the values by their keys, in the order in which these first come.
func Group[S ~[]E, E any, K comparable](all S, key func(E) K) []Grouped[K, E] {
	var groups []Grouped[K, E]
	at := map[K]int{}
	for _, e := range all {
		k := key(e)
		i, known := at[k]
		if !known {
			i, at[k] = len(groups), len(groups)
			groups = append(groups, Grouped[K, E]{Key: k})
		}
		groups[i].All = append(groups[i].All, e)
	}
	return groups
}
