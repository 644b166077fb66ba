package match_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
)

// The gates hold the matcher against what others, and we ourselves, wrote down as
// right. A deviation is data: it is listed with who is right and why, and the gate
// fails when a listed one no longer deviates or another appears.

// readJSON reads a file into to.
func readJSON(t *testing.T, path string, to any) {
	t.Helper()
	body, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(body, to), path)
}

// What the matcher says of one component and one vulnerability.
const (
	found    = "affected"     // a finding
	asked    = "undecided"    // a question to a person, and no finding
	rejected = "not-affected" // looked at and turned down
	silent   = "silent"       // nothing at all
)

// said returns what r says of the component with the reference and the vulnerability,
// and why.
func said(r match.Result, ref string, id feeds.ID) (says, why string) {
	for _, f := range r.Findings {
		if !slices.Contains(f.IDs, id) {
			continue
		}
		for _, i := range f.Instances {
			if i.Component.Ref == ref {
				e := i.Evidence[0]
				return found, e.Source + " " + e.Item + ": " + e.Rule + " " + e.Leaf
			}
		}
	}
	for _, list := range []struct {
		of   []match.Candidate
		says string
	}{{r.Undecided, asked}, {r.Rejected, rejected}} {
		for _, c := range list.of {
			if c.Component.Ref == ref && slices.Contains(c.IDs, id) {
				return list.says, string(c.Ask) + " " + c.Source + " " + c.Item + ": " + c.Why
			}
		}
	}
	return silent, ""
}

// deviation is one case in which we say something else than the reference.
type deviation struct {
	Case  string `json:"case"`
	Ours  string `json:"ours"`
	Right string `json:"right"` // "ours", "theirs", "neither", "open"
	Why   string `json:"why"`
}

// hold fails t unless the deviations that were seen are those that are listed.
func hold(t *testing.T, listed []deviation, seen map[string]string) {
	t.Helper()
	known := map[string]bool{}
	for _, d := range listed {
		known[d.Case] = true
		require.NotEmpty(t, d.Why, d.Case)
		require.Contains(t, []string{"ours", "theirs", "neither", "open"}, d.Right, d.Case)
		switch ours, deviates := seen[d.Case]; {
		case !deviates:
			t.Errorf("%s is listed as a deviation and is none any more", d.Case)
		case ours != d.Ours:
			t.Errorf("%s: we say %s, listed is %s", d.Case, ours, d.Ours)
		}
	}
	for c, ours := range seen {
		if !known[c] {
			t.Errorf("%s: we say %s, and that is not listed", c, ours)
		}
	}
}

// alone is a device with one component, whose reference is "it".
func alone(c sbom.Component, with ...sbom.Component) sbom.BOM {
	c.Ref = "it"
	return device(append([]sbom.Component{c}, with...)...)
}
