// Package cascade asks how far the failure of one service spreads when services
// call each other, and when they publish events instead (claims S1, S2, S3, S5a).
package cascade

import (
	"testing"

	"github.com/breakwater-kit/breakwater/suites/harness"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

func TestCascade(t *testing.T) { harness.RunSpecs(t, "cascade", harness.Claims(subjects.Claims)) }
