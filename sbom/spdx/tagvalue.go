package spdx

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/open-postmarket/postmarket/sbom"
)

// decodeTagValue reads lines of "Tag: value". A value in <text> may go over
// several lines. A line that is neither is a Problem, not an error.
func decodeTagValue(data []byte, strict bool) (sbom.BOM, error) {
	t := tags{doc: newDocument(), unknown: map[string]bool{}}
	t.doc.strict = strict
	number := 0
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		number++
		trimmed := bytes.TrimSpace(line)
		if len(trimmed) == 0 || trimmed[0] == '#' {
			data = rest
			continue
		}
		tag, value, ok := bytes.Cut(trimmed, []byte(":"))
		if !ok {
			if t.version == "" {
				return sbom.BOM{}, &SyntaxError{Line: number, Column: 1, Why: "is neither JSON nor lines of tag-value"}
			}
			t.doc.problem(fmt.Sprintf("line %d", number), "holds no tag")
			data = rest
			continue
		}
		start := number
		if _, inner, opened := bytes.Cut(value, []byte("<text>")); opened {
			if whole, _, closed := bytes.Cut(inner, []byte("</text>")); closed {
				value = whole
			} else {
				more, after, closed := bytes.Cut(rest, []byte("</text>"))
				if !closed {
					return sbom.BOM{}, &SyntaxError{Line: start, Column: 1, Why: "is cut off: its <text> has no end"}
				}
				value = append(append(append([]byte(nil), inner...), '\n'), more...)
				number += 1 + bytes.Count(more, []byte("\n"))
				_, rest, _ = bytes.Cut(after, []byte("\n"))
			}
		}
		t.tag(string(bytes.TrimSpace(tag)), strings.TrimSpace(string(value)), fmt.Sprintf("line %d", start))
		if t.version != "" && !known2[t.version] {
			err := checkVersion2(t.version, "SPDXVersion").(*SyntaxError)
			err.Line, err.Column = start, 1
			return sbom.BOM{}, err
		}
		data = rest
	}
	if err := checkVersion2(t.version, "SPDXVersion"); err != nil {
		return sbom.BOM{}, err
	}
	t.end()
	t.doc.bom.Format, t.doc.bom.Spec = sbom.SPDXTagValue, strings.TrimPrefix(t.version, "SPDX-")
	t.head.id = t.doc.id
	t.doc.checkHead(t.head)
	t.doc.checkEnds()
	return t.doc.finish(), nil
}

// tags is the place reached in a tag-value document: in a package, in a file,
// in something else that has an id of its own, or, at the beginning, in none.
type tags struct {
	doc     *document
	version string
	head    head
	pack    *v2_3.Package
	ref     string // of pack
	path    string // of pack
	file    *file
	other   bool
	owner   string // the package that the files which follow belong to
	unknown map[string]bool
}

// end closes the package or file that is open.
func (t *tags) end() {
	switch {
	case t.pack != nil:
		t.owner = t.doc.pack(t.ref, t.pack, t.path)
	case t.file != nil:
		if ref := t.doc.file(*t.file); t.owner != "" {
			t.doc.relate(t.owner, contains, ref)
		}
	}
	t.pack, t.file, t.other, t.ref = nil, nil, false, ""
}

func (t *tags) tag(tag, value, path string) {
	if t.doc.version != "" {
		t.judge(tag, value, path)
	}
	switch tag {
	case "SPDXVersion":
		t.version = value
		if t.doc.strict {
			t.doc.version = strings.TrimPrefix(value, "SPDX-")
		}
	case "DataLicense":
		t.head.license = value
	case "DocumentName":
		t.head.name = value
	case "DocumentNamespace":
		t.head.namespace = value
	case "Creator":
		t.head.creators = append(t.head.creators, value)
	case "Created":
		t.head.created = value
	case "SPDXID":
		t.id(value, path)
	case "Relationship":
		if f := strings.Fields(value); len(f) == 3 {
			t.doc.relationship2(f[0], f[1], f[2], path)
		} else {
			t.doc.problem(path, "holds %d words, not the three of a relationship", len(f))
		}
	case "PackageName":
		t.end()
		t.pack, t.path = &v2_3.Package{PackageName: value}, path
	case "FileName":
		t.end()
		t.file = &file{name: value, path: path}
	case "SnippetSPDXID", "SnippetSPDXIdentifier", "LicenseID":
		t.end()
		t.other = true
		t.doc.others[value] = true
	default:
		switch {
		case t.pack != nil && packageTag(t.pack, tag, value):
		case t.file != nil && fileTag(t.file, tag, value):
		case !known[tag] && !t.unknown[tag]:
			t.unknown[tag] = true
			t.doc.problem(path, "has the tag %q, which is not known here", tag)
		}
	}
}

