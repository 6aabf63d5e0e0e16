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
		fmt.Println(v.InstanceNames())
	}
	// Output:
	// [registration/1]
	// [email/1]
	// [analytics/1 analytics/2]
	// [cache/1]
	// [mailbox/1]
}

func ExampleGrowing() {
	for _, v := range subjects.Growing(subjects.EventDriven(), "analytics", 3)[2:4] {
		fmt.Println(v.InstanceNames(), "of which", v.InitialInstances(), "from the beginning")
	}
	// Output:
	// [analytics/1 analytics/2 analytics/3] of which [analytics/1] from the beginning
	// [cache/1] of which [cache/1] from the beginning
}

// A fourth dependent is a group of its own where events are published, and one
// that nobody calls where they are not.
func ExampleAudited() {
	for _, contender := range []string{subjects.SyncFanout, subjects.Event} {
		system := subjects.Audited(contender)
		audit := system[len(system)-1]
		fmt.Printf("%s: %s, %d late, group %q, ledger %s\n", contender, audit.Name, audit.Deferred, audit.Group, audit.Ledger.Sink)
	}
	// Output:
	// sync-fanout: audit, 1 late, group "", ledger audit
	// event: audit, 1 late, group "audit", ledger audit
}
