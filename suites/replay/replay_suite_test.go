// Package replay asks whether a consumer recovers by replaying from its last
// committed offset, whatever has become of it or of its connection, and whether
// events can be read again on purpose (claims E1, E2, E3).
package replay

import (
	"testing"

	"github.com/breakwater-kit/breakwater/suites/harness"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

func TestReplay(t *testing.T) { harness.RunSpecs(t, "replay", harness.Claims(subjects.Claims)) }