// judge holds the words and ids of one line against those of the specification.
func (t *tags) judge(tag, value, path string) {
	first, _, _ := strings.Cut(value, " ")
	switch tag {
	case "SPDXID":
		if (t.pack != nil || t.file != nil) && !ident.form.MatchString(value) {
			t.doc.problem(path, "%q is not of its form", value)
		}
	case "PackageChecksum", "FileChecksum":
		algorithm, _, _ := strings.Cut(value, ":")
		t.doc.judgeWord(strings.TrimSpace(algorithm), algorithms, path)
	case "PrimaryPackagePurpose":
		t.doc.judgeWord(value, purposes, path)
	case "ExternalRef":
		t.doc.judgeWord(first, categories, path)
	case "FileType":
		t.doc.judgeWord(value, fileTypes, path)
	case "ReleaseDate", "BuiltDate", "ValidUntilDate":
		if t.doc.version < later.since {
			t.doc.problem(path, "is a field since SPDX %s", later.since)
		}
	}
}

func (t *tags) id(value, path string) {
	switch {
	case t.pack != nil:
		t.ref = value
	case t.file != nil:
		t.file.ref = value
	case t.other:
		t.doc.others[value] = true
	case t.doc.id != "":
		t.doc.problem(path, "names the document once more")
	default:
		t.doc.id = value
	}
}

// packageTag takes a tag of a package over, or reports that it is none.
func packageTag(p *v2_3.Package, tag, value string) bool {
	switch tag {
	case "PackageVersion":
		p.PackageVersion = value
	case "PackageSupplier":
		p.PackageSupplier = supplier(value)
	case "PackageOriginator":
		p.PackageOriginator = originator(value)
	case "PackageDownloadLocation":
		p.PackageDownloadLocation = value
	case "PackageHomePage":
		p.PackageHomePage = value
	case "PackageChecksum":
		algorithm, sum, _ := strings.Cut(value, ":")
		p.PackageChecksums = append(p.PackageChecksums, common.Checksum{
			Algorithm: common.ChecksumAlgorithm(strings.TrimSpace(algorithm)), Value: strings.TrimSpace(sum),
		})
	case "PackageSourceInfo":
		p.PackageSourceInfo = value
	case "PackageLicenseDeclared":
		p.PackageLicenseDeclared = value
	case "PackageLicenseConcluded":
		p.PackageLicenseConcluded = value
	case "PackageSummary":
		p.PackageSummary = value
	case "PackageDescription":
		p.PackageDescription = value
	case "PrimaryPackagePurpose":
		p.PrimaryPackagePurpose = value
	case "ValidUntilDate":
		p.ValidUntilDate = value
	case "ExternalRef":
		f := strings.Fields(value)
		r := &v2_3.PackageExternalReference{}
		if len(f) > 0 {
			r.Category = f[0]
		}
		if len(f) > 1 {
			r.RefType = f[1]
		}
		if len(f) > 2 {
			r.Locator = strings.Join(f[2:], " ")
		}
		p.PackageExternalReferences = append(p.PackageExternalReferences, r)
	default:
		return false
	}
	return true
}

func fileTag(f *file, tag, value string) bool {
	switch tag {
	case "FileType":
		f.source = f.source || strings.EqualFold(value, "SOURCE")
	case "FileChecksum":
		algorithm, sum, _ := strings.Cut(value, ":")
		f.hashes = append(f.hashes, sbom.Hash{Algorithm: strings.TrimSpace(algorithm), Value: strings.TrimSpace(sum)})
	case "LicenseConcluded":
		f.license = value
	default:
		return false
	}
	return true
}

// known are the tags that are read over.
var known = map[string]bool{
	"ExternalDocumentRef": true, "LicenseListVersion": true, "CreatorComment": true, "DocumentComment": true,
	"PackageFileName": true, "FilesAnalyzed": true, "PackageVerificationCode": true, "PackageLicenseInfoFromFiles": true,
	"PackageLicenseComments": true, "PackageCopyrightText": true, "PackageComment": true, "PackageAttributionText": true,
	"ExternalRefComment": true, "ReleaseDate": true, "BuiltDate": true,
	"LicenseInfoInFile": true, "LicenseComments": true, "FileCopyrightText": true, "FileComment": true, "FileNotice": true,
	"FileContributor": true, "FileAttributionText": true, "FileDependency": true, "ArtifactOfProjectName": true,
	"ArtifactOfProjectHomePage": true, "ArtifactOfProjectURI": true, "LicenseConcluded": true,
	"SnippetFromFileSPDXID": true, "SnippetByteRange": true, "SnippetLineRange": true, "SnippetLicenseConcluded": true,
	"LicenseInfoInSnippet": true, "SnippetLicenseComments": true, "SnippetCopyrightText": true, "SnippetComment": true,
	"SnippetName": true, "SnippetAttributionText": true, "ExtractedText": true, "LicenseName": true,
	"LicenseCrossReference": true, "LicenseComment": true, "RelationshipComment": true, "Annotator": true,
	"AnnotationDate": true, "AnnotationType": true, "SPDXREF": true, "AnnotationComment": true,
	"Reviewer": true, "ReviewDate": true, "ReviewComment": true,
}
