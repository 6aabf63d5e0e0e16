package trial

// Blame is whose fault it is that a scenario was not performed: what has to be mended
// before it can be. It is never a verdict about the system.
type Blame string

// Who can be to blame.
const (
	BlameScenario Blame = "scenario" // it is invalid, and was refused before anything started
	BlameService  Blame = "service"  // one of the services did not start, or does not listen where it was asked to
	BlameKit      Blame = "kit"      // all else; the default
)

// String is who it is, as reports print it.
func (b Blame) String() string {
	switch b {
	case BlameScenario:
		return "your scenario"
	case BlameService:
		return "your service"
	}
	return "the kit"
}

// Because is what kept the scenario from being performed, in a few words.
func (b Blame) Because() string {
	switch b {
	case BlameScenario:
		return "your scenario is invalid"
	case BlameService:
		return "your service did not start"
	}
	return "the kit's own error"
}
