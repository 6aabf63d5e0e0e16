package main

import (
	"fmt"
	"regexp"
	"slices"
	"testing"
)

func TestListed(t *testing.T) {
	got, err := listed("replay", []byte(`[{"SuiteDescription": "replay", "SpecReports": [
		{"ContainerHierarchyTexts": ["The consumer", "when it is killed"], "LeafNodeType": "It", "LeafNodeText": "goes on (a.b)", "State": "passed"},
		{"ContainerHierarchyTexts": ["A chain", ""], "LeafNodeType": "It", "LeafNodeText": "fails", "State": "passed", "IsSerial": true},
		{"ContainerHierarchyTexts": null, "LeafNodeType": "It", "LeafNodeText": "out of focus", "State": "skipped"},
		{"ContainerHierarchyTexts": null, "LeafNodeType": "It", "LeafNodeText": "later", "State": "pending"},
		{"ContainerHierarchyTexts": null, "LeafNodeType": "BeforeSuite", "LeafNodeText": "", "State": "passed"}]}]`))
	want := []spec{{"replay The consumer when it is killed goes on (a.b)", false}, {"replay A chain fails", true}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := listed("replay", []byte("{")); err == nil {
		t.Error("half a report is read")
	}
}

func TestShare(t *testing.T) {
	specs := func(n int, serial ...int) (all []spec) {
		for i := range n {
			all = append(all, spec{fmt.Sprint(i), slices.Contains(serial, i)})
		}
		return all
	}
	for _, c := range []struct {
		all  []spec
		n    int
		want string
	}{
		{specs(0), 2, "[] []"},
		{specs(1), 2, "[[{0 false}]] []"},
		{specs(5), 2, "[[{0 false} {2 false} {4 false}] [{1 false} {3 false}]] []"},
		{specs(5, 0, 3), 2, "[[{1 false} {4 false}] [{2 false}]] [{0 true} {3 true}]"},
		{specs(2, 0, 1), 2, "[] [{0 true} {1 true}]"},
	} {
		together, alone := share(c.all, c.n)
		if got := fmt.Sprint(together, alone); got != c.want {
			t.Errorf("%v among %d: %s, want %s", c.all, c.n, got, c.want)
		}
	}
}

func TestExactlyMatchesNothingElse(t *testing.T) {
	focus := regexp.MustCompile(exactly([]spec{{text: "replay a (b.c)"}, {text: "replay x"}}))
	for text, want := range map[string]bool{"replay a (b.c)": true, "replay x": true, "replay a (bxc)": false, "replay x y": false, "a replay x": false, "": false} {
		if focus.MatchString(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}
