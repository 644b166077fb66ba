package advisory

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/patch"
)

// CSAF writes a as a CSAF 2.0 document of the profile security advisory, which
// csaf.Check has nothing to say about. A draft has tracking status draft and says
// so in its title. Calling it releases nothing: see Release.
func CSAF(a Advisory) (*csaf.Document, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	return document(a)
}

func document(a Advisory) (*csaf.Document, error) { return written(a, csaf.ProfileSecurityAdvisory) }

// written writes a in one of the two profiles. As VEX it is a document of its own,
// with an id of its own.
func written(a Advisory, profile string) (*csaf.Document, error) {
	spread, err := csaf.Distribute(a.Mark.Label)
	if err != nil {
		return nil, fmt.Errorf("advisory: %w", err)
	}
	doc := &csaf.Document{
		Document: csaf.Meta{
			Acknowledgments: acknowledgments(a.Credits),
			Category:        profile,
			CSAFVersion:     csaf.Version,
			Distribution:    spread,
			Lang:            a.Lang,
			Notes:           notes(a),
			Publisher: csaf.Publisher{
				Category: csaf.PublisherVendor, Name: a.Maker.Name, Namespace: a.Maker.Namespace, ContactDetails: a.Contact,
			},
			Title:    a.title(),
			Tracking: tracking(a),
		},
		ProductTree: &csaf.ProductTree{Branches: branches(a.Versions)},
	}
	if profile == csaf.ProfileVEX {
		doc.Document.Tracking.ID += vexSuffix
		doc.Document.Title += " (VEX)"
	}
	if at := a.Maker.Canonical; at != "" {
		doc.Document.References = []csaf.Reference{{
			Category: csaf.ReferenceSelf, Summary: "Canonical URL", URL: strings.TrimRight(at, "/") + "/" + csaf.Filename(doc.Document.Tracking.ID),
		}}
	}
	if t := a.TranslatedFrom; t != nil {
		doc.Document.SourceLang = t.Lang
	}
	for _, v := range a.Vulnerabilities {
		doc.Vulnerabilities = append(doc.Vulnerabilities, vulnerability(a, v))
	}
	var errs []error
	for _, f := range csaf.Check(doc) {
		errs = append(errs, fmt.Errorf("advisory: as CSAF: %s", f))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return doc, nil
}

func acknowledgments(credits []Credit) []csaf.Acknowledgment {
	var out []csaf.Acknowledgment
	for _, c := range credits {
		out = append(out, csaf.Acknowledgment{Names: c.Names, Organization: c.Organization, Summary: c.Summary})
	}
	return out
}

func tracking(a Advisory) csaf.Tracking {
	t := csaf.Tracking{ID: a.ID, Status: csaf.StatusDraft}
	if a.Status == StatusFinal {
		t.Status = csaf.StatusFinal
	}
	for i, r := range a.Revisions {
		if i == len(a.Revisions)-1 {
			r = a.revision()
		}
		t.RevisionHistory = append(t.RevisionHistory, csaf.Revision{
			Number: strconv.Itoa(r.Number), Date: csaf.At(r.Date), Summary: r.Summary,
		})
	}
	first, last := t.RevisionHistory[0], t.RevisionHistory[len(t.RevisionHistory)-1]
	t.InitialReleaseDate, t.CurrentReleaseDate, t.Version = first.Date, last.Date, last.Number
	return t
}

// notes are what is said of the advisory as a whole, in the letter's order.
func notes(a Advisory) []csaf.Note {
	var out []csaf.Note
	add := func(category csaf.NoteCategory, title, text string) {
		if !blank(text) {
			out = append(out, csaf.Note{Category: category, Title: title, Text: text})
		}
	}
	if a.Demonstration() {
		add(csaf.NoteLegalDisclaimer, demonstrationBanner, demonstrationText)
	}
	if a.Status != StatusFinal {
		add(csaf.NoteLegalDisclaimer, draftBanner, draftText)
	}
	if a.Withdrawn != nil {
		add(csaf.NoteDescription, "Reasoning for Withdrawal", a.Withdrawn.words())
	}
	add(csaf.NoteSummary, "Summary", a.Summary)
	add(csaf.NoteGeneral, "Kind of communication", kindWords[a.Kind])
	a.actionNotes(add)
	if n := a.Notice; n != nil {
		add(csaf.NoteGeneral, "What is known of the vulnerability and its impact", n.Impact)
		add(csaf.NoteGeneral, "What we are doing", n.Efforts)
		add(csaf.NoteGeneral, "Compensating controls", n.Controls)
		add(csaf.NoteGeneral, "Fix in work", n.Fix)
	}
	for _, p := range parties {
		var lines []string
		for _, i := range a.Instructions {
			if i.Party == p {
				lines = append(lines, a.labeled(i))
			}
		}
		add(csaf.NoteGeneral, partyWords[p]+": what to do now", strings.Join(lines, "\n\n"))
	}
	add(csaf.NoteGeneral, "Availability of a fix", a.Availability)
	add(csaf.NoteGeneral, "Next update", a.Next.words())
	var udis []string
	for _, v := range a.Versions {
		if v.UDIDI != "" {
			udis = append(udis, v.words()+": UDI-DI "+v.UDIDI)
		}
	}
	add(csaf.NoteOther, "Device identifiers", strings.Join(udis, "\n"))
	add(csaf.NoteGeneral, "Scope", strings.Join(a.scope(), "\n"))
	var stages []string
	for _, v := range a.Versions {
		if v.Stage != "" {
			stages = append(stages, v.words()+": "+v.support())
		}
	}
	add(csaf.NoteOther, "Stage of support", strings.Join(stages, "\n"))
	if t := a.TranslatedFrom; t != nil {
		add(csaf.NoteOther, "Translated from", t.words())
	}
	add(csaf.NoteGeneral, "Support", a.Contact)
	add(csaf.NoteGeneral, "Reporting adverse events", a.Reporting)
	var signs []string
	for _, s := range a.SignOffs {
		signs = append(signs, s.words())
	}
	add(csaf.NoteOther, "Sign-off", strings.Join(signs, "\n"))
	add(csaf.NoteOther, "Traffic Light Protocol 2.0", a.Mark.Label.String())
	return out
}

func (a Advisory) labeled(i Instruction) string {
	if what := a.about(i.For, i.Versions); what != "" {
		return i.Text + " (" + what + ")"
	}
	return i.Text
}

// branches is the tree vendor, product, version. Two models of one name are kept
// apart by their model.
func branches(versions []Version) []csaf.Branch {
	var out []csaf.Branch
	child := func(in *[]csaf.Branch, category csaf.BranchCategory, name string) *csaf.Branch {
		for i := range *in {
			if (*in)[i].Name == name {
				return &(*in)[i]
			}
		}
		*in = append(*in, csaf.Branch{Category: category, Name: name})
		return &(*in)[len(*in)-1]
	}
	for _, v := range versions {
		name := v.Name
		if slices.ContainsFunc(versions, func(o Version) bool {
			return o.Manufacturer == v.Manufacturer && o.Name == v.Name && o.Model != v.Model
		}) {
			name = fmt.Sprintf("%s (model %s)", v.Name, v.Model)
		}
		vendor := child(&out, csaf.BranchVendor, v.Manufacturer)
		product := child(&vendor.Branches, csaf.BranchProductName, name)
		product.Branches = append(product.Branches, csaf.Branch{
			Category: csaf.BranchProductVersion, Name: v.Version,
			Product: &csaf.Product{ID: v.ID, Name: v.Manufacturer + " " + v.words(), Helper: helper(v)},
		})
	}
	return out
}

// helper identifies a version by its model and, where the UDI-DI is a GTIN, by
// the GS1 Digital Link URI of it. Identifiers of other issuing agencies have no
// URI that we know; they stand in a note.
func helper(v Version) *csaf.Helper {
	h := &csaf.Helper{ModelNumbers: []string{literal(v.Model)}}
	if len(v.UDIDI) == 14 && strings.Trim(v.UDIDI, "0123456789") == "" {
		h.GenericURIs = []csaf.GenericURI{{
			Namespace: "https://www.gs1.org/standards/gs1-digital-link", URI: "https://id.gs1.org/01/" + v.UDIDI,
		}}
	}
	return h
}

// literal is text in a place of a helper where ? and * stand for other text and \
// takes that away (CSAF 2.0, 3.1.3.3.5).
func literal(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(text)
}

// fixes are the patches for one vulnerability in one version.
func (a Advisory) fixes(v Vulnerability, version string) []Remedy {
	var out []Remedy
	for _, r := range a.Remedies {
		if r.Kind == patch.Patch && slices.Contains(r.Versions, version) && slices.ContainsFunc(r.For, v.has) {
			out = append(out, r)
		}
	}
	return out
}
