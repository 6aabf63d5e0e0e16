// Package selftest shows that each guarantee can fail: services with a planted
// defect turn the guarantee named for it broken, and nothing else that they
// should not, while the right service stays well under the same fault.
package selftest

import (
	"testing"

	"github.com/breakwater-kit/breakwater/suites/harness"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

func TestSelftest(t *testing.T) { harness.RunSpecs(t, "selftest", harness.Claims(subjects.Claims)) }
