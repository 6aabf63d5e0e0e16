package page

import (
	"cmp"
	"math"
	"slices"
)

// textWidth estimates how wide s is set in a sans-serif of the given size. It
// leans to the wide side (DejaVu Sans), so that what does not overlap by this
// measure does not overlap in a narrower font either.
func textWidth(s string, size float64) float64 {
	var w float64
	for _, r := range s {
		w += runeWidth(r)
	}
	return w * size
}

func runeWidth(r rune) float64 {
	switch {
	case r == ' ' || r == 'i' || r == 'l' || r == 'j' || r == '.' || r == ',' || r == ':' || r == ';' || r == '\'' || r == '|' || r == '!':
		return 0.34
	case r == 'f' || r == 't' || r == 'r' || r == '(' || r == ')' || r == '/' || r == '-' || r == '·' || r == 'I' || r == '[' || r == ']':
		return 0.42
	case r == 'm' || r == 'w' || r == 'M' || r == 'W' || r == '%' || r == '@' || r == '…':
		return 1.0
	case r == '→' || r == '≤' || r == '≥' || r == '>' || r == '<' || r == '+' || r == '=' || r == '−':
		return 0.85
	case r >= 'A' && r <= 'Z':
		return 0.74
	case r >= 0x300 && r <= 0x36f: // combining marks
		return 0
	case r >= 0x1100: // wide scripts and emoji; the few narrow ones here lose a little room
		return 1.05
	}
	return 0.64
}

// shorten cuts s to fit into width, with an ellipsis in its middle: the ends of
// an id or a service's name are what tells it from its neighbours.
func shorten(s string, size, width float64) string {
	if textWidth(s, size) <= width {
		return s
	}
	r := []rune(s)
	for n := len(r) - 1; n > 1; n-- {
		head := (n + 1) / 2
		short := string(r[:head]) + "…" + string(r[len(r)-(n-head):])
		if textWidth(short, size) <= width {
			return short
		}
	}
	return "…"
}

// spread moves wanted positions apart to at least gap, inside [lo, hi], each as
// little as the others allow, and keeps their order. Where there is no room for
// all of them they share what there is evenly.
func spread(wanted []float64, gap, lo, hi float64) []float64 {
	n := len(wanted)
	if n == 0 {
		return nil
	}
	if room := hi - lo; float64(n-1)*gap > room {
		gap = room / math.Max(float64(n-1), 1)
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(wanted[a], wanted[b]) })

	// Blocks of touching labels; each stands at the mean of what its labels want.
	type block struct{ first, count, sum float64 }
	var blocks []block
	clamp := func(b block) float64 {
		start := b.sum / b.count
		return math.Min(math.Max(start, lo), hi-(b.count-1)*gap)
	}
	for i, k := range order {
		blocks = append(blocks, block{float64(i), 1, wanted[k]})
		for len(blocks) > 1 {
			a, b := blocks[len(blocks)-2], blocks[len(blocks)-1]
			if clamp(a)+a.count*gap <= clamp(b)+1e-9 {
				break
			}
			blocks = append(blocks[:len(blocks)-2], block{a.first, a.count + b.count, a.sum + b.sum - b.count*a.count*gap})
		}
	}
	out := make([]float64, n)
	for _, b := range blocks {
		start := clamp(b)
		for j := range int(b.count) {
			out[order[int(b.first)+j]] = start + float64(j)*gap
		}
	}
	return out
}
