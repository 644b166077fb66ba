package csaf

import (
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"strings"

	"github.com/open-postmarket/postmarket/cvss"
)

// rules21 is rules for CSAF 2.1: its JSON schema as of 26 June 2026, with what
// section 2.3 adds for dates, FIRST's schema of CVSS 4.0 but for the single
// metrics, and CERT/CC's of SSVC but for the form of a namespace. Read in the text
// of the standard and of the schemas.
var rules21 = func() map[string]rule {
	out := maps.Clone(rules)
	unique := rule{unique: true}
	when, mustWhen := rule{form: date21}, rule{need: true, form: date21}
	uris := rule{form: uri}
	maps.Copy(out, map[string]rule{
		"Document.$schema": {need: true, enum: []string{Schema21}},

		"Meta.csaf_version":       {need: true, enum: []string{Version21}},
		"Meta.distribution":       must,
		"Meta.license_expression": {},

		"Distribution.sharing_group": {},
		"Distribution.tlp":           must,
		"SharingGroup.id":            {need: true, form: like(groupForm, "a UUID of version 4, or the least or the greatest one")},
		"SharingGroup.name":          {},
		"TLP.label":                  {need: true, enum: tlpLabels21},

		"Note.group_ids":     unique,
		"Note.product_ids":   unique,
		"Publisher.category": {need: true, enum: publisherCategories21},

		"Tracking.current_release_date": mustWhen,
		"Tracking.initial_release_date": mustWhen,
		"Generator.date":                when,
		"Revision.date":                 mustWhen,

		"ProductTree.product_paths":               {},
		"ProductPath.beginning_product_reference": must,
		"ProductPath.full_product_name":           must,
		"ProductPath.subpaths":                    must,
		"Subpath.category":                        {need: true, enum: relationshipCategories},
		"Subpath.next_product_reference":          must,

		"Branch.category": {need: true, enum: branchCategories21},

		"Helper.hashes":          unique,
		"Helper.purls":           {unique: true, form: purl21},
		"Helper.sbom_urls":       {unique: true, form: uri},
		"Helper.skus":            unique,
		"Helper.x_generic_uris":  unique,
		"FileHashes.file_hashes": {need: true, unique: true},
		"FileHash.algorithm":     {need: true, form: like(algorithmForm, "the name of an algorithm in small letters")},
		"FileHash.value":         {need: true, form: like(hashForm21, "a digest of at least 32 hexadecimal digits in small letters")},

		"Vulnerability.cwes":                           unique,
		"Vulnerability.disclosure_date":                when,
		"Vulnerability.discovery_date":                 when,
		"Vulnerability.first_known_exploitation_dates": unique,
		"Vulnerability.metrics":                        unique,

		"CWE.name":    {need: true, form: like(categoryForm, "a name: it begins or ends with white space, a dot, a dash or an underscore")},
		"CWE.version": {need: true, form: like(listForm, "the version of a list of weaknesses")},

		"Exploitation.date":              mustWhen,
		"Exploitation.exploitation_date": mustWhen,
		"Exploitation.group_ids":         unique,
		"Exploitation.product_ids":       unique,

		"Flag.date":                                 when,
		"ID.group_ids":                              unique,
		"ID.product_ids":                            unique,
		"Involvement.contact":                       {},
		"Involvement.date":                          when,
		"Involvement.group_ids":                     unique,
		"Involvement.product_ids":                   unique,
		"ProductStatus.unknown":                     unique,
		"Remediation.category":                      {need: true, enum: remediationCategories21},
		"Remediation.date":                          when,
		"Threat.date":                               when,
		"Metric.content":                            must,
		"Metric.products":                           {need: true, unique: true},
		"Metric.source":                             uris,
		"MetricContent.epss":                        {},
		"MetricContent.ssvc_v2":                     {},
		"EPSS.percentile":                           {need: true, form: like(shareForm, "a decimal from 0.0 to 1.0")},
		"EPSS.probability":                          {need: true, form: like(shareForm, "a decimal from 0.0 to 1.0")},
		"EPSS.timestamp":                            mustWhen,
		"SSVCv2.schemaVersion":                      {need: true, enum: []string{"2.0.0"}},
		"SSVCv2.selections":                         must,
		"SSVCv2.target_ids":                         unique,
		"SSVCv2.timestamp":                          mustWhen,
		"SSVCResource.summary":                      must,
		"SSVCResource.uri":                          {need: true, form: uri},
		"SSVCSelection.key":                         {need: true, form: like(keyForm, "a key")},
		"SSVCSelection.namespace":                   must,
		"SSVCSelection.values":                      must,
		"SSVCSelection.version":                     {need: true, form: semantic},
		"SSVCValue.key":                             {need: true, form: like(keyForm, "a key")},
		"CVSSv4.version":                            {need: true, enum: []string{"4.0"}},
		"CVSSv4.vectorString":                       {need: true, form: vector4},
		"CVSSv4.baseScore":                          must,
		"CVSSv4.baseSeverity":                       {need: true, enum: severities},
		"CVSSv4.threatSeverity":                     {enum: severities},
		"MetricContent.qualitative_severity_rating": {enum: []string{"critical", "high", "low", "medium", "none"}},
		"CVSSv4.environmentalSeverity":              {enum: severities},
	})
	return out
}()

