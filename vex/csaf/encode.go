package csaf

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/vex"
)

// Options are what a CSAF document states and a [vex.Document] does not. Nil means
// none of them.
type Options struct {
	// Publisher speaks. Namespace is required; an empty Name or Category is the
	// document's Author or Role.
	Publisher csaf.Publisher
	// ID and Title are in the place of the document's own, where they are not empty.
	ID, Title string
	// Status is that of the document. Empty means draft.
	Status csaf.Status
	// Revisions are its history. Nil means one, which only an edition with the
	// number 1, or none, can have.
	Revisions []csaf.Revision
	// Distribution and Lang are left out where they are empty.
	Distribution *csaf.Distribution
	Lang         string
	// Descriptions are of vulnerabilities, by their ids.
	Descriptions map[string]string
}

// Encode writes doc as [Write] makes it.
func Encode(w io.Writer, doc vex.Document, opts *Options) error {
	out, err := Write(doc, opts)
	if err != nil {
		return err
	}
	return csaf.Encode(w, out)
}

// Write says in a CSAF 2.0 document of the VEX profile what the statements of doc
// say: one vulnerability for each id, a product for each that is spoken of, a
// relationship where it is within another. Justifications are flags, impacts
// threats, actions remediations. Notes, and original tokens that are not read from
// those, stand in notes of the vulnerability, and [Read] reads them back.
//
// It fails with all reasons at once for a statement that CSAF cannot say: without
// status or product, not_affected without a justification or an impact or by a
// control outside the product, affected without an action, two of one product; and
// for a document that [csaf.Check] finds fault with.
//
// Not kept are the ids, authors and updates of statements, their time where they
// have no flag, the tooling, and identifiers of a kind that is no URI.
func Write(doc vex.Document, opts *Options) (*csaf.Document, error) {
	if opts == nil {
		opts = &Options{}
	}
	e := encoder{ids: map[string]string{}, used: map[string]bool{}, said: map[[2]string]bool{}, at: map[string]int{}}
	e.head(doc, opts)
	for i := range doc.Statements {
		if err := e.statement(&doc.Statements[i], opts); err != nil {
			e.wrong = append(e.wrong, fmt.Errorf("csaf: statement %d: %w", i, err))
		}
	}
	if len(doc.Statements) == 0 {
		e.wrong = append(e.wrong, errors.New("csaf: no statements"))
	}
	if len(e.wrong) > 0 {
		return nil, errors.Join(e.wrong...)
	}
	e.out.ProductTree = &e.tree
	for _, f := range csaf.Check(&e.out) {
		e.wrong = append(e.wrong, fmt.Errorf("csaf: %s", f))
	}
	if len(e.wrong) > 0 {
		return nil, errors.Join(e.wrong...)
	}
	return &e.out, nil
}

type encoder struct {
	out   csaf.Document
	tree  csaf.ProductTree
	ids   map[string]string // of products, by what they are
	used  map[string]bool
	said  map[[2]string]bool // vulnerability and product
	at    map[string]int     // vulnerabilities by id
	wrong []error
}

