package history

// kindsKnown is one more than there are kinds: place 0 is for kinds that this
// version does not know.
const kindsKnown = 23

// Kinds returns every kind of event that this version knows, in the order in which
// they are declared.
func Kinds() []Kind {
	return []Kind{
		Request, Call, Produce, Resume, Fetched, Commit, Transaction, Assign, Attempt,
		Effect, State, Fault, Sample, Process, Accident, Saturated, Session, Audit, Aborted, Clock, Account, HarnessError,
	}
}

// place is where an index keeps the events of the kind.
func (k Kind) place() int {
	switch k {
	case Request:
		return 1
	case Call:
		return 2
	case Produce:
		return 3
	case Resume:
		return 4
	case Fetched:
		return 5
	case Commit:
		return 6
	case Transaction:
		return 7
	case Assign:
		return 8
	case Attempt:
		return 9
	case Effect:
		return 10
	case State:
		return 11
	case Fault:
		return 12
	case Sample:
		return 13
	case Process:
		return 14
	case Audit:
		return 15
	case Aborted:
		return 16
	case HarnessError:
		return 17
	case Account:
		return 18
	case Clock:
		return 19
	case Accident:
		return 20
	case Session:
		return 21
	case Saturated:
		return 22
	}
	return 0
}
