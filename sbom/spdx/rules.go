package spdx

import (
	"regexp"
	"strings"
)

// A shape is what the specification says of one kind of object of SPDX 2 in
// JSON: names, types and words, taken from the text of versions 2.2 and 2.3.
type shape struct {
	fields map[string]field
	must   []string // "name <2.3" must be there before 2.3 only
}

// A field is one member: its type, as word names it, and what else is asked.
type field struct {
	is    string
	list  bool
	of    *shape            // of an object; nil asks nothing of it
	words map[string]string // the only words, with the version each is of since
	form  *regexp.Regexp
	since string
}

var (
	plain  = field{is: quoted}
	plains = field{is: quoted, list: true}
	opaque = field{is: object, list: true}
	ident  = field{is: quoted, form: regexp.MustCompile(`^SPDXRef-[A-Za-z0-9.\-]+$`)}
	later  = field{is: quoted, since: "2.3"}
)

// listed makes the table of words known always, and since 2.3.
func listed(always, since23 string) map[string]string {
	m := map[string]string{}
	for _, w := range strings.Fields(always) {
		m[w] = ""
	}
	for _, w := range strings.Fields(since23) {
		m[w] = "2.3"
	}
	return m
}

var (
	algorithms = listed("SHA1 SHA224 SHA256 SHA384 SHA512 MD2 MD4 MD5 MD6",
		"SHA3-256 SHA3-384 SHA3-512 BLAKE2b-256 BLAKE2b-384 BLAKE2b-512 BLAKE3 ADLER32")
	purposes   = listed("", "APPLICATION FRAMEWORK LIBRARY CONTAINER OPERATING_SYSTEM OPERATING-SYSTEM DEVICE FIRMWARE SOURCE ARCHIVE FILE INSTALL OTHER")
	categories = listed("SECURITY PACKAGE-MANAGER PACKAGE_MANAGER PERSISTENT-ID PERSISTENT_ID OTHER", "")
	fileTypes  = listed("SOURCE BINARY ARCHIVE APPLICATION AUDIO IMAGE TEXT VIDEO DOCUMENTATION SPDX OTHER", "")
	since23    = listed("", "REQUIREMENT_DESCRIPTION_FOR SPECIFICATION_FOR")
)

var checksumShape = shape{
	fields: map[string]field{"algorithm": {is: quoted, words: algorithms}, "checksumValue": plain},
	must:   []string{"algorithm", "checksumValue"},
}

var packageShape = shape{
	fields: map[string]field{
		"SPDXID": ident, "name": plain, "versionInfo": plain, "packageFileName": plain, "supplier": plain, "originator": plain,
		"downloadLocation": plain, "filesAnalyzed": {is: flag}, "packageVerificationCode": {is: object},
		"checksums": {is: object, list: true, of: &checksumShape}, "homepage": plain, "sourceInfo": plain,
		"licenseConcluded": plain, "licenseDeclared": plain, "licenseInfoFromFiles": plains, "licenseComments": plain,
		"copyrightText": plain, "summary": plain, "description": plain, "comment": plain, "attributionTexts": plains,
		"annotations": opaque, "hasFiles": plains, "builtDate": later, "releaseDate": later, "validUntilDate": later,
		"primaryPackagePurpose": {is: quoted, words: purposes, since: "2.3"},
		"externalRefs": {is: object, list: true, of: &shape{
			fields: map[string]field{
				"referenceCategory": {is: quoted, words: categories}, "referenceType": plain, "referenceLocator": plain, "comment": plain,
			},
			must: []string{"referenceCategory", "referenceType", "referenceLocator"},
		}},
	},
	// SPDX id, name and download location are asked for whatever the form.
	must: []string{"licenseConcluded <2.3", "licenseDeclared <2.3", "copyrightText <2.3"},
}

var fileShape = shape{
	fields: map[string]field{
		"SPDXID": ident, "fileName": plain, "fileTypes": {is: quoted, list: true, words: fileTypes},
		"checksums":        {is: object, list: true, of: &checksumShape},
		"licenseConcluded": plain, "licenseInfoInFiles": plains, "licenseComments": plain, "copyrightText": plain, "comment": plain,
		"noticeText": plain, "fileContributors": plains, "attributionTexts": plains, "fileDependencies": plains,
		"annotations": opaque, "artifactOfs": opaque,
	},
	must: []string{"fileName", "checksums", "licenseConcluded <2.3", "copyrightText <2.3"},
}

var relationshipShape = shape{fields: map[string]field{
	"spdxElementId": plain, "relationshipType": plain, "relatedSpdxElement": plain, "comment": plain,
}}

var creationShape = shape{fields: map[string]field{
	"created": plain, "creators": plains, "licenseListVersion": plain, "comment": plain,
}}

// documentShape leaves out what the walk judges where it reads it.
var documentShape = shape{fields: map[string]field{
	"comment": plain, "annotations": opaque, "externalDocumentRefs": opaque, "hasExtractedLicensingInfos": opaque,
	"revieweds": opaque, "snippets": opaque,
}}
