// Package costs asks what events cost, and where they lose: how long effects are
// away, what can still be followed, who depends on the broker, and what is left of
// order (claims T1, T2, T3, T5).
package costs

import (
	"testing"

	"github.com/breakwater-kit/breakwater/suites/harness"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

func TestCosts(t *testing.T) { harness.RunSpecs(t, "costs", harness.Claims(subjects.Claims)) }
