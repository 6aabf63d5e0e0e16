package breakwater

import (
	"fmt"
	"strings"
)

// StartOrder groups the services into levels: each needs only services of
// earlier levels, so the members of one level can start side by side.
func (s Scenario) StartOrder() ([][]Service, error) {
	started := map[string]bool{}
	waiting := s.Services
	var levels [][]Service
	for len(waiting) > 0 {
		var level, later []Service
		for _, v := range waiting {
			ready := true
			for _, n := range v.Needs {
				ready = ready && (n.Provided() || started[n.To])
			}
			if ready {
				level = append(level, v)
			} else {
				later = append(later, v)
			}
		}
		if len(level) == 0 {
			var names []string
			for _, v := range waiting {
				names = append(names, v.Name)
			}
			return nil, fmt.Errorf("services %s need each other in a circle; one of them must start first", strings.Join(names, ", "))
		}
		for _, v := range level {
			started[v.Name] = true
		}
		levels, waiting = append(levels, level), later
	}
	return levels, nil
}
