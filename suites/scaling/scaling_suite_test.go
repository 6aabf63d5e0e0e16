// Package scaling asks what comes of more consumers, of fewer, and of one group
// that is slow beside others (claim E4).
package scaling

import (
	"testing"

	"github.com/breakwater-kit/breakwater/suites/harness"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

func TestScaling(t *testing.T) { harness.RunSpecs(t, "scaling", harness.Claims(subjects.Claims)) }
