package advisory

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/tlp"
	"github.com/open-postmarket/postmarket/vex"
	"github.com/open-postmarket/postmarket/vex/cyclonedx"
	"github.com/open-postmarket/postmarket/vex/openvex"
)

// vexSuffix tells the CSAF VEX document of an advisory from the advisory, which is
// a document with a history of its own.
const vexSuffix = "-VEX"

// VEX says in statements what a says of status: one for each vulnerability and
// version, none left out. Calling it releases nothing: see Release and Statements.
//
// A version is named by an IRI in the maker's namespace that holds its manufacturer,
// name, model and version, since devices have no package URL. What a hospital does
// about it is an action, never a justification.
func VEX(a Advisory) (vex.Document, error) {
	if err := a.Validate(); err != nil {
		return vex.Document{}, err
	}
	return statements(a), nil
}

// CSAFVEX writes a as a CSAF 2.0 document of the profile VEX. Its tracking id is
// that of a with "-VEX" behind, because CSAF knows a document by its id.
func CSAFVEX(a Advisory) (*csaf.Document, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	return written(a, csaf.ProfileVEX)
}

func statements(a Advisory) vex.Document {
	doc := vex.Document{
		ID: a.iri("advisory", a.ID), Version: strconv.Itoa(a.revision().Number), Title: a.title(),
		Author: a.Maker.Name, Role: string(csaf.PublisherVendor), Issued: a.first(), Updated: a.revision().Date,
	}
	for _, v := range a.Vulnerabilities {
		fixes := remediations(a, v)
		for _, d := range v.Dispositions {
			of := a.version(d.Version)
			s := vex.Statement{
				Vulnerability: string(v.ID), Status: vex.Status(d.Status),
				Products: []vex.Product{{
					Ref: a.device(of), Title: of.Manufacturer + " " + of.words(), Vendor: of.Manufacturer, Name: of.Name, Version: of.Version,
					IDs: identifiers(of),
				}},
				Notes: a.note(v, d), Issued: a.revision().Date,
			}
			for _, id := range v.others() {
				s.Aliases = append(s.Aliases, string(id))
			}
			switch d.Status {
			case NotAffected:
				s.Justification, s.Impact = vex.Justification(d.Justification), d.why()
			case Affected:
				var lines []string
				for _, r := range fixes {
					if slices.Contains(r.ProductIDs, d.Version) {
						lines = append(lines, r.Details)
						s.Original.Responses = append(s.Original.Responses, string(r.Category))
					}
				}
				s.Action = strings.Join(lines, "\n\n")
			}
			doc.Statements = append(doc.Statements, s)
		}
	}
	return doc
}

// note is what a status has to be read with: that it is no more than a draft, was
// taken back, or was signed by an example; then the risk and the clinical impact.
func (a Advisory) note(v Vulnerability, d Disposition) string {
	var parts []string
	if a.Withdrawn != nil {
		parts = append(parts, withdrawnBanner+": "+a.Withdrawn.words())
	}
	if a.Demonstration() {
		parts = append(parts, demonstrationBanner+": "+demonstrationText)
	}
	if a.Status != StatusFinal {
		parts = append(parts, draftBanner+": "+draftText)
	}
	if a.Mark.Label != tlp.Clear {
		parts = append(parts, "May be shared: "+a.Mark.Label.String())
	}
	if a.Withdrawn == nil && (d.Status == Affected || d.Status == UnderInvestigation) {
		parts = append(parts, d.risk(), "Clinical impact: "+v.ClinicalImpact)
	}
	return strings.Join(parts, "\n\n")
}

func identifiers(v Version) []vex.ID {
	out := []vex.ID{{Kind: "model", Value: v.Model}}
	if v.UDIDI != "" {
		out = append(out, vex.ID{Kind: "udi-di", Value: v.UDIDI})
	}
	return out
}

// iri is a name in the maker's namespace.
func (a Advisory) iri(key, value string) string {
	join := "#"
	if strings.Contains(a.Maker.Namespace, "#") {
		join = "&"
	}
	return a.Maker.Namespace + join + key + "=" + url.QueryEscape(value)
}

func (a Advisory) device(v Version) string {
	return a.iri("product", v.Name) + "&manufacturer=" + url.QueryEscape(v.Manufacturer) + "&model=" + url.QueryEscape(v.Model) + "&version=" + url.QueryEscape(v.Version)
}

// serial is a UUID that is always the same for one advisory (RFC 9562, version 8).
func (a Advisory) serial() string {
	b := sha256.Sum256([]byte(a.iri("advisory", a.ID)))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// Statements is the Form of the three VEX files: CSAF VEX, CycloneDX VEX and
// OpenVEX. CycloneDX and OpenVEX have no word for a draft or a TLP label, so that
// stands in the notes of each statement.
func Statements(a Advisory, l Letter) ([]File, error) {
	doc, err := written(a, csaf.ProfileVEX)
	if err != nil {
		return nil, err
	}
	var asCSAF, asCDX, asOpen bytes.Buffer
	if err := csaf.Encode(&asCSAF, doc); err != nil {
		return nil, fmt.Errorf("advisory: %w", err)
	}
	all := statements(a)
	cdx := all
	cdx.ID, cdx.Statements = a.serial(), slices.Clone(all.Statements)
	for i, s := range cdx.Statements {
		// These three separate the parts of a range there; vers escapes them.
		if v := s.Products[0].Version; strings.ContainsAny(v, "<>|") {
			cdx.Statements[i].Versions = []string{strings.NewReplacer("<", "%3C", ">", "%3E", "|", "%7C").Replace(v)}
		}
	}
	if err := cyclonedx.Encode(&asCDX, cdx, &cyclonedx.Options{At: a.revision().Date, Type: "device"}); err != nil {
		return nil, fmt.Errorf("advisory: %w", err)
	}
	open := all
	open.Statements = slices.Clone(all.Statements)
	for i := range open.Statements {
		// A reference is an IRI there, and holds everywhere.
		open.Statements[i].Original.Format = openvex.Format
	}
	if err := openvex.Encode(&asOpen, open, nil); err != nil {
		return nil, fmt.Errorf("advisory: %w", err)
	}
	return []File{
		{Name: csaf.Filename(doc.Document.Tracking.ID), MediaType: "application/json", Bytes: asCSAF.Bytes()},
		{Name: l.Filename(".cdx.json"), MediaType: "application/vnd.cyclonedx+json", Bytes: asCDX.Bytes()},
		{Name: l.Filename(".openvex.json"), MediaType: "application/json", Bytes: asOpen.Bytes()},
	}, nil
}
