package history

import "testing"

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
