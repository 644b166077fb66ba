package match

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/internal/strictjson"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/vers"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/vex"
)

// A Decision says that a vulnerability does not have to be looked at on a component, as
// long as what that rests on stays as it was. It is keyed by vulnerability, component
// and versions, not by device: it carries over to every version of every product that
// holds the component, unless Product and Devices limit it.
type Decision struct {
	// ID tells it from others, for good.
	ID string `json:"id"`
	// Vulnerabilities are the ids it is about; any one that a finding bears is enough. But one about a CVE id is
	// about no other, and one about a kind (feeds.ID.KindOnly) about a finding that has no better name, as long as
	// one record alone makes it.
	Vulnerabilities []feeds.ID `json:"vulnerabilities"`
	// Coordinate is the component, without a version. Empty means every component of the
	// one Product in the versions Devices. Of one that is a name alone, Basis.Identity says whose: it
	// is about no other, and without that it hides nothing.
	Coordinate sbom.Coordinate `json:"coordinate,omitempty"`
	// Ref limits it to the component of that reference; empty means every one of the
	// Coordinate.
	Ref string `json:"ref,omitempty"`
	// Only narrows it to what states all of it, each as kind=value: "purl:arch=arm64" a qualifier (or the
	// subpath) of its package URL, "cpe:target_hw=arm" an attribute of its CPE, "hash:sha256=…" its digest.
	Only []string `json:"only,omitempty"`
	// Devices are the versions, or ranges, of the device that it is about. None means every one, and
	// for one without a Coordinate none.
	Devices []string `json:"devices,omitempty"`
	// Versions are those of the component it is about: versions, or vers ranges. None means
	// the versions in Basis; AnyVersion says that it holds for every one.
	Versions   []string `json:"versions,omitempty"`
	AnyVersion bool     `json:"any_version,omitempty"`
	// Product limits it to one product; empty means every one.
	Product string `json:"product,omitempty"`
	// Origin says where it comes from.
	Origin Origin `json:"origin"`
	// Status is not_affected or fixed; a Suppression has none: the finding stands, and
	// is not to be told of. A statement may say affected or under_investigation: it hides nothing,
	// and takes back what is not newer. See [Decide].
	Status        vex.Status        `json:"status,omitempty"`
	Justification vex.Justification `json:"justification,omitempty"`
	// Author is who decided: a subject id, or the author of a document. Reason is why.
	Author string    `json:"author"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	// Document is the lower-case hex SHA-256 of the document it was read from; empty for
	// one made by hand.
	Document string `json:"document,omitempty"`
	// Basis is what it rested on when it was made.
	Basis Basis `json:"basis"`
}

// Origin says where a decision comes from.
type Origin string

// The origins.
const (
	FromStatement Origin = "vex"         // a VEX document
	FromPerson    Origin = "person"      // a person judged
	Suppression   Origin = "suppression" // a person does not want to be told
	FromPedigree  Origin = "pedigree"    // a patch that the SBOM states
	FromFiles     Origin = "files"       // none of the flaw's source files is compiled
)

// Decisions is the drawer of the ledger that holds them.
const Decisions store.Kind[Decision] = "match.decision"

// Key returns the ID.
func (d Decision) Key() string { return d.ID }

// Check says everything that is missing in d.
func (d Decision) Check() error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("match: decision %q: %s", d.ID, what))
		}
	}
	need(d.ID != "", "no id")
	need(len(d.Vulnerabilities) > 0, "no vulnerability")
	need(d.Coordinate != "" || d.Product != "", "no component, and no product that it is about as a whole")
	need(strings.TrimSpace(d.Author) != "", "nobody decided it")
	need(strings.TrimSpace(d.Reason) != "", "no reason")
	need(!d.At.IsZero() || d.Origin == FromStatement && !d.hides(), "no time")
	switch d.Origin {
	case FromStatement:
		need(d.Status.Valid(), fmt.Sprintf("status %q is not known", d.Status))
	case FromPerson, FromPedigree, FromFiles:
		need(d.Status == vex.NotAffected || d.Status == vex.Fixed, fmt.Sprintf("status %q hides nothing", d.Status))
	case Suppression:
		need(d.Status == "", "a suppression states no status")
	default:
		need(false, fmt.Sprintf("origin %q is not known", d.Origin))
	}
	need(d.Justification == "" || d.Justification.Valid(), fmt.Sprintf("justification %q is not known", d.Justification))
	need(d.AnyVersion || len(d.Versions)+len(d.Basis.Versions) > 0, "no versions, and not said to be about any")
	return errors.Join(errs...)
}

// Basis is what a decision rests on: what it would be looked at again for. Lists are
// sorted, each text once. A build, files and controls that are empty were not known, and a change of them re-opens
// nothing: [Ruling.Unwatched] says so. Exploits, Exploited and Severity are the other way about: what
// was not known then is news.
type Basis struct {
	// Identity are the identifiers of the component without versions, Versions the
	// versions of its instances.
	Identity []string `json:"identity,omitempty"`
	Versions []string `json:"versions,omitempty"`
	// Build is the digest of the build and its configuration, as the host takes it. Files
	// are the source files compiled in, where the SBOM lists them.
	Build string   `json:"build,omitempty"`
	Files []string `json:"files,omitempty"`
	// Controls are the ids of the mitigations that were credited.
	Controls []string `json:"controls,omitempty"`
	// Exploits are what was known of exploiting it: links, and decision records.
	Exploits []string `json:"exploits,omitempty"`
	// Exploited says that it was listed as exploited. Severity is its highest rating.
	Exploited bool   `json:"exploited,omitempty"`
	Severity  string `json:"severity,omitempty"`
}

// A Setting is what the host knows of a product and the records do not say. Zero
// values mean that it does not know.
type Setting struct {
	// Build is the digest of the build and its configuration.
	Build string
	// Controls are the ids of the mitigations that are in place. Nil means that they are
	// not tracked: then no decision is re-opened because one is missing.
	Controls []string
	// Reopening says what re-opens decisions. Nil means the table that comes with the
	// library.
	Reopening *Reopening
}

// Rest returns what a decision about f rests on, as of now. bom is the one f was found in.
func Rest(f Finding, bom sbom.BOM, s Setting) Basis {
	b := Basis{Build: s.Build, Controls: sorted(s.Controls), Exploits: sorted(f.Exploits), Exploited: f.Exploited != nil, Severity: string(f.Severity())}
	if e := f.ssvc(); e != "" {
		b.Exploits = sorted(append(b.Exploits, e))
	}
	for k := range f.Instances {
		i := &f.Instances[k]
		b.Versions = append(b.Versions, i.version())
		for _, c := range i.components(bom) {
			b.Identity = append(b.Identity, identify(c)...)
			b.Files = append(b.Files, c.Files...)
		}
	}
	b.Versions, b.Identity, b.Files = sorted(b.Versions), sorted(b.Identity), sorted(b.Files)
	return b
}

// ssvc is what a decision record says of exploiting it; empty when that is nothing.
func (f *Finding) ssvc() string {
	if f.SSVC == nil || f.SSVC.Exploitation == "" || f.SSVC.Exploitation == "none" {
		return ""
	}
	return "SSVC exploitation " + f.SSVC.Exploitation
}

func sorted(list []string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
	slices.Sort(list)
	return slices.Compact(list)
}

// components are those of the BOM that the instance may be: the one in its place, or else every one that
// states the same. A fleet keeps neither places nor references of a BOM.
func (i *Instance) components(bom sbom.BOM) []sbom.Component {
	all := bom.All()
	if i.place < len(all) && i.Component.Ref != "" && named(&all[i.place]) == i.Component {
		return all[i.place : i.place+1]
	}
	var out []sbom.Component
	for k := range all {
		c := named(&all[k])
		if i.Component.Ref == "" {
			c.Ref = ""
		}
		if c == i.Component {
			out = append(out, all[k])
		}
	}
	return out
}

// version is the version of the instance, as its evidence took it.
func (i Instance) version() string {
	for _, e := range i.Evidence {
		if e.Version != "" {
			return e.Version
		}
	}
	return i.Component.Version
}

// several reports whether more than one record says it of the instance.
func (i *Instance) several() bool {
	return slices.ContainsFunc(i.Evidence, func(e Evidence) bool { return e.Source != i.Evidence[0].Source || e.Item != i.Evidence[0].Item })
}

// identify are the identifiers of a component without versions, sorted; of one that has
// none its name with its group and those who may be its maker.
func identify(c sbom.Component) []string {
	var out []string
	if p, err := c.Package(); err == nil {
		out = append(out, string(p.Coordinates()[0]))
	}
	if n, err := c.CPEName(); err == nil {
		out = append(out, string(sbom.CPECoordinate(n)))
	}
	if len(out) == 0 {
		by := []string{sbom.FoldVendor(c.Supplier)}
		for _, maker := range []string{sbom.FoldVendor(c.Manufacturer), sbom.FoldVendor(c.Publisher)} {
			if maker != "" && !slices.Contains(by, maker) {
				by = append(by, maker)
			}
		}
		out = []string{strings.TrimSpace(string(c.Coordinate()) + " " + strings.Join(by, " "))}
	}
	return sorted(out)
}

// A Ruling is what a decision means for one instance of a finding.
type Ruling struct {
	Decision string     `json:"decision"` // its ID
	Origin   Origin     `json:"origin"`
	Status   vex.Status `json:"status,omitempty"`
	// Justification is why it is not affected.
	Justification vex.Justification `json:"justification,omitempty"`
	Author        string            `json:"author"`
	Reason        string            `json:"reason"`
	// Reopened is why it no longer holds; empty while it does.
	Reopened string `json:"reopened,omitempty"`
	// Unwatched is what would re-open it when it changed and cannot, because it was not known when
	// it was decided: "build", "control".
	Unwatched []string `json:"unwatched,omitempty"`
}

// Hidden reports whether decisions hide every instance of f. It stays in the list.
func (f Finding) Hidden() bool {
	for k := range f.Instances {
		if r := f.Instances[k].Ruling; r == nil || r.Reopened != "" {
			return false
		}
	}
	return len(f.Instances) > 0
}

// Reopened is why a decision about f no longer holds; empty when none was re-opened.
func (f Finding) Reopened() string {
	for k := range f.Instances {
		if r := f.Instances[k].Ruling; r != nil && r.Reopened != "" {
			return r.Reopened
		}
	}
	return ""
}

// Decide holds decisions against findings and returns the findings with, at each
// instance, the ruling of the one that hides it, or else of one that was re-opened. What the BOM itself
// states counts too: patches that say what they resolve, and the lists of compiled files. The
// findings that are given stay as they are. None is ever left out.
//
// A decision is re-opened by a change of what its justification rests on, and by nothing
// else: the table of [Reopening] says by what. A version that it is not about
// re-opens it with that cause. A statement that the same is affected takes back every decision that is not
// newer, whoever made it; one that it is under investigation takes back statements and what its own author
// decided. Without a time it counts as the newest, and where it cannot be said whether it is about this version, as if it were.
func Decide(findings []Finding, bom sbom.BOM, decisions []Decision, now Setting) ([]Finding, error) {
	table := now.Reopening
	if table == nil {
		var err error
		if table, err = DefaultReopening(); err != nil {
			return nil, err
		}
	}
	for _, d := range decisions {
		if err := d.Check(); err != nil {
			return nil, err
		}
	}
	byID := map[feeds.ID][]int{}
	for k, d := range decisions {
		for _, id := range d.Vulnerabilities {
			byID[id] = append(byID[id], k)
		}
	}
	out := slices.Clone(findings)
	for k := range out {
		f := &out[k]
		var about []Decision
		met := map[int]bool{}
		for _, id := range f.IDs {
			for _, n := range byID[id] {
				if !met[n] && decisions[n].concerns(f) {
					met[n] = true
					about = append(about, decisions[n])
				}
			}
		}
		f.Instances = slices.Clone(f.Instances)
		for n := range f.Instances {
			f.Instances[n].Ruling = decideOn(f, &f.Instances[n], bom, about, now, table.rules)
		}
	}
	return out, nil
}

// concerns reports whether d is about the vulnerability of f: a finding with a CVE id is met by a decision on that
// CVE, or by one that names no CVE at all. A kind that both bear says nothing.
func (d *Decision) concerns(f *Finding) bool {
	ids := feeds.Telling(f.IDs)
	if !slices.ContainsFunc(feeds.Telling(d.Vulnerabilities), func(id feeds.ID) bool { return id == f.Vulnerability || slices.Contains(ids, id) }) {
		return false
	}
	return !f.Vulnerability.CVE() || slices.Contains(d.Vulnerabilities, f.Vulnerability) || !slices.ContainsFunc(d.Vulnerabilities, feeds.ID.CVE)
}

// decideOn is the ruling on one instance: that of a decision which holds, or else of one that does
// not.
func decideOn(f *Finding, i *Instance, bom sbom.BOM, decisions []Decision, now Setting, rules map[string]reopenRule) *Ruling {
	components := i.components(bom)
	var out *Ruling
	for _, d := range append(declared(f, i, components), decisions...) {
		if !d.hides() {
			continue
		}
		r := d.rule(f, i, components, bom, now, rules)
		if r == nil {
			continue
		}
		for _, other := range decisions {
			if r.Reopened == "" && other.takesBack(&d) && other.mayRule(f, i, components, bom) {
				r.Reopened, r.Unwatched = other.said(), nil
			}
		}
		if out == nil || out.Reopened != "" && r.Reopened == "" {
			out = r
		}
	}
	return out
}

// takesBack reports whether d, if it is about the same, takes what other says back.
func (d *Decision) takesBack(other *Decision) bool {
	if d.hides() || !d.At.IsZero() && d.At.Before(other.At) {
		return false
	}
	return d.Status == vex.Affected || other.Origin == FromStatement || d.Author == other.Author
}

func (d *Decision) said() string {
	since := ""
	if !d.At.IsZero() {
		since = d.At.Format(" since 2006-01-02")
	}
	return fmt.Sprintf("%s says%s that it is %s", d.Author, since, d.Status)
}

// hides reports whether d is one that hides.
func (d *Decision) hides() bool { return d.Origin == Suppression || d.Status.Clears() }

// declared makes the decisions that the BOM itself states about an instance: what every component says that it may be.
func declared(f *Finding, i *Instance, components []sbom.Component) []Decision {
	if len(components) == 0 {
		return nil
	}
	var out []Decision
	base := Decision{Vulnerabilities: f.IDs, Coordinate: f.Coordinate, AnyVersion: true, Author: "the SBOM", At: f.Published}
	patched := ""
	for _, c := range components {
		if patched = resolves(f, c); patched == "" {
			break
		}
	}
	if patched != "" {
		d := base
		d.ID, d.Origin, d.Status, d.Reason = "pedigree:"+f.Key(), FromPedigree, vex.Fixed, patched
		out = append(out, d)
	}
	flawed := i.flawed()
	absent := len(flawed) > 0 && !slices.ContainsFunc(flawed, func(file string) bool { return !unit(file) })
	for _, c := range components {
		absent = absent && len(c.Files) > 0 && !slices.ContainsFunc(flawed, func(file string) bool { return compiled(c.Files, file) })
	}
	if absent {
		d := base
		d.ID, d.Origin, d.Status, d.Justification = "files:"+f.Key(), FromFiles, vex.NotAffected, vex.CodeNotPresent
		d.Reason = fmt.Sprintf("none of the files it is in is among the %d compiled: %s", len(components[0].Files), strings.Join(flawed[:min(3, len(flawed))], ", "))
		out = append(out, d)
	}
	return out
}

// resolves is the patch of the component that resolves the finding, in words; empty without one.
func resolves(f *Finding, c sbom.Component) string {
	if c.Pedigree == nil {
		return ""
	}
	for _, p := range c.Pedigree.Patches {
		for _, r := range p.Resolves {
			id := feeds.CleanID(r)
			if !id.KindOnly() && (id == f.Vulnerability || !id.CVE() && slices.Contains(f.IDs, id) && !f.Vulnerability.CVE()) {
				return strings.TrimSpace(fmt.Sprintf("a patch (%s) resolves it %s", cmpOr(p.Kind, "of no stated kind"), p.Diff))
			}
		}
	}
	return ""
}

// units are the ends of the names of files that a compiler is given. A header, a folder or a
// pattern is in no list of compiled files, wherever it is used.
var units = []string{".c", ".cc", ".cpp", ".cxx", ".s", ".rs", ".go", ".java", ".kt", ".m", ".mm", ".ada", ".adb", ".f", ".f90"}

func unit(file string) bool {
	return !strings.ContainsAny(file, "*?[") && slices.ContainsFunc(units, func(end string) bool { return strings.HasSuffix(strings.ToLower(file), end) })
}

// flawed are the source files that any evidence of the instance says the flaw is in.
func (i *Instance) flawed() []string {
	var out []string
	for _, e := range i.Evidence {
		out = append(out, e.Files...)
	}
	return sorted(out)
}

// compiled reports whether file is one of those compiled; one of the two may be
// written from farther up in the tree of folders.
func compiled(files []string, file string) bool {
	return slices.ContainsFunc(files, func(c string) bool {
		return c == file || strings.HasSuffix(c, "/"+file) || strings.HasSuffix(file, "/"+c)
	})
}

// about reports whether d is about the component of an instance, in whatever version. Where the instance may be
// one of several, it has to be about each.
func (d *Decision) about(f *Finding, components []sbom.Component, bom *sbom.BOM) bool {
	if d.Product != "" && d.Product != f.Product || (d.Ref != "" || len(d.Only) > 0) && len(components) == 0 {
		return false
	}
	var identity []string
	for k := range components {
		c := &components[k]
		identity = append(identity, identify(*c)...)
		if d.Ref != "" && c.Ref != d.Ref || d.Coordinate != "" && len(d.Only) > 0 && !subset(d.Only, states(c)) {
			return false
		}
	}
	switch {
	case d.Coordinate == "":
		return len(d.Only) == 0 || subset(d.Only, states(&bom.Root))
	case d.Coordinate != f.Coordinate && !slices.Contains(identity, string(d.Coordinate)):
		return false
	case d.Coordinate.Hint() && len(d.Basis.Identity) > 0:
		return subset(sorted(identity), d.Basis.Identity) // else of that name, and of another maker or group
	}
	return true
}

// device says why the version of the device is none that d is about, or nothing; open when that cannot be said.
func (d *Decision) device(bom *sbom.BOM) (why string, open bool) {
	if d.Coordinate != "" && len(d.Devices) == 0 {
		return "", false
	}
	version, _ := bom.Root.Stated()
	if why, open = decidedOn(d.Devices, bom.Root.Coordinate(), version); why != "" {
		why = "of the device, " + why
	}
	return why, open
}

// mayRule reports whether d is about an instance, or may be: its version, or that of the device, may not be told.
func (d *Decision) mayRule(f *Finding, i *Instance, components []sbom.Component, bom sbom.BOM) bool {
	device, open1 := d.device(&bom)
	version, open2 := d.versioned(f, i)
	return d.about(f, components, &bom) && (device == "" || open1) && (version == "" || open2)
}

// rule says what d means for an instance; nil when it is not about it.
func (d Decision) rule(f *Finding, i *Instance, components []sbom.Component, bom sbom.BOM, now Setting, rules map[string]reopenRule) *Ruling {
	if !d.about(f, components, &bom) {
		return nil
	}
	r := &Ruling{
		Decision: d.ID, Origin: d.Origin, Status: d.Status, Justification: d.Justification, Author: d.Author, Reason: d.Reason,
	}
	if d.Origin == FromPedigree || d.Origin == FromFiles {
		return r // stated of this very component, as it is now
	}
	if d.Coordinate.Hint() && len(d.Basis.Identity) == 0 {
		r.Reopened = "it is about a name, and whose was not said"
		return r
	}
	if f.Vulnerability.KindOnly() && i.several() {
		r.Reopened = fmt.Sprintf("several records bear no name but %s, and which of them it is about was not said", f.Vulnerability)
		return r
	}
	if r.Reopened, _ = d.device(&bom); r.Reopened != "" {
		return r
	}
	if r.Reopened, _ = d.versioned(f, i); r.Reopened != "" {
		return r
	}
	one := *f
	one.Instances = []Instance{*i}
	present := Rest(one, bom, now)
	for _, watch := range rules[d.ruleName()].Watches {
		if why := d.Basis.moved(watch, present, now); why != "" {
			r.Reopened, r.Unwatched = why, nil
			return r
		}
		if watch == "build" && d.Basis.Build == "" || watch == "control" && len(d.Basis.Controls) == 0 {
			r.Unwatched = append(r.Unwatched, watch)
		}
	}
	return r
}

// ruleName is the row of the table that says what re-opens d.
func (d Decision) ruleName() string {
	switch {
	case d.Origin == Suppression:
		return "suppression"
	case d.Justification != "":
		return string(d.Justification)
	case d.Status == vex.Fixed:
		return "fixed"
	}
	return "unjustified"
}

// versioned says why the version of the instance is none that d is about, or nothing; open when that cannot be said.
func (d *Decision) versioned(f *Finding, i *Instance) (why string, open bool) {
	if d.AnyVersion {
		return "", false
	}
	about := d.Versions
	if len(about) == 0 {
		about = d.Basis.Versions
	}
	return decidedOn(about, f.Coordinate, i.version())
}

// decidedOn says why the version is none of those stated, or nothing; open when that cannot be said.
func decidedOn(about []string, at sbom.Coordinate, version string) (why string, open bool) {
	unread := ""
	for _, text := range about {
		in, err := holdsVersion(at, text, version)
		if in {
			return "", false
		}
		if err != nil {
			unread = err.Error()
		}
	}
	if unread != "" {
		return fmt.Sprintf("whether it is about version %q cannot be said: %s", version, unread), true
	}
	return fmt.Sprintf("version %q is none that was decided on (%s)", version, strings.Join(about, ", ")), version == ""
}

// holdsVersion reports whether version is the one, or lies in the vers range, that text states.
func holdsVersion(at sbom.Coordinate, text, version string) (bool, error) {
	if text == version {
		return true, nil
	}
	if strings.HasPrefix(text, "vers:") {
		g, err := vers.ParseRange(text)
		if err != nil {
			return false, err
		}
		return g.Contains(version)
	}
	if strings.ContainsAny(text+version, "<>=|*, ") {
		return false, fmt.Errorf("%q is not one version, or %q is not", text, version)
	}
	scheme := vers.Generic
	if rest, ok := strings.CutPrefix(string(at), "pkg:"); ok {
		e, _, _ := strings.Cut(rest, "/")
		scheme = vers.Scheme(e)
	}
	if order, err := vers.Compare(scheme, text, version); err == nil {
		// Two builds of a version are one in the order of many schemes (SemVer, 10).
		_, build, stated := strings.Cut(text, "+")
		_, have, _ := strings.Cut(version, "+")
		return order == 0 && (!stated || build == have), nil
	}
	spans, unread := feeds.ReadVersions(text)
	if len(unread) > 0 {
		return false, fmt.Errorf("%q is for a person to read", text)
	}
	s := stated{text: version}
	for _, raw := range spans {
		span := readSpan(raw)
		switch in, why := span.holds(&s); {
		case in:
			return true, nil
		case why != "":
			return false, errors.New(why)
		}
	}
	return false, nil
}

// moved says how what is watched differs from the basis, or nothing.
func (b Basis) moved(watch string, now Basis, s Setting) string {
	switch watch {
	case "identity":
		if len(b.Identity) > 0 && !slices.Equal(b.Identity, now.Identity) && !subset(now.Identity, b.Identity) {
			return "the component has other identifiers: " + strings.Join(now.Identity, ", ")
		}
	case "build":
		if b.Build != "" && s.Build != "" && b.Build != s.Build {
			return "the build or its configuration changed"
		}
		if len(b.Files) > 0 && len(now.Files) > 0 && !slices.Equal(b.Files, now.Files) {
			return "other files are compiled in"
		}
	case "exploit":
		for _, e := range now.Exploits {
			if !slices.Contains(b.Exploits, e) {
				return "an exploit became known: " + e
			}
		}
	case "exploited":
		if now.Exploited && !b.Exploited {
			return "it is listed as exploited in the wild"
		}
	case "control":
		for _, c := range b.Controls {
			if s.Controls != nil && !slices.Contains(now.Controls, c) {
				return "a control is no longer in place: " + c
			}
		}
	case "severity":
		if rankOf(now.Severity) > rankOf(b.Severity) {
			return fmt.Sprintf("the severity rose from %s to %s", cmpOr(b.Severity, "none"), now.Severity)
		}
	}
	return ""
}

func rankOf(severity string) int {
	return ratingOrder(cvss.Severity(severity))
}

func subset(small, large []string) bool {
	return len(small) > 0 && !slices.ContainsFunc(small, func(s string) bool { return !slices.Contains(large, s) })
}

// Reopening is the table that says which changes re-open decisions, by what they claim.
type Reopening struct {
	rules map[string]reopenRule
}

// reopenRule is a row of the table: which changes re-open decisions of one kind.
type reopenRule struct {
	For     string   `json:"for"`
	Watches []string `json:"watches"`
	Why     string   `json:"why"`
}

//go:embed reopen.json
var reopenFile embed.FS

var watches = []string{"identity", "build", "exploit", "exploited", "control", "severity"}

var defaultReopening = sync.OnceValues(func() (*Reopening, error) { return LoadReopening(reopenFile, "reopen.json") })

// DefaultReopening returns the table that comes with the library: a convention of ours.
func DefaultReopening() (*Reopening, error) { return defaultReopening() }

// LoadReopening reads a table from the file name of fsys. It needs a row for each
// justification of VEX and for "fixed", "unjustified" and "suppression". Versions count
// always and stand in no row.
func LoadReopening(fsys fs.FS, name string) (*Reopening, error) {
	var file struct {
		Source string       `json:"source"`
		Force  string       `json:"force"`
		About  string       `json:"about"`
		Rules  []reopenRule `json:"rules"`
	}
	if _, err := strictjson.Read(fsys, name, &file); err != nil {
		return nil, fmt.Errorf("match: reopening %q: %w", name, err)
	}
	var errs []error
	out := &Reopening{rules: map[string]reopenRule{}}
	for _, r := range file.Rules {
		if out.rules[r.For].For != "" {
			errs = append(errs, fmt.Errorf("%q has two rows", r.For))
		}
		for _, w := range r.Watches {
			if !slices.Contains(watches, w) {
				errs = append(errs, fmt.Errorf("%q: %q is nothing that is watched", r.For, w))
			}
		}
		out.rules[r.For] = r
	}
	if file.Source == "" || file.Force == "" {
		errs = append(errs, errors.New("source or force is missing"))
	}
	for _, need := range []string{
		string(vex.ComponentNotPresent), string(vex.CodeNotPresent), string(vex.CodeNotInExecutePath), string(vex.CodeNotControllable),
		string(vex.InlineMitigationsHold), "fixed", "unjustified", "suppression",
	} {
		if len(out.rules[need].Watches) == 0 {
			errs = append(errs, fmt.Errorf("no row for %q", need))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("match: reopening %q: %w", name, err)
	}
	return out, nil
}
