package advisory

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/patch"
)

var (
	english = regexp.MustCompile(`^en(-[A-Z]{2})?$`)
	weak    = regexp.MustCompile(`^CWE-[1-9][0-9]{0,5}$`)
	tracked = regexp.MustCompile(`^\S(.*\S)?$`)
)

var parties = []patch.Party{patch.Manufacturer, patch.Facility, patch.User}

// Validate says everything that is missing or wrong in a, at once, or nil. What
// it asks of content is the union of FDA's 30-day notice (guidance) and the
// practice of ISO/IEC 29147; that clinical impact takes at least five words, is
// no empty phrase and says who or what is harmed is our own convention.
func (a Advisory) Validate() error {
	c := &checker{}
	c.head(a)
	c.texts(a)
	c.versions(a)
	c.scope(a)
	for _, v := range a.Vulnerabilities {
		c.vulnerability(a, v)
	}
	c.instructions(a)
	c.remedies(a)
	c.kind(a)
	c.text(reflect.ValueOf(a), "")
	errs := c.errs
	if err := a.checkSignOffs(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

type checker struct{ errs []error }

func (c *checker) fail(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("advisory: "+format, args...))
}

func (c *checker) need(what, text string) {
	if blank(text) {
		c.fail("%s is missing", what)
	} else if hollow(text) {
		c.fail("%s says nothing: %q", what, text)
	}
}

func (c *checker) head(a Advisory) {
	if a.Schema != Schema {
		c.fail("schema %d is not %d", a.Schema, Schema)
	}
	if !tracked.MatchString(a.ID) || csaf.Filename(a.ID) == "_.json" {
		c.fail("id %q is missing or no id", a.ID)
	}
	switch {
	case a.Kind == "":
		c.fail("the kind of communication is not chosen; there is no default")
	case !a.Kind.Valid():
		c.fail("kind %q is not known", a.Kind)
	}
	if a.Status != StatusDraft && a.Status != StatusFinal {
		c.fail("status %q is not known", a.Status)
	}
	if !english.MatchString(a.Lang) {
		c.fail("language %q: the letter's fixed words are English only (en, en-US, …)", a.Lang)
	} else if err := csaf.CheckLang(a.Lang); err != nil {
		c.fail("language %q: %w", a.Lang, err)
	}
	c.need("the maker's name", a.Maker.Name)
	if u, err := url.Parse(a.Maker.Namespace); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		c.fail("the maker's namespace %q is no http(s) URL", a.Maker.Namespace)
	}
	if at := a.Maker.Canonical; at != "" {
		if u, err := url.Parse(at); err != nil || u.Host == "" || u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
			c.fail("the maker's canonical URL %q is no https URL of a folder", at)
		}
	}
	if !a.Mark.Said() {
		who := "nobody"
		if len(a.Mark.By) > 0 {
			who = strings.Join(a.Mark.By, ", ")
		}
		c.fail("the TLP label is not said (asked of: %s)", who)
	}
	if blank(a.Proposed.By) || a.Proposed.At.IsZero() {
		c.fail("who drafted it, or when, is missing")
	}
	c.revisions(a)
	c.limits(a)
}

