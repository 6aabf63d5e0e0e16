// Package coupling asks what a caller can take and what it must know of who depends
// on it: how many there are (claims S4, S6), and where (S7).
package coupling

import (
	"testing"

	"github.com/breakwater-kit/breakwater/suites/harness"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

func TestCoupling(t *testing.T) { harness.RunSpecs(t, "coupling", harness.Claims(subjects.Claims)) }
