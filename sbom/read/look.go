package read

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
)

// form is what bytes look like, as far as it decides who reads them.
type form int

const (
	isOther form = iota
	isEmpty
	isCycloneDX
	isSPDX
	isWrapped
)

const inUTF16 = "text in UTF-16: convert it to UTF-8"

var utf16Declared = regexp.MustCompile(`(?i)^<\?xml[^>]*encoding\s*=\s*["']utf-?16`)

// look tells the form of data, and names it in words.
func look(data []byte) (form, string) {
	body := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	first := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(first) == 0:
		return isEmpty, ""
	case bytes.HasPrefix(data, []byte("\x1f\x8b")):
		return isOther, "a gzip file: unpack it first"
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return isOther, "a zip file: unpack it first"
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return isOther, inUTF16
	case len(first) > 3 && (first[0] == 0 && first[1] != 0 && first[2] == 0 || first[0] != 0 && first[1] == 0 && first[2] != 0 && first[3] == 0):
		return isOther, inUTF16 // without the mark
	case first[0] == '<' && utf16Declared.Match(first[:min(len(first), 200)]):
		return isOther, "XML that declares UTF-16 and is not in it: say UTF-8"
	case bytes.IndexByte(first[:min(len(first), 1<<10)], 0) >= 0:
		return isOther, "binary data"
	case first[0] == '{':
		return lookJSON(first)
	case first[0] == '[':
		return isOther, "a JSON list"
	case first[0] == '<':
		return lookXML(first)
	}
	for line := range bytes.Lines(first) {
		key, _, _ := bytes.Cut(line, []byte(":"))
		switch string(bytes.Trim(key, "\"' \t")) {
		case "SPDXVersion", "spdxVersion":
			return isSPDX, ""
		case "bomFormat":
			return isOther, "CycloneDX in YAML, which is no form of CycloneDX"
		}
	}
	return isOther, "text of no known form"
}

// lookJSON decides by the names of the members, wherever in the document they
// stand: SPDX with its members in alphabetical order says so at its end.
func lookJSON(data []byte) (form, string) {
	seen := map[string]bool{}
	found, name := isOther, ""
	members(data, func(member string, value []byte) bool {
		value = value[:min(len(value), 1<<10)]
		switch member {
		case "bomFormat":
			found = isCycloneDX
		case "spdxVersion":
			found = isSPDX
		case "@context":
			switch {
			case bytes.Contains(value, []byte("spdx.org/")):
				found = isSPDX
			case bytes.Contains(value, []byte("openvex")):
				name = "OpenVEX, which is no SBOM"
			default:
				name = "a JSON-LD document of another kind"
			}
		case "payloadType":
			found, name = isWrapped, "an in-toto envelope (DSSE)"
		case "predicateType":
			found, name = isWrapped, "an in-toto statement"
		case "dsseEnvelope":
			found, name = isWrapped, "a Sigstore bundle"
		default:
			if len(seen) < 64 && len(member) < 64 {
				seen[member] = true
			}
		}
		return found == isOther && name == ""
	})
	if found != isOther || name != "" {
		return found, name
	}
	switch {
	case seen["sbom"]:
		return isWrapped, "an answer that holds an SBOM"
	case seen["components"] && seen["specVersion"], seen["metadata"] && seen["components"]:
		return isCycloneDX, "" // it will say what is missing
	case seen["artifacts"] && (seen["descriptor"] || seen["source"]):
		return isOther, "Syft's own JSON: have it write CycloneDX or SPDX"
	case seen["document"] && (seen["product_tree"] || seen["vulnerabilities"]):
		return isOther, "a CSAF advisory, which is no SBOM"
	case seen["runs"]:
		return isOther, "SARIF, which is no SBOM"
	case len(seen) == 0:
		return isOther, "an empty JSON object"
	}
	return isOther, "JSON of another kind"
}

func lookXML(data []byte) (form, string) {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = false
	for {
		t, err := d.RawToken()
		if err != nil {
			return isCycloneDX, "" // its reader says where
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch {
		case start.Name.Local == "bom":
			return isCycloneDX, ""
		case start.Name.Local == "RDF" || bytes.Contains(data[:min(len(data), 64<<10)], []byte("spdx.org/rdf")):
			return isOther, "SPDX in RDF/XML, which is not read: convert it to JSON or tag-value"
		case start.Name.Local == "Document" && bytes.Contains(data, []byte("<spdxVersion>")):
			return isOther, "SPDX in XML, which is not read: convert it to JSON or tag-value"
		case start.Name.Local == "SoftwareIdentity":
			return isOther, "a SWID tag, which is no SBOM"
		}
		return isOther, fmt.Sprintf("XML with the root element %q", start.Name.Local)
	}
}

// members calls f with the name of each member of the object that data begins
// with, and what follows the colon, until f returns false. It stops where data
// is no JSON.
func members(data []byte, f func(name string, value []byte) bool) {
	depth, quote, expect := 0, -1, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quote >= 0 && c == '\\':
			i++
		case quote >= 0 && c == '"':
			if depth == 1 && expect {
				rest := bytes.TrimLeft(data[i+1:min(len(data), i+64)], " \t\r\n")
				var name string
				if len(rest) > 0 && rest[0] == ':' && json.Unmarshal(data[quote:i+1], &name) == nil {
					if !f(strings.Clone(name), bytes.TrimLeft(data[i+1:], " \t\r\n:")) {
						return
					}
				}
				expect = false
			}
			quote = -1
		case quote >= 0:
		case c == '"':
			quote = i
		case c == '{' || c == '[':
			depth++
			expect = depth == 1
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return
			}
		case c == ',':
			expect = depth == 1
		}
	}
}
