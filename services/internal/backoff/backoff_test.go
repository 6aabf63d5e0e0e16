package backoff

import (
	"testing"
	"time"
)

func TestDelay(t *testing.T) {
	for _, test := range []struct {
		failures int
		most     time.Duration
	}{
		{0, 10 * time.Millisecond},
		{1, 10 * time.Millisecond},
		{2, 20 * time.Millisecond},
		{5, 160 * time.Millisecond},
		{8, time.Second},
		{1_000_000, time.Second},
	} {
		for range 100 {
			if got := Delay(test.failures, time.Second); got < test.most/2 || got > test.most {
				t.Errorf("Delay(%d) = %v, want from %v to %v", test.failures, got, test.most/2, test.most)
			}
		}
	}
}