// limits checks for whom it is, who has to sign, and what it comes from.
func (c *checker) limits(a Advisory) {
	for i, to := range a.Audience {
		if !to.Valid() || slices.Contains(a.Audience[:i], to) {
			c.fail("audience %q is not known, or is there twice", to)
		}
	}
	for i, role := range a.Needs {
		if blank(role) || slices.ContainsFunc(a.Needs[:i], func(o string) bool { return sameRole(o, role) }) {
			c.fail("role %q that has to sign is empty, or is there twice", role)
		}
	}
	if a.Learned.After(a.Proposed.At) {
		c.fail("it was learned of at %s, after it was drafted", stamp(a.Learned))
	}
	if t := a.TranslatedFrom; t != nil {
		if !tracked.MatchString(t.ID) || t.ID == a.ID || t.Revision < 1 {
			c.fail("the text it translates, %q revision %d, is no revision of another advisory", t.ID, t.Revision)
		}
		if err := csaf.CheckLang(t.Lang); err != nil || strings.EqualFold(t.Lang, a.Lang) {
			c.fail("the language %q of the text it translates is none, or its own", t.Lang)
		}
	}
	if w := a.Withdrawn; w != nil {
		c.need("why it is withdrawn", w.Why)
		if len(a.Revisions) < 2 {
			c.fail("the first revision cannot withdraw")
		}
		for _, v := range a.Vulnerabilities {
			for _, d := range v.Dispositions {
				if d.Status != UnderInvestigation {
					c.fail("%q is withdrawn and still says that version %q is %s", a.ID, d.Version, d.Status)
				}
			}
		}
		if w.ReplacedBy != "" && (!tracked.MatchString(w.ReplacedBy) || w.ReplacedBy == a.ID) {
			c.fail("%q cannot take its place", w.ReplacedBy)
		}
	}
	for _, x := range a.Cites {
		if !slices.Contains(texts, x.Text) || blank(x.Of.Kind) || blank(x.Of.Key) || blank(x.Of.Digest) {
			c.fail("a cite for %q names no text or no record", x.Text)
		}
	}
	for _, v := range a.Versions {
		if v.Stage != "" && !v.Stage.Valid() {
			c.fail("version %q: stage %q is not known", v.ID, v.Stage)
		}
	}
}

func (c *checker) revisions(a Advisory) {
	if len(a.Revisions) == 0 {
		c.fail("there is no revision")
	}
	var last time.Time
	for i, r := range a.Revisions {
		now := i == len(a.Revisions)-1
		if r.Number != i+1 || blank(r.Summary) {
			c.fail("revision %d: the number is %d, or the summary is missing", i+1, r.Number)
		}
		if now {
			if r.Date.IsZero() != (a.Status == StatusDraft) {
				c.fail("revision %d: its date does not fit status %q", r.Number, a.Status)
			}
			if !r.Date.IsZero() && len(a.SignOffs) > 0 && !r.Date.Equal(a.SignOffs[0].At) {
				c.fail("revision %d: its date is not that of the first sign-off", r.Number)
			}
			if a.Proposed.At.Before(last) {
				c.fail("revision %d was drafted before the one before was issued", r.Number)
			}
			continue
		}
		if r.Date.IsZero() || r.Date.Before(last) {
			c.fail("revision %d: its date is missing or before that of the one before", r.Number)
		}
		last = r.Date
	}
}

func (c *checker) texts(a Advisory) {
	c.need("the title", a.Title)
	c.need("the summary", a.Summary)
	c.need("the support contact", a.Contact)
	c.need("how to report adverse events", a.Reporting)
	if a.Next.On.String() == "" && hollow(a.Next.Text) {
		c.fail("when the next update comes is missing")
	}
	for _, v := range a.Vulnerabilities {
		if len(v.with(Affected)) > 0 {
			c.need("whether there is a fix and how to get it", a.Availability)
			break
		}
	}
	for i, x := range a.Credits {
		if len(x.Names) == 0 && blank(x.Organization) || slices.ContainsFunc(x.Names, blank) {
			c.fail("credit %d names nobody", i+1)
		}
	}
	switch n := a.Notice; {
	case n == nil && a.Uncontrolled():
		c.fail("an uncontrolled risk needs the four statements of the 30-day notice")
	case n != nil:
		c.need("statement (a), description and impact", n.Impact)
		c.need("statement (b), efforts under way", n.Efforts)
		c.need("statement (c), compensating controls or that there are none", n.Controls)
		c.need("statement (d), fix in work and how it will be told", n.Fix)
	}
}

func (c *checker) versions(a Advisory) {
	if len(a.Versions) == 0 {
		c.fail("there is no device version")
	}
	ids, names := map[string]bool{}, map[[4]string]bool{}
	for _, v := range a.Versions {
		name := [4]string{v.Manufacturer, v.Name, v.Model, plain(v.Version)}
		if blank(v.ID) || ids[v.ID] || names[name] {
			c.fail("version %q of %q: its id is missing, or it is there twice", v.Version, v.Name)
		}
		ids[v.ID], names[name] = true, true
		if blank(v.Name) || blank(v.Model) || blank(v.Version) || blank(v.Manufacturer) {
			c.fail("version %q: name, model, version or manufacturer is missing", v.ID)
		}
	}
}

