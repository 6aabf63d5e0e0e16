package subjects_test

import (
	"fmt"

	"github.com/breakwater-kit/breakwater/suites/subjects"
)

func ExampleSystem() {
	for _, contender := range []string{subjects.SyncFanout, subjects.Event} {
		registration := subjects.System(contender)[0]
		fmt.Print(contender, ": ", registration.Name, " needs")
		for _, n := range registration.Needs {
			fmt.Print(" ", n.To)
		}
		fmt.Println()
	}
	// Output:
	// sync-fanout: registration needs database email analytics cache
	// event: registration needs database kafka
}

func ExampleScaled() {
	for _, v := range subjects.Scaled(subjects.EventDriven(), "analytics", 2) {
		fmt.Println(v.Names())
	}
	// Output:
	// [registration/1]
	// [email/1]
	// [analytics/1 analytics/2]
	// [cache/1]
	// [mailbox/1]
}
