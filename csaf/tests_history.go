package csaf

import (
	"cmp"
	"slices"
	"time"

	"github.com/Masterminds/semver/v3"
)

// A history is the revision history as instants and versions.
type history struct {
	ok     bool // there is one, and every date and number can be read
	sorted []dated
}

type dated struct {
	index   int
	at      time.Time
	version *semver.Version
}

// past reads the revision history once and sorts it by date; entries of one
// instant are sorted by number, since the standard gives them no other order.
func (c *checker) past() *history {
	if c.history != nil {
		return c.history
	}
	h := &history{ok: true}
	c.history = h
	for i, r := range c.doc.Document.Tracking.RevisionHistory {
		at, err := r.Date.Time()
		v, _, ok := parseVersion(r.Number)
		if err != nil || !ok {
			h.ok = false // the schema has said so
			return h
		}
		h.sorted = append(h.sorted, dated{i, at, v})
	}
	h.ok = len(h.sorted) > 0
	slices.SortStableFunc(h.sorted, func(a, b dated) int {
		return cmp.Or(a.at.Compare(b.at), a.version.Compare(b.version))
	})
	return h
}

func (c *checker) revision(i int) *place { return atTracking.key("revision_history").at(i) }

// historySorted is 6.1.14: later revisions have higher numbers.
func (c *checker) historySorted() {
	h := c.past()
	if !h.ok {
		return
	}
	for i, e := range h.sorted[1:] {
		if before := h.sorted[i]; e.version.LessThan(before.version) {
			c.wrong(c.revision(e.index).key("number"), "is %s, lower than %s of an earlier date", brief(e.version.Original()), before.version.Original())
		}
	}
}

// latestVersion is 6.1.16: the document's version is that of the last revision,
// build metadata aside, and in a draft its pre-release part aside.
func (c *checker) latestVersion() {
	t := c.doc.Document.Tracking
	have, integer, ok := parseVersion(t.Version)
	if h := c.past(); ok && h.ok {
		newest := h.sorted[len(h.sorted)-1]
		number := t.RevisionHistory[newest.index].Number
		last := newest.version
		if t.Status == StatusDraft {
			have, last = release(have), release(last)
		}
		if !have.Equal(last) || integer != integerForm.MatchString(number) {
			c.wrong(atTracking.key("version"), "is %s, but the last revision is %s", brief(t.Version), number)
		}
	}
}

func release(v *semver.Version) *semver.Version {
	return semver.New(v.Major(), v.Minor(), v.Patch(), "", "")
}

// draftStatus is 6.1.17: what is numbered as unfinished is a draft.
func (c *checker) draftStatus() {
	t := c.doc.Document.Tracking
	if v, _, ok := parseVersion(t.Version); ok && t.Status != StatusDraft && t.Status != "" &&
		(v.Major() == 0 || v.Prerelease() != "") {
		c.wrong(atTracking.key("status"), "is %s, but version %s is that of a draft", t.Status, t.Version)
	}
}

// releasedHistory is 6.1.18: a released document lists no revision 0 or 0.y.z.
func (c *checker) releasedHistory() {
	t := c.doc.Document.Tracking
	if t.Status != StatusFinal && t.Status != StatusInterim {
		return
	}
	for i, r := range t.RevisionHistory {
		if v, _, ok := parseVersion(r.Number); ok && v.Major() == 0 {
			c.wrong(c.revision(i).key("number"), "is %s, a draft's, in a document that is %s", brief(r.Number), t.Status)
		}
	}
}

// preReleases is 6.1.19: no revision is a pre-release.
func (c *checker) preReleases() {
	for i, r := range c.doc.Document.Tracking.RevisionHistory {
		if v, _, ok := parseVersion(r.Number); ok && v.Prerelease() != "" {
			c.wrong(c.revision(i).key("number"), "is %s, a pre-release", brief(r.Number))
		}
	}
}

// nonDraftVersion is 6.1.20: a released document has no pre-release version.
func (c *checker) nonDraftVersion() {
	t := c.doc.Document.Tracking
	if v, _, ok := parseVersion(t.Version); ok && v.Prerelease() != "" &&
		(t.Status == StatusFinal || t.Status == StatusInterim) {
		c.wrong(atTracking.key("version"), "is %s, a pre-release, in a document that is %s", brief(t.Version), t.Status)
	}
}

// historyComplete is 6.1.21: the history begins at 0 or 1 and leaves out no
// number; of semantic versions only the major part counts.
func (c *checker) historyComplete() {
	h := c.past()
	if !h.ok {
		return
	}
	if first := h.sorted[0]; first.version.Major() > 1 {
		c.wrong(c.revision(first.index).key("number"), "is %s, but a history begins with 0 or 1", brief(first.version.Original()))
	}
	for i, e := range h.sorted[1:] {
		if before := h.sorted[i].version.Major(); e.version.Major() > before+1 {
			c.wrong(c.revision(e.index).key("number"), "leaves out version %d", before+1)
		}
	}
}

// historyUnique is 6.1.22: no number is used twice.
func (c *checker) historyUnique() {
	seen := map[string]bool{}
	for i, r := range c.doc.Document.Tracking.RevisionHistory {
		if r.Number != "" && seen[r.Number] {
			c.wrong(c.revision(i).key("number"), "is %s once more", brief(r.Number))
		}
		seen[r.Number] = true
	}
}

// mixedVersions is 6.1.30: integers or semantic versions, not both.
func (c *checker) mixedVersions() {
	t := c.doc.Document.Tracking
	_, integer, ok := parseVersion(t.Version)
	if !ok {
		return
	}
	for i, r := range t.RevisionHistory {
		if _, is, ok := parseVersion(r.Number); ok && is != integer {
			c.wrong(c.revision(i).key("number"), "is %s, while the document's version is %s: integer and semantic versions are mixed", brief(r.Number), t.Version)
		}
	}
}