// scope checks what is said of the versions as a whole.
func (c *checker) scope(a Advisory) {
	if a.NoFleet != "" {
		c.need("why there is no fleet", a.NoFleet)
	}
	for i, x := range a.Excluded {
		if blank(x.Product) || blank(x.Name) || hollow(x.Why) || slices.ContainsFunc(a.Excluded[:i], func(o Exclusion) bool { return o.Product == x.Product }) {
			c.fail("product %q is left out: its key, its name or the reason is missing, or it is there twice", x.Product)
		}
		if slices.ContainsFunc(a.Versions, func(v Version) bool { return v.Product != "" && v.Product == x.Product }) {
			c.fail("product %q is left out and spoken of", x.Product)
		}
	}
}

func (c *checker) vulnerability(a Advisory, v Vulnerability) {
	// A record that names several CVEs gives them all its own id; each stays a
	// vulnerability by itself.
	named := 0
	for _, other := range a.Vulnerabilities {
		if other.has(v.ID) {
			named++
		}
	}
	if named > 1 {
		c.fail("%q is there twice, or is an id of another one too", v.ID)
	}
	for _, id := range v.IDs {
		if id.CVE() && id != v.ID {
			c.fail("%q also goes by %q; each CVE needs words of its own", v.ID, id)
		}
	}
	if blank(string(v.ID)) || !slices.Contains(v.IDs, v.ID) {
		c.fail("vulnerability %q: the id is missing", v.ID)
	}
	c.need(fmt.Sprintf("the description of %q", v.ID), v.Description)
	what := fmt.Sprintf("the clinical impact of %q", v.ID)
	if a.Withdrawn == nil { // else nothing is said of it any more
		c.need(what, v.ClinicalImpact)
	}
	if !blank(v.ClinicalImpact) && a.Withdrawn == nil {
		if why := idle(a.Lang, v.ClinicalImpact); why != "" {
			c.fail("%s %s: %q", what, why, v.ClinicalImpact)
		}
	}
	if v.CWE != "" && !weak.MatchString(v.CWE) {
		c.fail("%q: %q is no CWE id", v.ID, v.CWE)
	}
	if len(v.Dispositions) != len(a.Versions) {
		c.fail("%q: %d dispositions for %d versions", v.ID, len(v.Dispositions), len(a.Versions))
		return
	}
	for i, d := range v.Dispositions {
		c.disposition(v, d, a.Versions[i])
		if d.Status == Fixed && !a.fixed(v, d, a.Versions[i]) {
			c.fail("%q in %s %s: fixed without a plan, a release or a record that says so", v.ID, a.Versions[i].Name, a.Versions[i].Version)
		}
	}
}

func (c *checker) disposition(v Vulnerability, d Disposition, of Version) {
	where := fmt.Sprintf("%q in %s %s", v.ID, of.Name, of.Version)
	if d.Version != of.ID {
		c.fail("%s: the disposition is of version %q", where, d.Version)
	}
	switch d.Status {
	case Affected, UnderInvestigation:
		if d.Risk == assess.NoRisk {
			c.fail("%s: %s without a risk", where, d.Status)
		}
	case NotAffected:
		if blank(d.Justification) && blank(d.Why) {
			c.fail("%s: not affected without a justification", where)
		}
		if d.Risk != assess.NoRisk {
			c.fail("%s: not affected with a risk", where)
		}
	case Fixed:
	default:
		c.fail("%s: status %q is not known", where, d.Status)
	}
	if d.Justification != "" && (d.Status != NotAffected || !csaf.FlagLabel(d.Justification).Valid()) {
		c.fail("%s: justification %q does not fit status %q", where, d.Justification, d.Status)
	}
	if d.Risk != "" && !d.Risk.Valid() {
		c.fail("%s: risk %q is not known", where, d.Risk)
	}
	if s := d.Score; s != nil && (s.Vector.IsZero() || s.Base != s.Vector.Base() || blank(s.Label)) {
		c.fail("%s: the score is not that of its vector, or its label is missing", where)
	}
}

