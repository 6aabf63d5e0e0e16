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
