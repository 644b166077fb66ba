package spdx

import "strings"

// The relationship types of SPDX 2 (section 11) that matter here, and whether
// they are read the other way around. A tool that builds or tests a package is
// no part of it.
var types2 = map[string]struct {
	kind    meaning
	reverse bool
}{
	"DESCRIBES":              {describes, false},
	"DESCRIBED_BY":           {describes, true},
	"CONTAINS":               {contains, false},
	"CONTAINED_BY":           {contains, true},
	"PACKAGE_OF":             {contains, true},
	"OPTIONAL_COMPONENT_OF":  {optional, true},
	"DEPENDS_ON":             {dependsOn, false},
	"DEPENDENCY_OF":          {dependsOn, true},
	"BUILD_DEPENDENCY_OF":    {dependsOn, true},
	"DEV_DEPENDENCY_OF":      {dependsOn, true},
	"PROVIDED_DEPENDENCY_OF": {dependsOn, true},
	"RUNTIME_DEPENDENCY_OF":  {dependsOn, true},
	"TEST_DEPENDENCY_OF":     {dependsOn, true},
	"OPTIONAL_DEPENDENCY_OF": {mayNeed, true},
	"STATIC_LINK":            {dependsOn, false},
	"DYNAMIC_LINK":           {dependsOn, false},
	"HAS_PREREQUISITE":       {dependsOn, false},
	"PREREQUISITE_FOR":       {dependsOn, true},
	"ANCESTOR_OF":            {madeFrom, true},
	"DESCENDANT_OF":          {madeFrom, false},
	"GENERATED_FROM":         {madeFrom, false},
	"GENERATES":              {madeFrom, true},
	"PATCH_APPLIED":          {patchedBy, true},

	"AMENDS": {}, "COPY_OF": {}, "DATA_FILE_OF": {}, "DEPENDENCY_MANIFEST_OF": {}, "DEV_TOOL_OF": {}, "TEST_TOOL_OF": {},
	"DISTRIBUTION_ARTIFACT": {}, "DOCUMENTATION_OF": {}, "EXAMPLE_OF": {}, "EXPANDED_FROM_ARCHIVE": {}, "FILE_ADDED": {},
	"FILE_DELETED": {}, "FILE_MODIFIED": {}, "METAFILE_OF": {}, "OTHER": {}, "PATCH_FOR": {}, "TEST_CASE_OF": {},
	"BUILD_TOOL_OF": {}, "TEST_OF": {}, "VARIANT_OF": {}, "REQUIREMENT_DESCRIPTION_FOR": {}, "SPECIFICATION_FOR": {},
}

// relationship2 adds a relationship of SPDX 2.
func (d *document) relationship2(from, kind, to, path string) {
	if from == "" || to == "" || kind == "" {
		d.problem(path, "lacks an end or its type")
		return
	}
	t, known := types2[strings.ReplaceAll(strings.ToUpper(kind), "-", "_")]
	if strings.EqualFold(kind, "DESCRIBE") { // as Trivy wrote it for a while
		t.kind = describes
	}
	if !known && !d.unknown[kind] {
		d.unknown[kind] = true
		d.problem(path, "has the type %q, which is not known", kind)
	}
	if d.version != "" && since23[strings.ToUpper(kind)] > d.version {
		d.problem(path, "%q is a word since SPDX 2.3", kind)
	}
	if t.reverse {
		from, to = to, from
	}
	d.end(path, from, false)
	d.end(path, to, t.kind == describes)
	if t.kind != ignored {
		d.relate(from, t.kind, to)
	}
}

// The relationship types of SPDX 3 that matter here.
var types3 = map[string]meaning{
	"describes":             describes,
	"contains":              contains,
	"packagedBy":            ignored,
	"hasOptionalComponent":  optional,
	"dependsOn":             dependsOn,
	"hasPrerequisite":       dependsOn,
	"hasStaticLink":         dependsOn,
	"hasDynamicLink":        dependsOn,
	"hasProvidedDependency": dependsOn,
	"hasOptionalDependency": mayNeed,
	"trainedOn":             dependsOn,
	"testedOn":              ignored,
	"hasInput":              madeFrom,
}

// Those that are read the other way around.
var reversed3 = map[string]meaning{
	"generates":  madeFrom, // from is the source
	"ancestorOf": madeFrom,
	"hasOutput":  madeFrom, // from is the build
	"patchedBy":  patchedBy,
}