var (
	groupForm     = regexp.MustCompile(`^(?:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|0{8}-(?:0{4}-){3}0{12}|f{8}-(?:f{4}-){3}f{12})$`)
	algorithmForm = regexp.MustCompile(`^[0-9a-z][0-9a-z-]*$`)
	hashForm21    = regexp.MustCompile(`^[0-9a-f]{32,}$`)
	purlForm21    = regexp.MustCompile(`^pkg:[a-z][a-z0-9.\-]*/.+`)
	listForm      = regexp.MustCompile(`^[1-9][0-9]*\.(?:[0-9]|[1-9][0-9]+)(?:\.[0-9]+)?$`)
	shareForm     = regexp.MustCompile(`^(?:0\.[0-9]+|1\.0+)$`)
	keyForm       = regexp.MustCompile(`^(?:[a-zA-Z0-9](?:[a-zA-Z0-9_]*[a-zA-Z0-9])?|T\*)$`)
)

// date21 is date with the rules of section 2.3.
func date21(s string) string {
	switch {
	case date(s) != "":
		return date(s)
	case strings.ToUpper(s) != s:
		return "a date with a large T and Z"
	case s[17:19] == "60":
		return "a date without a leap second"
	}
	return ""
}

func purl21(s string) string {
	if !purlForm21.MatchString(s) || uri(s) != "" {
		return "a package URL"
	}
	return ""
}

func semantic(s string) string {
	if _, integer, ok := parseVersion(s); !ok || integer {
		return "a semantic version"
	}
	return ""
}

func vector4(s string) string {
	if v, err := cvss.Parse(s); err != nil || v.Version() != "4.0" {
		return "a CVSS 4.0 vector"
	}
	return ""
}

// CheckSchema21 judges the form of a document of CSAF 2.1, as [DecodeAny] reads
// it and [Preview21] makes it: what its JSON schema says, and section 2.3 of
// dates. It is no judge of the tests of 2.1, of which this package has none, and
// does not look into x_extensions, into the single metrics of CVSS 4.0 or
// into the namespaces of SSVC. An empty answer means that it found nothing.
func CheckSchema21(doc *Document) []Failure {
	if doc == nil {
		return []Failure{{testSchema, "", "there is no document"}}
	}
	c := &checker{doc: doc}
	c.failures = append(c.failures, doc.Unread...)
	c.object(document21(), reflect.ValueOf(doc).Elem(), nil)
	extras(document21(), reflect.ValueOf(doc).Elem(), nil, func(at *place, _ json.RawMessage) bool {
		if at.name != "x_extensions" {
			c.fail(testSchema, at, "is no member that the standard defines")
		}
		return true
	})
	return c.failures
}