func or(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func (e *encoder) head(doc vex.Document, opts *Options) {
	fail := func(format string, args ...any) { e.wrong = append(e.wrong, fmt.Errorf("csaf: "+format, args...)) }
	m := csaf.Meta{
		Category: csaf.ProfileVEX, CSAFVersion: csaf.Version, Distribution: opts.Distribution, Lang: opts.Lang,
		Publisher: opts.Publisher, Title: or(opts.Title, doc.Title),
		Tracking: csaf.Tracking{ID: or(opts.ID, doc.ID), Status: csaf.Status(or(string(opts.Status), string(csaf.StatusDraft))), Version: or(doc.Version, "1"), RevisionHistory: opts.Revisions},
	}
	m.Publisher.Name = or(m.Publisher.Name, doc.Author)
	if m.Publisher.Category == "" {
		m.Publisher.Category = csaf.PublisherCategory(doc.Role)
	}
	for what, text := range map[string]string{
		"author": m.Publisher.Name, "namespace of the publisher": m.Publisher.Namespace, "title": m.Title, "id": m.Tracking.ID,
	} {
		if text == "" {
			fail("no %s", what)
		}
	}
	if !m.Publisher.Category.Valid() {
		fail("the role %q is no category of publishers: give one in Options", m.Publisher.Category)
	}
	last := doc.Updated
	if last.IsZero() {
		last = doc.Issued
	}
	switch t := &m.Tracking; {
	case len(t.RevisionHistory) > 0:
		t.Version = t.RevisionHistory[len(t.RevisionHistory)-1].Number
		t.InitialReleaseDate, t.CurrentReleaseDate = t.RevisionHistory[0].Date, t.RevisionHistory[len(t.RevisionHistory)-1].Date
	case last.IsZero():
		fail("no time of issue")
	case t.Version != "1":
		fail("the version %q needs the Revisions up to it", t.Version)
	default:
		t.InitialReleaseDate, t.CurrentReleaseDate = csaf.At(last), csaf.At(last)
		t.RevisionHistory = []csaf.Revision{{Number: "1", Date: csaf.At(last), Summary: "First edition."}}
	}
	if !doc.Issued.IsZero() && len(m.Tracking.RevisionHistory) > 0 {
		m.Tracking.InitialReleaseDate = csaf.At(doc.Issued)
	}
	e.out.Document = m
}

// cveForm is that of the schema.
var cveForm = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,}$`)

func (e *encoder) vulnerability(s *vex.Statement, opts *Options) *csaf.Vulnerability {
	i, there := e.at[s.Vulnerability]
	if !there {
		i = len(e.out.Vulnerabilities)
		e.at[s.Vulnerability] = i
		v := csaf.Vulnerability{ProductStatus: &csaf.ProductStatus{}}
		if cveForm.MatchString(s.Vulnerability) {
			v.CVE = s.Vulnerability
		} else {
			v.IDs = append(v.IDs, identified(s.Vulnerability))
		}
		text := opts.Descriptions[s.Vulnerability]
		if text == "" {
			text = "This document says how products stand to " + s.Vulnerability + " and does not describe it."
		}
		v.Notes = []csaf.Note{{Category: csaf.NoteDescription, Title: "Vulnerability", Text: text}}
		e.out.Vulnerabilities = append(e.out.Vulnerabilities, v)
	}
	v := &e.out.Vulnerabilities[i]
	for _, a := range s.Aliases {
		if a != s.Vulnerability && !slices.ContainsFunc(v.IDs, func(id csaf.ID) bool { return id.Text == a }) {
			v.IDs = append(v.IDs, identified(a))
		}
	}
	return v
}

// identified is an id with the system that its beginning names.
func identified(id string) csaf.ID {
	system, _, _ := strings.Cut(id, "-")
	return csaf.ID{SystemName: or(system, "other"), Text: id}
}

func (e *encoder) statement(s *vex.Statement, opts *Options) error {
	t, _ := mapping()
	outside := slices.Contains(t.Outside, s.Original.Justification)
	switch {
	case s.Vulnerability == "":
		return errors.New("names no vulnerability")
	case !s.Status.Valid():
		return fmt.Errorf("%s has no status", s.Vulnerability)
	case len(s.Products) == 0:
		return fmt.Errorf("%s: names no product", s.Vulnerability)
	case s.Justification != "" && !s.Justification.Valid():
		return fmt.Errorf("%s: the justification %q is none", s.Vulnerability, s.Justification)
	case s.Status == vex.NotAffected && outside:
		return fmt.Errorf("%s: not_affected rests on %s, a control outside the product: that is affected with an action, or for a person to say", s.Vulnerability, s.Original.Justification)
	case s.Status == vex.NotAffected && s.Justification == "" && s.Impact == "":
		return fmt.Errorf("%s: not_affected needs a justification or an impact", s.Vulnerability)
	case s.Status == vex.Affected && s.Action == "":
		return fmt.Errorf("%s: affected needs an action", s.Vulnerability)
	}
	var ids []string
	for i := range s.Products {
		for _, p := range spoken(s, s.Products[i]) {
			id, err := e.product(p)
			if err != nil {
				return fmt.Errorf("%s: %w", s.Vulnerability, err)
			}
			if e.said[[2]string{s.Vulnerability, id}] {
				return fmt.Errorf("%s: %q has a status already, and CSAF has one for each product", s.Vulnerability, p.String())
			}
			e.said[[2]string{s.Vulnerability, id}] = true
			ids = append(ids, id)
		}
	}
	v := e.vulnerability(s, opts)
	list := e.list(v.ProductStatus, s)
	*list = append(*list, ids...)
	if s.Status == vex.NotAffected && s.Justification != "" {
		f := csaf.Flag{Label: csaf.FlagLabel(s.Justification), ProductIDs: ids}
		if !s.Issued.IsZero() {
			f.Date = csaf.At(s.Issued)
		}
		v.Flags = append(v.Flags, f)
	}
	if s.Impact != "" {
		v.Threats = append(v.Threats, csaf.Threat{Category: csaf.ThreatImpact, Details: s.Impact, ProductIDs: ids})
	}
	fixes := remediations(s, ids)
	v.Remediations = append(v.Remediations, fixes...)
	if s.Notes != "" {
		v.Notes = append(v.Notes, csaf.Note{Category: csaf.NoteDetails, Title: title(notesPrefix, ids), Text: s.Notes})
	}
	if o := s.Original; o.Format != "" && !plain(s, fixes) {
		text, err := json.Marshal(o)
		if err != nil {
			return err
		}
		v.Notes = append(v.Notes, csaf.Note{Category: csaf.NoteOther, Title: title(originalPrefix, ids), Text: string(text)})
	}
	return nil
}

// plain reports whether the original tokens of s are those that are read from flags
// and remediations.
func plain(s *vex.Statement, fixes []csaf.Remediation) bool {
	var responses []string
	for _, r := range fixes {
		responses = append(responses, string(r.Category))
	}
	return s.Original.Format == Format && s.Original.Justification == string(s.Justification) && slices.Equal(s.Original.Responses, responses)
}

// spoken is p in each of the versions that s speaks of.
func spoken(s *vex.Statement, p vex.Product) []vex.Product {
	if len(s.Versions) == 0 {
		return []vex.Product{p}
	}
	var out []vex.Product
	for _, v := range s.Versions {
		one := p
		one.Version, one.Range = v, ""
		if strings.ContainsAny(v, "<>|=*") || strings.HasPrefix(v, "vers:") {
			one.Version, one.Range = "", v
		}
		out = append(out, one)
	}
	return out
}

// list is that of product_status in which s was read, or the plain one.
func (e *encoder) list(status *csaf.ProductStatus, s *vex.Statement) *[]string {
	if is, ok := Status(s.Original.State); ok && is == s.Status && s.Original.Format == Format {
		switch s.Original.State {
		case "first_affected":
			return &status.FirstAffected
		case "last_affected":
			return &status.LastAffected
		case "first_fixed":
			return &status.FirstFixed
		}
	}
	switch s.Status {
	case vex.NotAffected:
		return &status.KnownNotAffected
	case vex.Affected:
		return &status.KnownAffected
	case vex.Fixed:
		return &status.Fixed
	}
	return &status.UnderInvestigation
}

// remediations are one for each paragraph where each has a category of its own,
// and else one: a mitigation where no category is known, which promises least.
func remediations(s *vex.Statement, ids []string) []csaf.Remediation {
	if s.Action == "" {
		return nil
	}
	paragraphs := strings.Split(s.Action, "\n\n")
	var categories []csaf.RemediationCategory
	for _, r := range s.Original.Responses {
		if c := csaf.RemediationCategory(r); c.Valid() {
			categories = append(categories, c)
		}
	}
	if len(categories) != len(paragraphs) || slices.Contains(paragraphs, "") {
		paragraphs = []string{s.Action}
	}
	if len(categories) == 0 {
		categories = []csaf.RemediationCategory{csaf.RemediationMitigation}
	}
	var out []csaf.Remediation
	for i, text := range paragraphs {
		out = append(out, csaf.Remediation{Category: categories[i], Details: text, ProductIDs: ids})
	}
	return out
}

// product puts p into the tree, unless it is there, and returns its id.
func (e *encoder) product(p vex.Product) (string, error) {
	if len(p.Chain()) > maxChain {
		return "", fmt.Errorf("%q is within more than %d others", p.String(), maxChain)
	}
	body, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	if id, there := e.ids[string(body)]; there {
		return id, nil
	}
	if p.Empty() {
		return "", errors.New("a product has no name")
	}
	id := e.id(p.Ref)
	if p.Within == nil {
		if err := e.place(p, id); err != nil {
			return "", err
		}
		e.ids[string(body)] = id
		return id, nil
	}
	part := p
	part.Within, part.Relation, part.Ref = nil, "", ""
	inner, err := e.product(part)
	if err != nil {
		return "", err
	}
	holder, err := e.product(*p.Within)
	if err != nil {
		return "", err
	}
	category := csaf.RelationshipCategory(p.Relation)
	if !category.Valid() {
		category = csaf.RelationshipDefaultComponentOf
	}
	e.tree.Relationships = append(e.tree.Relationships, csaf.Relationship{
		Category: category, ProductReference: inner, RelatesToProductReference: holder,
		FullProductName: csaf.Product{ID: id, Name: or(p.Title, p.String())},
	})
	e.ids[string(body)] = id
	return id, nil
}

// id is an id that no other product has.
func (e *encoder) id(ref string) string {
	out := ref
	for n := len(e.used) + 1; out == "" || e.used[out]; n++ {
		out = fmt.Sprintf("product-%d", n)
	}
	e.used[out] = true
	return out
}

// place puts a product that is within no other at its place under vendor, name and
// version.
func (e *encoder) place(p vex.Product, id string) error {
	type step struct {
		category csaf.BranchCategory
		name     string
	}
	steps := []step{{csaf.BranchVendor, p.Vendor}, {csaf.BranchProductName, p.Name}, {csaf.BranchProductVersion, p.Version}, {csaf.BranchProductVersionRange, p.Range}}
	h := csaf.Helper{CPE: p.CPE, PURL: p.PURL}
	for _, o := range p.Only {
		switch category := csaf.BranchCategory(o.Kind); {
		case o.Kind == "model_number":
			h.ModelNumbers = append(h.ModelNumbers, o.Value)
		case o.Kind == "serial_number":
			h.SerialNumbers = append(h.SerialNumbers, o.Value)
		case o.Kind == "sku":
			h.SKUs = append(h.SKUs, o.Value)
		case category.Valid() && category != csaf.BranchProductFamily:
			steps = append(steps, step{category, o.Value})
		default:
			return fmt.Errorf("%q is narrowed by its %s, which CSAF cannot say", p.String(), o.Kind)
		}
	}
	name := or(p.Title, p.String(), id)
	var hashes []csaf.FileHash
	for _, x := range p.Hashes {
		hashes = append(hashes, csaf.FileHash{Algorithm: x.Algorithm, Value: x.Value})
	}
	if hashes != nil {
		h.Hashes = []csaf.FileHashes{{Filename: or(p.Name, name), FileHashes: hashes}}
	}
	for _, x := range p.IDs {
		switch {
		case x.Kind == "sbom_url":
			h.SBOMURLs = append(h.SBOMURLs, x.Value)
		case uri(x.Kind) && uri(x.Value):
			h.GenericURIs = append(h.GenericURIs, csaf.GenericURI{Namespace: x.Kind, URI: x.Value})
		}
	}
	out := csaf.Product{ID: id, Name: name}
	if h.CPE != "" || h.PURL != "" || h.Hashes != nil || h.ModelNumbers != nil || h.SerialNumbers != nil || h.SKUs != nil || h.SBOMURLs != nil || h.GenericURIs != nil {
		out.Helper = &h
	}
	steps = slices.DeleteFunc(steps, func(s step) bool { return s.name == "" })
	if len(steps) == 0 {
		e.tree.FullProductNames = append(e.tree.FullProductNames, out)
		return nil
	}
	into := &e.tree.Branches
	for _, s := range steps[:len(steps)-1] {
		i := slices.IndexFunc(*into, func(b csaf.Branch) bool { return b.Category == s.category && b.Name == s.name && b.Product == nil })
		if i < 0 {
			i = len(*into)
			*into = append(*into, csaf.Branch{Category: s.category, Name: s.name})
		}
		into = &(*into)[i].Branches
	}
	leaf := steps[len(steps)-1]
	*into = append(*into, csaf.Branch{Category: leaf.category, Name: leaf.name, Product: &out})
	return nil
}

func uri(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme != ""
}

// The titles of notes that say something of the products named after them.
const (
	notesPrefix    = "postmarket:vex:notes "
	originalPrefix = "postmarket:vex:original "
)

func title(prefix string, ids []string) string {
	text, err := json.Marshal(ids)
	if err != nil {
		return strings.TrimSpace(prefix)
	}
	return prefix + string(text)
}

// recall adds what notes of ours say of products.
func (d *reader) recall(s *saying, v *csaf.Vulnerability) {
	for _, n := range v.Notes {
		rest, notes := strings.CutPrefix(n.Title, notesPrefix)
		var o vex.Original
		if !notes {
			var ours bool
			if rest, ours = strings.CutPrefix(n.Title, originalPrefix); !ours {
				continue
			}
			if json.Unmarshal([]byte(n.Text), &o) != nil || o.Format == "" {
				continue
			}
		}
		var ids []string
		if json.Unmarshal([]byte(rest), &ids) != nil || len(ids) == 0 {
			continue
		}
		d.each(s, ids, nil, "", func(to *said) {
			if notes {
				to.notes = append(to.notes, n.Text)
			} else {
				to.original = &o
			}
		})
	}
}
