package history

import "testing"

func TestEveryKindHasItsPlace(t *testing.T) {
	taken := map[int]Kind{}
	for _, k := range Kinds() {
		p := k.place()
		if other, twice := taken[p]; p <= 0 || p >= kindsKnown || twice {
			t.Errorf("%q has place %d, as %q has", k, p, other)
		}
		taken[p] = k
	}
	if len(taken)+1 != kindsKnown {
		t.Errorf("%d kinds are listed of %d", len(taken), kindsKnown-1)
	}
}

func TestParsePlace(t *testing.T) {
	for _, s := range []string{"user-events/2@88", "a/b@c/0@0", "/0@-1"} {
		if p, offset, ok := ParsePlace(s); !ok || p.At(offset) != s {
			t.Errorf("%q is taken for %v, %d, %v", s, p, offset, ok)
		}
	}
	for _, s := range []string{"", "orders", "orders/0", "orders@7", "orders/x@7", "orders/0@x", "orders@7/0", "orders/9999999999@7"} {
		if _, _, ok := ParsePlace(s); ok {
			t.Errorf("%q is taken for a place", s)
		}
	}
}
