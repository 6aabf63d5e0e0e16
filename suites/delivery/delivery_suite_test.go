// Package delivery asks what becomes of one event when something dies, or is not
// told, between two steps of its way: is it lost, done twice, or done once
// (claims S5b, E5, E6).
package delivery

import (
	"testing"

	"github.com/breakwater-kit/breakwater/suites/harness"
	"github.com/breakwater-kit/breakwater/suites/subjects"
)

func TestDelivery(t *testing.T) { harness.RunSpecs(t, "delivery", harness.Claims(subjects.Claims)) }
