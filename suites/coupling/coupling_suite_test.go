// Package coupling asks what a caller must know of who depends on it (claim S6).
package coupling

import (
	"testing"

	"github.com/breakwater-kit/breakwater/suites/harness"
)

func TestCoupling(t *testing.T) { harness.RunSpecs(t, "coupling") }