// fixed reports whether something says that v is fixed in that version. In records of
// before it was kept what does, it is the patch of a plan.
func (a Advisory) fixed(v Vulnerability, d Disposition, of Version) bool {
	if len(d.From) > 0 {
		return !slices.ContainsFunc(d.From, noRecord) && (d.StatedBy == "" || !hollow(d.Why))
	}
	return d.StatedBy == "" && slices.ContainsFunc(a.Remedies, func(r Remedy) bool {
		return r.Kind == patch.Patch && r.Available && plain(r.FixedIn) == plain(of.Version) && slices.ContainsFunc(r.For, v.has) &&
			slices.ContainsFunc(r.Versions, func(id string) bool { return a.version(id).Model == of.Model })
	})
}

func (c *checker) instructions(a Advisory) {
	told := map[patch.Party]bool{}
	for _, i := range a.Instructions {
		if !i.Party.Valid() {
			c.fail("an instruction is for %q; there are manufacturer, facility and user", i.Party)
		}
		told[i.Party] = true
		c.meant(a, fmt.Sprintf("the instruction %q", i.Text), i.For, i.Versions)
		c.need(fmt.Sprintf("an instruction for the %s", i.Party), i.Text)
	}
	for _, p := range parties {
		if !told[p] {
			c.fail("there is no instruction for the %s", p)
		}
	}
}

func (c *checker) remedies(a Advisory) {
	for _, r := range a.Remedies {
		if !r.Kind.Valid() {
			c.fail("remedy kind %q is not known", r.Kind)
		}
		if !r.Party.Valid() {
			c.fail("a remedy is for %q; there are manufacturer, facility and user", r.Party)
		}
		c.need("the text of a remedy", r.Text)
		if r.Kind == patch.Patch && blank(r.FixedIn) {
			c.fail("the patch %q does not say in which version it is", r.Text)
		}
		if r.Available && r.AvailableFrom.IsZero() {
			c.fail("the remedy %q is available, but not since when", r.Text)
		}
		if len(r.For) == 0 || len(r.Versions) == 0 {
			c.fail("the remedy %q is for no vulnerability or no version", r.Text)
		}
		c.meant(a, fmt.Sprintf("the remedy %q", r.Text), r.For, r.Versions)
	}
}

// meant checks that what something is for is there.
func (c *checker) meant(a Advisory, what string, ids []feeds.ID, versions []string) {
	for _, id := range ids {
		if !slices.ContainsFunc(a.Vulnerabilities, func(v Vulnerability) bool { return v.has(id) }) {
			c.fail("%s is for %q, which is not there", what, id)
		}
	}
	for _, id := range versions {
		if !slices.ContainsFunc(a.Versions, func(v Version) bool { return v.ID == id }) {
			c.fail("%s is for version %q, which is not there", what, id)
		}
	}
}

// text walks every string of v: only UTF-8, and nothing that hides or reorders
// what a reader sees.
func (c *checker) text(v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.String:
		s := v.String()
		if !utf8.ValidString(s) {
			c.fail("%s: %q is not UTF-8", path, s)
		}
		if i := strings.IndexFunc(s, hidden); i >= 0 {
			r, _ := utf8.DecodeRuneInString(s[i:])
			c.fail("%s: holds the control character %U", path, r)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			c.text(v.Elem(), path)
		}
	case reflect.Slice:
		for i := range v.Len() {
			c.text(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				name := strings.ToLower(f.Name)
				if path != "" {
					name = path + "." + name
				}
				c.text(v.Field(i), name)
			}
		}
	}
}

// hidden reports whether r is a control character other than tab and line feed,
// or one of format, which nobody sees: it turns the direction of text (as in
// CVE-2021-42574), joins, or has no width at all.
func hidden(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// plain is a version without what only spells it in another way.
func plain(version string) string {
	version = strings.ToLower(strings.TrimSpace(version))
	if n := strings.TrimPrefix(version, "v"); n != "" && n[0] >= '0' && n[0] <= '9' {
		return n
	}
	return version
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
