package advisory_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

// documents are those below root that can be read.
func documents(t *testing.T, f func(path string, doc *csaf.Document), under ...string) {
	t.Helper()
	for _, dir := range under {
		err := filepath.WalkDir(testdata.Path(t, "csaf", dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if doc, err := csaf.Decode(bytes.NewReader(data)); err == nil { // else not one of ours to judge
				f(path, doc)
			}
			return nil
		})
		require.NoError(t, err)
	}
}

// A leaf is a product in the branches of a document, with the device that it names.
type leaf struct {
	model, text string
	category    csaf.BranchCategory
}

func leaves(list []csaf.Branch, model string, out map[string]leaf) {
	for _, b := range list {
		if b.Category == csaf.BranchProductName {
			model = b.Name
		}
		if b.Product != nil {
			l := leaf{model, b.Name, b.Category}
			if h := b.Product.Helper; h != nil && len(h.ModelNumbers) > 0 {
				l.model = h.ModelNumbers[0]
			}
			out[b.Product.ID] = l
		}
		leaves(b.Branches, model, out)
	}
}

var (
	allOf    = regexp.MustCompile(`^(vers:[a-z]+/\*|\*|[Aa]ll versions)$`)
	firstOne = regexp.MustCompile(`(<=|>=|[<>≤≥‹])?\s*(([A-Za-z]+[.\-]?)?[0-9][^\s<>|,]*)`)
)

// fitting is a version that a person would say is of text, without the reader of the
// library: the bound, or for less than it a very low one.
func fitting(text string) string {
	if allOf.MatchString(strings.TrimSpace(text)) {
		return "1.0"
	}
	_, rest, ok := strings.Cut(text, "/")
	if ok && strings.HasPrefix(text, "vers:") {
		text = rest
	}
	m := firstOne.FindStringSubmatch(text)
	switch {
	case m == nil:
		return "1.0"
	case m[1] == "<" || m[1] == "‹":
		if letters := strings.Trim(m[3], "Vv"); letters != "" {
			return letters + "0"
		}
		return "0.0.1"
	case m[1] == ">":
		return "999"
	}
	return strings.NewReplacer(".x", ".5", ".X", ".5").Replace(strings.TrimRight(m[2], ".,;)"))
}

// What CISA writes of affected versions is read as it stands: all that has a meaning
// of its own is recognized, the rest cannot be told, and nothing is cleared.
func TestAppliesReadsTheVersionsOfRealAdvisories(t *testing.T) {
	t.Parallel()
	asked, affected := 0, 0
	kinds := map[string][2]int{}
	documents(t, func(path string, doc *csaf.Document) {
		if doc.ProductTree == nil {
			return
		}
		products, done := map[string]leaf{}, map[string]bool{}
		leaves(doc.ProductTree.Branches, "", products)
		for _, v := range doc.Vulnerabilities {
			if v.ProductStatus == nil {
				continue
			}
			for _, id := range v.ProductStatus.KnownAffected {
				l, there := products[id]
				if done[id] || !there {
					continue
				}
				done[id] = true
				device := advisory.Device{Model: l.model, Version: fitting(l.text)}
				got, err := advisory.Applies(doc, []advisory.Device{device})
				require.NoError(t, err)
				require.NotEqual(t, advisory.IsNot, got[0].Verdict, "%s: %q is listed as affected, and %+v is cleared", path, l.text, device)
				asked++
				n := kinds[string(l.category)]
				n[1]++
				if got[0].Verdict == advisory.IsAffected {
					affected++
					n[0]++
				}
				kinds[string(l.category)] = n
			}
		}
	}, "cisa-icsa", "cisa-icsma")
	t.Logf("%d of %d: %v", affected, asked, kinds)
	require.Equal(t, 1775, asked)
	require.GreaterOrEqual(t, affected, 1492, "fewer texts are read than were")
}

// numbers are those of a version that is nothing else.
func numbers(version string) []int {
	var out []int
	for part := range strings.SplitSeq(strings.TrimLeft(strings.TrimSpace(version), "Vv"), ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil
		}
		out = append(out, n)
	}
	for len(out) > 1 && out[len(out)-1] == 0 {
		out = out[:len(out)-1]
	}
	return out
}

var bound = regexp.MustCompile(`(<=|>=|<|>)\s*([Vv]?[0-9.]+)`)

// holds reports whether version is of text, read in the simplest way there is; known
// is false for what that cannot read.
func holds(text, version string) (in, known bool) {
	v := numbers(version)
	if allOf.MatchString(strings.TrimSpace(text)) {
		return true, true
	}
	if at := numbers(text); at != nil && v != nil {
		return slices.Equal(at, v), true
	}
	all := bound.FindAllStringSubmatch(text, -1)
	if v == nil || len(all) == 0 || strings.Trim(bound.ReplaceAllString(text, ""), " ,") != "" {
		return false, false
	}
	for _, m := range all {
		c := slices.Compare(v, numbers(m[2]))
		if map[string]bool{"<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[m[1]] {
			continue
		}
		return false, true
	}
	return true, true
}

// Every product of every document of others is asked with the versions of all, and each
// clearance is held against the document, read in another way.
func TestAppliesClearsNothingThatADocumentDoesNot(t *testing.T) {
	t.Parallel()
	asked, cleared := 0, 0
	documents(t, func(path string, doc *csaf.Document) {
		if doc.ProductTree == nil || len(doc.ProductTree.Relationships) > 0 {
			return
		}
		products := map[string]leaf{}
		leaves(doc.ProductTree.Branches, "", products)
		var devices []advisory.Device
		models, versions := map[string]bool{}, map[string]bool{"0.0.1": true, "1.0": true, "999": true}
		for _, l := range products {
			models[l.model] = true
			versions[fitting(l.text)] = true
		}
		for m := range models {
			for v := range versions {
				if len(devices) < 400 {
					devices = append(devices, advisory.Device{Model: m, Version: v})
				}
			}
		}
		answers, err := advisory.Applies(doc, devices)
		if err != nil {
			return // a draft
		}
		for i, a := range answers {
			asked++
			require.Equal(t, devices[i], a.Device)
			require.Len(t, a.Of, len(doc.Vulnerabilities), path)
			if a.Verdict != advisory.IsNot {
				continue
			}
			cleared++
			require.True(t, a.Named, path)
			for j, v := range doc.Vulnerabilities {
				require.Equal(t, advisory.IsNot, a.Of[j].Verdict, path)
				require.NotNil(t, v.ProductStatus, path)
				s := v.ProductStatus
				for _, id := range slices.Concat(s.KnownAffected, s.FirstAffected, s.LastAffected, s.UnderInvestigation) {
					if l := products[id]; strings.EqualFold(l.model, a.Device.Model) {
						in, known := holds(l.text, a.Device.Version)
						require.False(t, in && known, "%s: %q of %q is not cleared: %+v", path, l.text, l.model, a.Device)
					}
				}
				require.True(t, slices.ContainsFunc(slices.Concat(s.KnownNotAffected, s.Fixed, s.FirstFixed), func(id string) bool {
					l := products[id]
					in, known := holds(l.text, a.Device.Version)
					return strings.EqualFold(l.model, a.Device.Model) && (in || !known)
				}), "%s: nothing clears %+v", path, a.Device)
			}
		}
	}, "cisa-icsa", "cisa-icsma", "oasis-examples-2.0", "oasis-tests-2.0", "redhat")
	t.Logf("%d asked, %d cleared", asked, cleared)
	require.Greater(t, asked, 8000)
	require.Positive(t, cleared) // few of them say of any product that it is fixed
}
