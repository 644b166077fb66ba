package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/vex"
	"github.com/open-postmarket/postmarket/vex/csaf"
	"github.com/open-postmarket/postmarket/vex/cyclonedx"
	"github.com/open-postmarket/postmarket/vex/openvex"
)

// files is a flag that may repeat.
type files []string

func (f *files) String() string { return strings.Join(*f, " ") }

func (f *files) Set(text string) error {
	*f = append(*f, text)
	return nil
}

// readVEX reads a VEX document in whatever format it is.
func readVEX(file string) (vex.Document, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return vex.Document{}, err
	}
	decode := map[string]func(io.Reader) (vex.Document, error){
		"openvex": openvex.Decode, "cyclonedx": cyclonedx.Decode, "csaf": csaf.Decode,
	}[vex.Sniff(body[:min(len(body), 64<<10)])]
	if decode == nil {
		return vex.Document{}, fmt.Errorf("%s: is no VEX document (OpenVEX, CycloneDX or CSAF)", file)
	}
	doc, err := decode(bytes.NewReader(body))
	if err != nil {
		return vex.Document{}, fmt.Errorf("%s: %w", file, err)
	}
	return doc, nil
}

// decide holds the statements of the documents, and those of the SBOM itself, against what
// was found in it.
func (s *scan) decide(l *looked, docs []vex.Document) {
	decisions, passed := match.FromBOM(l.file, l.bom, l.result.Findings)
	for _, doc := range docs {
		more, unused := match.FromVEX(doc, l.file, l.bom, l.result.Findings, match.Setting{})
		decisions, passed = append(decisions, more...), append(passed, unused...)
	}
	for _, p := range passed {
		s.complain("%s: a statement about %s does not count as it stands: %s", l.file, p.Statement.Vulnerability, p.Why)
	}
	ruled, err := match.Decide(l.result.Findings, l.bom, decisions, match.Setting{})
	if err != nil {
		s.complain("%s: %v", l.file, err)
		s.status = incomplete
		return
	}
	l.result.Findings = ruled
}

// statements is one VEX document of all that was looked at.
func statements(r report) vex.Document {
	out := vex.Document{Author: "postmarket scan", Role: "scanner", Issued: time.Now().UTC().Truncate(time.Second)}
	for _, l := range r.looked {
		if l.err == nil {
			out.Statements = append(out.Statements, l.result.Statements(l.bom)...)
		}
	}
	return out
}

// remarks says what a VEX document has no place for: what was not looked at.
func (s *scan) remarks(r report) {
	stated := 0
	for _, l := range r.looked {
		if l.err != nil {
			continue
		}
		components, evaluated := l.result.Seen()
		if len(l.result.Coverage) == 0 {
			components = len(l.bom.Components)
		}
		stated += len(l.result.Findings) + len(l.result.Undecided)
		fmt.Fprintf(s.stderr, "%s: %d of %d components evaluated, %d questions open: of the others the document says nothing\n",
			l.file, evaluated, components, len(l.result.Questions()))
	}
	if stated == 0 {
		fmt.Fprintln(s.stderr, "nothing was found and nothing asked: there is no statement to write")
	}
}

func cyclonedxVEX(w io.Writer, r report) error { return cyclonedx.Encode(w, statements(r), nil) }

// openVEX names by a package URL what has no name that holds outside its SBOM.
func openVEX(w io.Writer, r report) error {
	doc := statements(r)
	if len(doc.Statements) == 0 {
		return nil // OpenVEX has no document without a statement: said on the standard error
	}
	for i := range doc.Statements {
		for k := range doc.Statements[i].Products {
			for _, p := range doc.Statements[i].Products[k].Chain() {
				if p.PURL == "" && p.CPE == "" {
					p.PURL = generic(p)
				}
			}
		}
	}
	return openvex.Encode(w, doc, nil)
}

// generic names a thing by a package URL of no registry.
func generic(p *vex.Product) string {
	return packageurl.NewPackageURL(packageurl.TypeGeneric, "", p.Name, p.Version, nil, "").ToString()
}
