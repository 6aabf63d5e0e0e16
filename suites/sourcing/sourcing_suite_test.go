// Package sourcing asks whether what is made of events can be made of them again,
// and how far a view lags behind what was promised (claims E7, E8).
package sourcing

import (
	"testing"

	"github.com/breakwater-kit/breakwater/suites/harness"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

func TestSourcing(t *testing.T) { harness.RunSpecs(t, "sourcing", harness.Claims(subjects.Claims)) }
