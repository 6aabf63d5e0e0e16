package lists

import (
	"fmt"
	"testing"
)

func TestGroup(t *testing.T) {
	groups := Group([]string{"bb", "a", "cc", "d", "eee"}, func(s string) int { return len(s) })
	if got, want := fmt.Sprint(groups), "[{2 [bb cc]} {1 [a d]} {3 [eee]}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
