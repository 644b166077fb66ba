package csaf

import "fmt"

// Check judges doc against the schema and the mandatory tests of section 6.1 of
// the standard, and returns what fails in a fixed order: the schema first, then
// test by test. An empty answer means valid as far as the package comment says
// Check judges. A nil document fails the schema, and so does one of CSAF 2.1:
// that one failure is all that is said of it. Check does not change doc.
func Check(doc *Document) []Failure {
	switch {
	case doc == nil:
		return []Failure{{testSchema, "", "there is no document"}}
	case doc.Document.CSAFVersion == Version21:
		return notJudged()
	}
	return check(doc)
}

// notJudged is all that Check says of a document of CSAF 2.1.
func notJudged() []Failure {
	return []Failure{{testSchema, atDocument.key("csaf_version").String(), fmt.Sprintf("is %q, and only documents of CSAF %s are judged", Version21, Version)}}
}

func check(doc *Document) []Failure {
	c := &checker{doc: doc}
	c.shape()
	for _, test := range tests {
		c.test = test.id
		test.judge(c)
	}
	return c.failures
}

// tests are the mandatory tests in the standard's order. 6.1.8 is part of the
// schema's walk.
var tests = []struct {
	id    string
	judge func(*checker)
}{
	{"6.1.1", (*checker).missingProducts},
	{"6.1.2", (*checker).repeatedProducts},
	{"6.1.3", (*checker).circularProducts},
	{"6.1.4", (*checker).missingGroups},
	{"6.1.5", (*checker).repeatedGroups},
	{"6.1.6", (*checker).contradictingStatus},
	{"6.1.7", (*checker).repeatedScores},
	{"6.1.9", (*checker).scores},
	{"6.1.10", (*checker).vectors},
	{"6.1.11", (*checker).weaknesses},
	{"6.1.12", (*checker).languages},
	{"6.1.13", (*checker).packages},
	{"6.1.14", (*checker).historySorted},
	{"6.1.15", (*checker).translator},
	{"6.1.16", (*checker).latestVersion},
	{"6.1.17", (*checker).draftStatus},
	{"6.1.18", (*checker).releasedHistory},
	{"6.1.19", (*checker).preReleases},
	{"6.1.20", (*checker).nonDraftVersion},
	{"6.1.21", (*checker).historyComplete},
	{"6.1.22", (*checker).historyUnique},
	{"6.1.23", (*checker).repeatedCVEs},
	{"6.1.24", (*checker).repeatedInvolvements},
	{"6.1.25", (*checker).repeatedHashes},
	{"6.1.26", (*checker).categoryName},
	{"6.1.27.1", (*checker).profileNotes},
	{"6.1.27.2", (*checker).profileReferences},
	{"6.1.27.3", (*checker).profileNoVulnerabilities},
	{"6.1.27.4", (*checker).profileProductTree},
	{"6.1.27.5", (*checker).profileVulnerabilityNotes},
	{"6.1.27.6", (*checker).profileProductStatus},
	{"6.1.27.7", (*checker).vexStatus},
	{"6.1.27.8", (*checker).vexID},
	{"6.1.27.9", (*checker).vexImpact},
	{"6.1.27.10", (*checker).vexAction},
	{"6.1.27.11", (*checker).profileVulnerabilities},
	{"6.1.28", (*checker).translation},
	{"6.1.29", (*checker).remediationProducts},
	{"6.1.30", (*checker).mixedVersions},
	{"6.1.31", (*checker).versionRanges},
	{"6.1.32", (*checker).flagProducts},
	{"6.1.33", (*checker).repeatedFlags},
}

// A checker is one run of Check. The lazy parts are made once, by the test
// that first needs them.
type checker struct {
	doc      *Document
	test     string // the one that runs
	failures []Failure

	products map[string]bool     // ids the tree defines
	groups   map[string][]string // product ids by group id
	history  *history
}

// The places that tests begin from.
var (
	atDocument = (*place)(nil).key("document")
	atTracking = atDocument.key("tracking")
	atTree     = (*place)(nil).key("product_tree")
	atVulns    = (*place)(nil).key("vulnerabilities")
)
