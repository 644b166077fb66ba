package advisory_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
	"github.com/open-postmarket/postmarket/vex"
	vexcsaf "github.com/open-postmarket/postmarket/vex/csaf"
	"github.com/open-postmarket/postmarket/vex/cyclonedx"
	"github.com/open-postmarket/postmarket/vex/openvex"
)

// told is what a document says: status by vulnerability, and by version.
func told(t *testing.T, doc vex.Document) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, s := range doc.Statements {
		require.NotEmpty(t, s.Status)
		for _, p := range s.Products {
			version := p.Version
			if version == "" {
				_, version, _ = strings.Cut(p.Ref, "&version=")
			}
			for i := range p.Chain() {
				if version == "" {
					version = p.Chain()[i].Version
				}
			}
			key := s.Vulnerability + " " + version
			require.NotContains(t, out, key)
			out[key] = string(s.Status)
		}
	}
	return out
}

// everyStatus is a case in which each status occurs.
func everyStatus(t *testing.T) advisory.Input {
	t.Helper()
	in := variants(t)["several"]
	in.Products = append(in.Products, pump("2.0", ""))
	return in
}

func TestEveryFormSaysTheCurrentDisposition(t *testing.T) {
	t.Parallel()
	a := final(t, everyStatus(t))
	want, words := map[string]string{}, map[string]bool{}
	for _, v := range a.Vulnerabilities {
		for i, d := range v.Dispositions {
			want[string(v.ID)+" "+a.Versions[i].Version] = string(d.Status)
			words[string(d.Status)] = true
		}
	}
	require.Len(t, words, 4, "each of the four occurs")
	require.Len(t, want, len(a.Versions)*2)
	require.Equal(t, "under_investigation", want[string(therapy)+" 2.0"], "nobody said anything of it")

	r, err := forms(advisory.Statements).Release(t.Context(), keeping(t, a), releaser, tlp.LabelsOnly, a, tlp.Customer, out)
	require.NoError(t, err)
	doc, err := advisory.VEX(a)
	require.NoError(t, err)
	require.Equal(t, want, told(t, doc))
	for i, decode := range map[int]func([]byte) (vex.Document, error){
		0: func(b []byte) (vex.Document, error) { return vexcsaf.Decode(bytes.NewReader(b)) },
		3: func(b []byte) (vex.Document, error) { return vexcsaf.Decode(bytes.NewReader(b)) },
		4: func(b []byte) (vex.Document, error) { return cyclonedx.Decode(bytes.NewReader(b)) },
		5: func(b []byte) (vex.Document, error) { return openvex.Decode(bytes.NewReader(b)) },
	} {
		doc, err := decode(r.Files[i].Bytes)
		require.NoError(t, err, r.Files[i].Name)
		require.Equal(t, want, told(t, doc), r.Files[i].Name)
	}
	require.Equal(t, strings.Count(string(r.Files[4].Bytes), `"versions"`), len(want), "CycloneDX takes a status left out for affected")

	l, err := advisory.NewLetter(a)
	require.NoError(t, err)
	letter := map[string]string{}
	for _, s := range l.Sections {
		if s.Table == nil {
			continue
		}
		for _, row := range s.Table.Rows {
			for i, head := range s.Table.Head {
				if strings.HasPrefix(head, "CVE-") {
					letter[head+" "+row[2]] = strings.ReplaceAll(row[i], " ", "_")
				}
			}
		}
	}
	require.Equal(t, want, letter)
}

func TestADeviceUnderAnotherBrandIsAnotherProduct(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	brand := pump("2.1", "")
	brand.ID, brand.Manufacturer = "brand-2.1", "Other Brand"
	in.Products = append(in.Products, brand)
	in.Stated = []advisory.Statement{{Product: "brand-2.1", Vulnerability: therapy, Status: advisory.NotAffected, Justification: "component_not_present"}}
	files, err := advisory.Press{Also: []advisory.Form{advisory.Statements}}.Preview(draft(t, in))
	require.NoError(t, err)
	for i, decode := range map[int]func([]byte) (vex.Document, error){
		4: func(b []byte) (vex.Document, error) { return cyclonedx.Decode(bytes.NewReader(b)) },
		5: func(b []byte) (vex.Document, error) { return openvex.Decode(bytes.NewReader(b)) },
	} {
		doc, err := decode(files[i].Bytes)
		require.NoError(t, err)
		said := map[string]vex.Status{}
		for _, s := range doc.Statements {
			require.NotContains(t, said, s.Products[0].Ref, files[i].Name)
			said[s.Products[0].Ref] = s.Status
		}
		require.Len(t, said, 3, files[i].Name)
	}
}

func TestAHospitalsControlIsAnActionAndNoJustification(t *testing.T) {
	t.Parallel()
	a := final(t, uncontrolled(t))
	doc, err := advisory.VEX(a)
	require.NoError(t, err)
	require.Equal(t, vex.Affected, doc.Statements[0].Status)
	require.Empty(t, doc.Statements[0].Justification)
	require.Contains(t, doc.Statements[0].Action, segment.Text)
}

func TestADraftAndAnExampleAreNoStatementsToRelyOn(t *testing.T) {
	t.Parallel()
	files, err := advisory.Press{Also: []advisory.Form{advisory.Statements}}.Preview(draft(t, uncontrolled(t)))
	require.NoError(t, err)
	for _, f := range files {
		require.Contains(t, string(f.Bytes), "DRAFT", f.Name)
	}
	s := signature()
	s.Demonstration = true
	a, err := draft(t, uncontrolled(t)).SignOff(s)
	require.NoError(t, err)
	r, err := forms(advisory.Statements).Release(t.Context(), keeping(t, a), releaser, tlp.LabelsOnly, a, tlp.Customer, out)
	require.NoError(t, err)
	for _, f := range r.Files {
		require.Contains(t, string(f.Bytes), "DEMONSTRATION", f.Name)
	}
}

