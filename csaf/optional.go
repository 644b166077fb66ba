package csaf

// CheckOptional judges doc by the optional tests of section 6.2 of the standard
// and returns what fails, test by test. A failure is a warning: it does not make
// the document invalid. A nil document has none, and one of CSAF 2.1 the one
// failure that Check has for it. CheckOptional does not change doc.
//
// A document that Check calls invalid can be judged too; what is too broken for
// a test is passed over by it.
func CheckOptional(doc *Document) []Failure {
	switch {
	case doc == nil:
		return nil
	case doc.Document.CSAFVersion == Version21:
		return notJudged()
	}
	return checkOptional(doc)
}

func checkOptional(doc *Document) []Failure {
	c := &checker{doc: doc}
	for _, test := range optionalTests {
		c.test = test.id
		test.judge(c)
	}
	return c.failures
}

// optionalTests are the optional tests in the standard's order.
var optionalTests = []struct {
	id    string
	judge func(*checker)
}{
	{"6.2.1", (*checker).unusedProducts},
	{"6.2.2", (*checker).missingRemediations},
	{"6.2.3", (*checker).missingScores},
	{"6.2.4", (*checker).buildMetadata},
	{"6.2.5", (*checker).initialRelease},
	{"6.2.6", (*checker).currentRelease},
	{"6.2.7", (*checker).undatedInvolvements},
	{"6.2.8", func(c *checker) { c.onlyHash("md5") }},
	{"6.2.9", func(c *checker) { c.onlyHash("sha1") }},
	{"6.2.10", (*checker).missingLabel},
	{"6.2.11", (*checker).canonicalURL},
	{"6.2.12", (*checker).missingLanguage},
	{"6.2.13", (*checker).unsorted},
	{"6.2.14", (*checker).privateLanguage},
	{"6.2.15", (*checker).defaultLanguage},
	{"6.2.16", (*checker).missingHelpers},
	{"6.2.17", (*checker).misplacedCVEs},
	{"6.2.18", (*checker).rangesWithoutVers},
	{"6.2.19", (*checker).fixedScores},
	{"6.2.20", (*checker).additional},
}
