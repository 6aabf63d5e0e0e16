package history

// put fills one of the index's maps, which are on their way out: see ByID.
func put(ledgers map[string]map[string][]*Event, e *Event) {
	if ledgers[e.Sink] == nil {
		ledgers[e.Sink] = map[string][]*Event{}
	}
	ledgers[e.Sink][e.ID] = append(ledgers[e.Sink][e.ID], e)
}

func (x *Index) maps() {
	x.Requests, x.Found = map[string]*Event{}, map[string][]*Event{}
	x.Effects, x.Attempts = map[string]map[string][]*Event{}, map[string]map[string][]*Event{}
	for e := range x.Of(Request, Audit, Effect, Attempt) {
		switch e.Kind {
		case Request:
			if x.Requests[e.ID] == nil {
				x.Requests[e.ID] = e
			}
		case Audit:
			if e.ID != "" {
				x.Found[e.ID] = append(x.Found[e.ID], e)
			}
		case Effect:
			put(x.Effects, e)
		case Attempt:
			put(x.Attempts, e)
		}
	}
}