func TestAManualFindingIsToldAsOneThatWasMatched(t *testing.T) {
	t.Parallel()
	f := finding("pump-2.1", "EXM-VULN-2026-1")
	f.Sources, f.Scores = []string{"manual"}, nil
	f.Instances[0].Evidence = []match.Evidence{{Source: "manual", Item: "EXM-VULN-2026-1", Digest: "m1", Leaf: "reported by a customer"}}
	in := input(pump("2.1", ""))
	a := settled(t, f, assess.Minor, near, "A late alarm could delay treatment by a few minutes.")
	a, err := a.WithLeave(assess.Leave{Acceptable: assess.Yes, By: "safety", Why: "seen on the display too", At: judged})
	require.NoError(t, err)
	in.Assessments, in.Plans = []assess.Assessment{a}, []patch.Plan{left(t, a)}
	words := telemetryWords
	words.ID = "EXM-VULN-2026-1"
	in.Vulnerabilities = []advisory.VulnerabilityText{words}
	r, err := forms(advisory.Statements).Release(t.Context(), keeping(t, final(t, in)), releaser, tlp.LabelsOnly, final(t, in), tlp.Customer, out)
	require.NoError(t, err)
	require.Len(t, r.Files, 6)
	for _, f := range r.Files {
		require.Contains(t, string(f.Bytes), "EXM-VULN-2026-1", f.Name)
	}

	// Only matched: nobody judged it yet.
	in = input(pump("2.1", ""))
	in.Assessments = []assess.Assessment{opened(t, finding("pump-2.1", therapy))}
	only := therapyWords
	only.ClinicalImpact = "We do not know yet; at worst therapy settings could be changed."
	in.Vulnerabilities, in.Availability = []advisory.VulnerabilityText{only}, ""
	require.Equal(t, advisory.UnderInvestigation, draft(t, in).Vulnerabilities[0].Dispositions[0].Status)
}

// fleet has a line of two models, of which one version is not supported any more
// and one was never distributed.
func fleet() *advisory.Fleet {
	ward := pump("1.0", "")
	ward.ID, ward.Name, ward.Model = "ward-1.0", "Example ward display", "EW-1"
	other := pump("7.0", "")
	other.ID, other.Model, other.Name = "scale-7.0", "ES-7", "Example scale"
	units := 3
	return &advisory.Fleet{
		Products: []device.Product{pump("3.0", ""), pump("2.1", "09506000134352"), pump("1.5", ""), pump("4.0-beta", ""), ward, other},
		Lines: []device.Line{{ID: "pump", Name: "Pumps", Manufacturer: "Example Medical", Variants: []device.Variant{
			{Model: "EP-2", Products: []string{"pump-2.1"}}, {Model: "EW-1", Products: []string{"ward-1.0"}},
		}}},
		Lives: []device.Life{
			{Product: "pump-1.5", Stage: device.EndOfSupport, Since: seen, By: "regulatory", Why: "plan", Ended: "2025-12-31"},
			{Product: "pump-2.1", Stage: device.Supported, Since: seen, By: "regulatory", Why: "released"},
			{Product: "pump-4.0-beta", Stage: device.Development, Since: seen, By: "regulatory", Why: "in work"},
		},
		Counts: []device.Fielded{{Product: "pump-1.5", Site: "s-17", Units: &units, AsOf: seen, How: "service log"}},
	}
}

func TestVersionsComeFromTheFleet(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	in.Products, in.Fleet, in.NoFleet = nil, fleet(), ""
	a := draft(t, in)
	var got []string
	for _, v := range a.Versions {
		got = append(got, v.Product+" "+string(v.Stage)+" "+v.Ended)
	}
	require.Equal(t, []string{
		"pump-1.5 end of support 2025-12-31",                    // not supported, still there
		"pump-2.1 supported ", "pump-3.0  ", "ward-1.0  ", "  ", // the last is the fix, which only the plan names
	}, got)
	require.Equal(t, advisory.UnderInvestigation, a.Vulnerabilities[0].Dispositions[0].Status)
	require.Equal(t, advisory.Affected, a.Vulnerabilities[0].Dispositions[1].Status)
	signed, err := a.SignOff(signature())
	require.NoError(t, err)
	r, err := release(t, tlp.LabelsOnly, signed, tlp.Customer, out)
	require.NoError(t, err)
	for _, f := range r.Files {
		require.Contains(t, string(f.Bytes), "support ended on 2025", f.Name)
	}
	l := keeping(t, signed)
	require.NoError(t, advisory.Fresh(t.Context(), l, signed))
	require.NoError(t, l.Do(t.Context(), store.By{Who: "sales", Why: "first units"}, func(tx *store.Tx) error {
		units := 1
		return device.Counts.Put(tx, device.Fielded{Product: "pump-4.0-beta", Site: "s-3", Units: &units, AsOf: out, How: "trial"})
	}))
	_, err = desk.Release(t.Context(), l, releaser, tlp.LabelsOnly, signed, tlp.Customer, out)
	require.ErrorIs(t, err, advisory.ErrStale, "a version it does not speak of is in the field by now")
	require.ErrorContains(t, err, "other versions are in the field")

	read, err := advisory.ReadFleet(t.Context(), keeping(t, signed))
	require.NoError(t, err)
	require.Len(t, read.Products, 6)
	require.Equal(t, len(fleet().Versions("pump-2.1")), len(read.Versions("pump-2.1")))
}
