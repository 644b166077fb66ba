package advisory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/csaf"
)

// foreign is a document as another maker writes it: a tree and vulnerabilities in
// JSON.
func foreign(t require.TestingT, tree, vulnerabilities string) *csaf.Document {
	doc, err := csaf.Decode(strings.NewReader(`{"document":{"category":"csaf_base","csaf_version":"2.0","publisher":{"category":"vendor","name":"V","namespace":"https://v.example"},"title":"t","tracking":{"current_release_date":"2024-01-01T00:00:00Z","id":"T-1","initial_release_date":"2024-01-01T00:00:00Z","revision_history":[{"date":"2024-01-01T00:00:00Z","number":"1","summary":"s"}],"status":"final","version":"1"}},"product_tree":` + tree + `,"vulnerabilities":` + vulnerabilities + `}`))
	require.NoError(t, err)
	return doc
}

// pumps is a tree of products "Pump" with the ids A, B, … for versions and ranges,
// each with a helper if one follows after a "@".
func pumps(versions ...string) string {
	var out []string
	for i, v := range versions {
		category, helper := "product_version", ""
		if text, h, ok := strings.Cut(v, "@"); ok {
			v, helper = text, `,"product_identification_helper":`+h
		}
		if rest, ok := strings.CutPrefix(v, "range:"); ok {
			v, category = rest, "product_version_range"
		}
		out = append(out, fmt.Sprintf(`{"category":%q,"name":%q,"product":{"product_id":"%c","name":"Pump %d"%s}}`, category, v, 'A'+i, i, helper))
	}
	return branch("Pump", strings.Join(out, ","))
}

func branch(name, versions string) string {
	return fmt.Sprintf(`{"branches":[{"category":"vendor","name":"V","branches":[{"category":"product_name","name":%q,"branches":[%s]}]}]}`, name, versions)
}

func verdict(t require.TestingT, doc *csaf.Document, d advisory.Device) advisory.Verdict {
	got, err := advisory.Applies(doc, []advisory.Device{d})
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, d, got[0].Device)
	require.NotEmpty(t, got[0].Why)
	return got[0].Verdict
}

const firstCleared = `{"cve":"CVE-2024-0001","product_status":{"fixed":["A"]}}`

// A vulnerability of the document that says nothing of the status, in a way that can
// be read, clears nothing: what it is about is not known.
func TestAppliesIsNotDeafToSilence(t *testing.T) {
	t.Parallel()
	device := advisory.Device{Model: "Pump", Version: "1.0"}
	tree := pumps("1.0", "2.0")
	require.Equal(t, advisory.IsNot, verdict(t, foreign(t, tree, "["+firstCleared+"]"), device))
	for _, second := range []string{
		`{"cve":"CVE-2024-0002","notes":[{"category":"description","text":"x"}]}`,
		`{"cve":"CVE-2024-0002","product_status":{"recommended":["A"]}}`,
		`{"cve":"CVE-2024-0002","product_status":{}}`,
		`{"cve":"CVE-2024-0002","product_status":{"fixed":[]}}`,
		`{"cve":"CVE-2024-0002","scores":[{"products":["A"],"cvss_v3":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","baseScore":9.8,"baseSeverity":"CRITICAL"}}]}`,
		`{"cve":"CVE-2024-0002","product_status":"known_affected: all"}`,
		`{"cve":"CVE-2024-0002","product_status":{"known_affected":"A"}}`,
		`{"cve":"CVE-2024-0002","product_status":{"known_affected":"A","fixed":["A"]}}`,
		`{"cve":"CVE-2024-0002","product_status":{"known_afected":["A"],"fixed":["A"]}}`,
		`{"cve":"CVE-2024-0002","product_status":{"known_affected":["B"]}}`,
		`{"cve":"CVE-2024-0002","product_status":{"known_affected":["Z"],"fixed":["A"]}}`,
		`{"notes":[{"category":"description","text":"no id"}]}`,
		`{}`, `7`, `null`, `"CVE-2024-0002"`, `[]`,
	} {
		require.Equal(t, advisory.CannotTell, verdict(t, foreign(t, tree, "["+firstCleared+","+second+"]"), device), second)
		require.Equal(t, advisory.CannotTell, verdict(t, foreign(t, tree, "["+second+","+firstCleared+"]"), device), second)
	}
	got, err := advisory.Applies(foreign(t, tree, "["+firstCleared+",7]"), []advisory.Device{device})
	require.NoError(t, err)
	require.Equal(t, "vulnerability 2", got[0].Of[1].Vulnerability)
	require.Equal(t, "vulnerability 2: the document does not say what is affected, in a way that can be read", got[0].Why)
}

// Ids of two systems may have one text.
func TestAppliesTakesTwoEntriesForTwo(t *testing.T) {
	t.Parallel()
	id := func(system, status string) string {
		return fmt.Sprintf(`{"ids":[{"system_name":%q,"text":"1"}],"product_status":{%s}}`, system, status)
	}
	doc := foreign(t, pumps("1.0", "range:>=2.0"), "["+id("a", `"fixed":["A"]`)+","+id("b", `"known_affected":["B"]`)+"]")
	got, err := advisory.Applies(doc, []advisory.Device{{Model: "Pump", Version: "1.0"}})
	require.NoError(t, err)
	require.Equal(t, advisory.CannotTell, got[0].Verdict)
	require.Len(t, got[0].Of, 2)
	require.Equal(t, "a 1", got[0].Of[0].Vulnerability)
	require.Equal(t, "b 1", got[0].Of[1].Vulnerability)
}

func TestAppliesReadsVersionsAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{ // "+" for affected, "?" for cannot tell
		"vers:all/*": "0.1+ 99+", "vers:generic/*": "1+", "All versions": "1.0+", "all firmware versions": "1.0+", "*": "7+",
		"< V8.2": "8.1+ V8.1+ 8.2? 8.3?", "<V8.2": "8.1+ 8.2?", "‹V8.2": "8.1+ 8.2?", "vers:all/‹V8.2": "8.1+ 8.2?", "vers:all/<V8.2": "v8.1+ 8.2?",
		"≤ 8.2": "8.2+ 8.3?", "≥8.2": "8.2+ 8.1?", "=< 8.2": "8.2+ 8.3?", "> 8.2": "8.2? 8.3+",
		">= V1 < V2": "0.9? 1+ 1.9+ 2.0?", ">= V1.0, < V2.0": "1.5+ 2.0?", "> V1.0  and < V1.6": "1.0? 1.1+ 1.6?", "< 2.0 >= 1.0": "1.5+ 2.0?",
		"vers:all/>=V3.0<V3.1 SP2": "3.0+ 3.1 SP1+ 3.1 SP2? 2.9?", "All versions < V3.1": "3.0+ 3.1?", "All versions >= V5.1.1": "5.1.1+ 5.1.0?",
		">= 3.1 | <= 3.5": "3.3+ 3.6? 3.0?", "1.0 | 1.2": "1.0+ 1.2+ 1.1?", "1.0, 1.2": "1.2+ 1.1?", "1.0 and 1.2": "1.2+",
		"2.1 and below": "2.1+ 1.7+ 2.2?", "2.1 and prior": "2.0+", "2.1 or earlier": "2.1+", "2.1 and all prior versions": "2.0+", "2.1 and later": "2.1+ 3+ 2.0?",
		"before 2.1": "2.0+ 2.1?", "prior to 2.1": "2.0+ 2.1?", "up to 2.1": "2.0+ 2.1? 2.2?", "up to and including 2.1": "2.0+", "through 2.1": "2.0+",
		"1.0 to 1.9": "1.5+ 2.0?", "1.0 - 1.9": "1.0+ 2.0?", "from 1.0 through 1.9": "1.5+",
		"1.x": "1.7+ 01.7+ 1.0.3+ 1? 2.0? 1x?", "V1.X": "1.7+", "1.2.x.x": "1.2.7+ 1.3?", "1.*": "1.7+ 2.1?",
		"3.0 SP2": "3.0 SP2+ 3.0 SP1? 3.0?", "1.0, 1.2 with option": "1.0?", "6.x (with modules v9 | v11)": "11?", "Version 2.0": "2.0+", "2.0": "2.0+ v2.0+ 2.0.0? 02.0? 2? 2.1?", "A.01": "a.01+ 01?",
		// nothing of its own meaning
		"some old ones": "1?", "< V3.X.17": "3.1?", "All versions with U-Boot < V2016": "1? 2015?", "BIOS < R1.2": "1.1?", ">= 3.0 < 2.0": "2.5? 3.5?",
		"< 2.0, < 3.0": "1.0?", "1-3": "2? 1-3?", "2.0to3.0": "2.5?", "all 3.1": "3.1+ 3.1.2?", "1,5": "1.5?", "": "1?",
	} {
		for _, category := range []string{"", "range:"} {
			doc := foreign(t, pumps(category+text), `[{"cve":"CVE-2024-0001","product_status":{"known_affected":["A"]}}]`)
			if text == "" {
				continue
			}
			for x := range strings.SplitSeq(strings.NewReplacer("+ ", "+\x00", "? ", "?\x00").Replace(want), "\x00") {
				version, sign := x[:len(x)-1], x[len(x)-1]
				got := verdict(t, doc, advisory.Device{Model: "Pump", Version: version})
				require.Equal(t, map[byte]advisory.Verdict{'+': advisory.IsAffected, '?': advisory.CannotTell}[sign], got, "%s%q of %q", category, version, text)
			}
		}
	}
}

// A text that may hold the version stands against what clears it.
func TestAppliesIsNotClearedBesideAText(t *testing.T) {
	t.Parallel()
	device := advisory.Device{Model: "Pump", Version: "1.7"}
	for text, want := range map[string]advisory.Verdict{
		"vers:all/*": advisory.IsAffected, "1.x": advisory.IsAffected, "2.1 and below": advisory.IsAffected, "01.x": advisory.IsAffected, "All versions": advisory.IsAffected, "1.5, 1.7": advisory.IsAffected,
		"some old ones": advisory.CannotTell, "1.7 (with option G28)": advisory.CannotTell, "1.7-2.0": advisory.CannotTell, "Rev B-M": advisory.CannotTell, "1.7.0": advisory.CannotTell,
		"1.6": advisory.IsNot, "<1.7": advisory.IsNot, "2.x": advisory.IsNot, ">= V1.8 < V2": advisory.IsNot, "1.5, 1.6": advisory.IsNot,
	} {
		tree := pumps(text, "1.7", "range:>=1.5")
		for _, clears := range []string{`"known_not_affected":["B"]`, `"fixed":["C"]`, `"fixed":["B"]`} {
			doc := foreign(t, tree, `[{"cve":"CVE-2024-0001","product_status":{"known_affected":["A"],`+clears+`}}]`)
			require.Equal(t, want, verdict(t, doc, device), "%q %s", text, clears)
		}
	}
}

// An inventory that names two versions, or none, is of a device of which it cannot be
// told.
func TestAppliesDoesNotChooseAVersion(t *testing.T) {
	t.Parallel()
	doc := foreign(t, pumps("range:<2.0", "range:>=2.0"), `[{"cve":"CVE-2024-0001","product_status":{"known_affected":["A"],"fixed":["B"]}}]`)
	require.Equal(t, advisory.IsNot, verdict(t, doc, advisory.Device{Model: "Pump", Version: "2.1"}))
	require.Equal(t, advisory.IsNot, verdict(t, doc, advisory.Device{Model: "Pump", Version: " V2.1 "}))
	require.Equal(t, advisory.IsAffected, verdict(t, doc, advisory.Device{Model: "Pump", Version: "2.0-beta"}))
	for _, version := range []string{
		"2.0b", "2.0 SP1", "2.0 build 5", "2.0-5", "2.0-r3", "2.1, 1.5", "2.1 / 1.5", "2.1;1.5", "2.1 and 1.5", "3.0 (1.5)", "2.1 or lower", "3/1.5", "<2.5", "≤2.5", "2.0-1.5", "2.1_1.5", "2.1+v1.5", "2.1 downgraded to 1.5",
		"up to 2.5", "V2 (build 1.9)", "HW 3 SW 1.5", "2023-05-01", "2.0_old", "2.1to1.5", "2,1", "2.x", "3x", "unknown", "latest", "?", "-", "", "２.1", "D2.5", "Rev. B", "2.1\u00a01.5",
	} {
		require.Equal(t, advisory.CannotTell, verdict(t, doc, advisory.Device{Model: "Pump", Version: version}), "%q", version)
	}
}

func TestAppliesFoldsSerialNumbers(t *testing.T) {
	t.Parallel()
	doc := foreign(t, pumps("1.0", `1.0@{"serial_numbers":["AB*"]}`), `[{"cve":"CVE-2024-0001","product_status":{"known_affected":["B"],"known_not_affected":["A"]}}]`)
	for serial, want := range map[string]advisory.Verdict{
		"AB12": advisory.IsAffected, "ab12": advisory.IsAffected, " AB12": advisory.IsAffected, "A B 12": advisory.IsAffected,
		"SN AB12": advisory.CannotTell, "S/N: AB-12": advisory.CannotTell, "A-B12": advisory.CannotTell, "CD1, AB12": advisory.CannotTell, "": advisory.CannotTell,
		"CD12": advisory.IsNot,
	} {
		require.Equal(t, want, verdict(t, doc, advisory.Device{Model: "Pump", Version: "1.0", Serial: serial}), "%q", serial)
	}
	for _, pattern := range []string{"AB100 - AB200", "AB100-AB200", "AB100, AB200", "< AB200", "AB100–AB200"} {
		doc = foreign(t, pumps("1.0", fmt.Sprintf(`1.0@{"serial_numbers":[%q]}`, pattern)), `[{"cve":"CVE-2024-0001","product_status":{"known_affected":["B"],"known_not_affected":["A"]}}]`)
		require.Equal(t, advisory.CannotTell, verdict(t, doc, advisory.Device{Model: "Pump", Version: "1.0", Serial: "AB150"}), pattern)
	}
	doc = foreign(t, pumps("1.0", `1.0@{"serial_numbers":["0012"]}`), `[{"cve":"CVE-2024-0001","product_status":{"known_affected":["B"],"known_not_affected":["A"]}}]`)
	require.Equal(t, advisory.CannotTell, verdict(t, doc, advisory.Device{Model: "Pump", Version: "1.0", Serial: "12"})) // a spreadsheet took the zeros
}

const ep2 = `{"model_numbers":["EP-2"],"x_generic_uris":[{"namespace":"https://g","uri":"https://id.gs1.org/01/09506000134352"}]}`

// The name of a product with a model number, a model with other signs and a UDI-DI
// that is no GTIN may be that of the device.
func TestAppliesKnowsWhatIsLike(t *testing.T) {
	t.Parallel()
	byName := foreign(t, pumps("1.0@"+ep2, "1.0"), `[{"cve":"CVE-2024-0001","product_status":{"known_affected":["A"],"known_not_affected":["B"]}}]`)
	byPattern := foreign(t, pumps("1.0@"+ep2, `1.0@{"model_numbers":["EP*"]}`), `[{"cve":"CVE-2024-0001","product_status":{"known_affected":["A"],"fixed":["B"]}}]`)
	byList := foreign(t, pumps(`1.0@{"model_numbers":["EP-1, EP-2"]}`, `1.0@{"model_numbers":["EP*"]}`), `[{"cve":"CVE-2024-0001","product_status":{"known_affected":["A"],"fixed":["B"]}}]`)
	for _, x := range []struct {
		doc    *csaf.Document
		device advisory.Device
		want   advisory.Verdict
	}{
		{byName, advisory.Device{Model: "Pump"}, advisory.CannotTell},
		{byName, advisory.Device{Model: "Pump", UDIDI: "00884838000179"}, advisory.CannotTell},
		{byName, advisory.Device{Model: "Pump", UDIDI: "09506000134352"}, advisory.IsAffected},
		{byName, advisory.Device{Model: "EP-2"}, advisory.IsAffected},
		{byPattern, advisory.Device{Model: "EP-2 "}, advisory.IsAffected},
		{byPattern, advisory.Device{Model: " ep-2"}, advisory.IsAffected},
		{byPattern, advisory.Device{Model: "EP2"}, advisory.CannotTell},
		{byPattern, advisory.Device{Model: "EP 2"}, advisory.CannotTell},
		{byPattern, advisory.Device{Model: "EP–2"}, advisory.CannotTell},
		{byPattern, advisory.Device{Model: "EP-2 (US)"}, advisory.CannotTell},
		{byList, advisory.Device{Model: "EP-2"}, advisory.CannotTell},
		{byPattern, advisory.Device{Model: "EP-9"}, advisory.IsNot},
		{byPattern, advisory.Device{Model: "EP-9", UDIDI: "9.506E+12"}, advisory.CannotTell},
		{byPattern, advisory.Device{Model: "EP-9", UDIDI: "19506000134359"}, advisory.CannotTell}, // a package of EP-2
		{byPattern, advisory.Device{Model: "EP-9", UDIDI: "00884838000179"}, advisory.IsNot},
		{byPattern, advisory.Device{UDIDI: "09506000134352"}, advisory.IsAffected},
	} {
		x.device.Version = "1.0"
		require.Equal(t, x.want, verdict(t, x.doc, x.device), "%+v", x.device)
	}
}

// parts are devices H, without a version, and HV 1.0 with firmware on them: R1 and R2
// are 1.0 and 2.0 on H, R3 (for HV-EU) and R4 on HV.
const parts = `{"branches":[{"category":"vendor","name":"V","branches":[{"category":"product_name","name":"H","product":{"product_id":"H","name":"H"}},
{"category":"product_name","name":"HV","branches":[{"category":"product_version","name":"1.0","product":{"product_id":"HV","name":"HV 1.0"}}]},
{"category":"product_name","name":"FW","branches":[{"category":"product_version","name":"1.0","product":{"product_id":"F1","name":"FW 1.0"}},{"category":"product_version","name":"2.0","product":{"product_id":"F2","name":"FW 2.0"}}]}]}],
"relationships":[{"category":"installed_on","product_reference":"F1","relates_to_product_reference":"H","full_product_name":{"product_id":"R1","name":"FW1 on H"}},
{"category":"installed_on","product_reference":"F2","relates_to_product_reference":"H","full_product_name":{"product_id":"R2","name":"FW2 on H"}},
{"category":"default_component_of","product_reference":"F1","relates_to_product_reference":"HV","full_product_name":{"product_id":"R3","name":"FW in HV","product_identification_helper":{"model_numbers":["HV-EU"],"x_generic_uris":[{"namespace":"https://g","uri":"https://id.gs1.org/01/00884838000162"}]}}},
{"category":"default_component_of","product_reference":"F2","relates_to_product_reference":"HV","full_product_name":{"product_id":"R4","name":"FW2 in HV"}}]}`

func TestAppliesReadsPartsOfDevices(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		status string
		device advisory.Device
		want   advisory.Verdict
	}{
		// The version may be that of the part, and may be another.
		{`"known_affected":["R1"],"fixed":["R2"]`, advisory.Device{Model: "H", Version: "1.0"}, advisory.IsAffected},
		{`"known_affected":["R1"],"fixed":["R2"]`, advisory.Device{Model: "H", Version: "2.0"}, advisory.CannotTell},
		{`"known_affected":["R1"],"fixed":["R2"]`, advisory.Device{Model: "H"}, advisory.CannotTell},
		{`"known_affected":["R3"]`, advisory.Device{Model: "HV", Version: "1.0"}, advisory.IsAffected},
		// What a relationship adds is of some devices.
		{`"known_not_affected":["R3"]`, advisory.Device{Model: "HV", Version: "1.0"}, advisory.CannotTell},
		{`"known_not_affected":["R3"]`, advisory.Device{Model: "HV", Version: "1.0", UDIDI: "00884838000179"}, advisory.CannotTell},
		{`"known_not_affected":["R3"]`, advisory.Device{Model: "HV", Version: "1.0", UDIDI: "00884838000162"}, advisory.CannotTell}, // and HV-EU?
		// A part that is cleared clears no device: of its other parts nothing is said.
		{`"known_not_affected":["R4"]`, advisory.Device{Model: "HV", Version: "1.0"}, advisory.CannotTell},
		{`"known_not_affected":["HV"]`, advisory.Device{Model: "HV", Version: "1.0"}, advisory.IsNot},
		{`"known_affected":["R3"],"known_not_affected":["R4"]`, advisory.Device{Model: "HV", Version: "1.0"}, advisory.IsAffected},
	} {
		doc := foreign(t, parts, `[{"cve":"CVE-2024-0001","product_status":{`+x.status+`}}]`)
		require.Equal(t, x.want, verdict(t, doc, x.device), "%s %+v", x.status, x.device)
	}
}

// A device that is what a relationship makes, and not what holds it by itself, is not
// overlooked.
func TestAppliesReadsWhatARelationshipNames(t *testing.T) {
	t.Parallel()
	tree := strings.Replace(parts, `"product_id":"HV","name":"HV 1.0"`, `"product_id":"HV","name":"HV 1.0","product_identification_helper":{"model_numbers":["HV-US"]}`, 1)
	tree = strings.Replace(tree, `{"category":"product_name","name":"FW"`, `{"category":"product_name","name":"All","branches":[{"category":"product_version","name":"1.0","product":{"product_id":"ALL","name":"All 1.0","product_identification_helper":{"model_numbers":["HV*"]}}}]},{"category":"product_name","name":"FW"`, 1)
	doc := foreign(t, tree, `[{"cve":"CVE-2024-0001","product_status":{"known_affected":["R3"],"fixed":["ALL"]}}]`)
	require.Equal(t, advisory.CannotTell, verdict(t, doc, advisory.Device{Model: "HV-EU", Version: "1.0"}))
	require.Equal(t, advisory.IsAffected, verdict(t, doc, advisory.Device{Model: "HV-US", Version: "1.0"}))
	require.Equal(t, advisory.IsNot, verdict(t, doc, advisory.Device{Model: "HV-JP", Version: "1.0"}))
}

// What is added to a document in the way of affected products or unreadable pieces
// never makes an answer better.
func TestAppliesIsNeverBetterForMore(t *testing.T) {
	t.Parallel()
	rank := map[advisory.Verdict]int{advisory.IsNot: 1, advisory.CannotTell: 2, advisory.IsAffected: 3}
	texts := []string{"1.0", "2.0", "range:<2.0", "range:>=2.0", "vers:all/*", "1.x", "2.1 and below", "old ones", "range:>= V1 < V3", `1.0@{"serial_numbers":["AB*"]}`, "2.0@" + ep2, `range:>1@{"model_numbers":["EP*"]}`, `range:<3@{"skus":["7"]}`}
	bad := []string{`7`, `null`, `{}`, `{"cve":"CVE-2024-0009","product_status":"x"}`, `{"cve":"CVE-2024-0009","product_status":{"known_affected":"A"}}`, `{"cve":"CVE-2024-0009","product_status":{"known_affected":[7],"fixed":["A","B","C","D"]}}`, `{"ids":"x","product_status":{"fixed":["A","B","C","D"]}}`}
	rapid.Check(t, func(t *rapid.T) {
		tree := pumps(rapid.SliceOfN(rapid.SampledFrom(texts), 4, 4).Draw(t, "products")...)
		product := rapid.SampledFrom([]string{"A", "B", "C", "D"})
		list := func(name string) string {
			return `"` + strings.Join(rapid.SliceOfNDistinct(product, 1, 4, rapid.ID).Draw(t, name), `","`) + `"`
		}
		device := advisory.Device{
			Model: rapid.SampledFrom([]string{"Pump", "EP-2", "EP-9", "ep2", ""}).Draw(t, "model"), Version: rapid.SampledFrom([]string{"1.0", "1.7", "2.0", "2.1, 1.5", "", "3"}).Draw(t, "version"),
			Serial: rapid.SampledFrom([]string{"", "AB1", "CD1", "SN ab1"}).Draw(t, "serial"), UDIDI: rapid.SampledFrom([]string{"", "09506000134352", "00884838000179"}).Draw(t, "udi"),
		}
		cleared := `{"cve":"CVE-2024-0001","product_status":{"fixed":[` + list("fixed") + `]`
		was := verdict(t, foreign(t, tree, "["+cleared+"}}]"), device)
		affected := `"known_affected":[` + list("affected") + `]`
		with := verdict(t, foreign(t, tree, "["+cleared+","+affected+"}}]"), device)
		beside := verdict(t, foreign(t, tree, "["+cleared+`}},{"cve":"CVE-2024-0002","product_status":{`+affected+`}}]`), device)
		require.GreaterOrEqual(t, rank[with], rank[was])
		require.GreaterOrEqual(t, rank[beside], rank[was])
		piece := rapid.SampledFrom(bad).Draw(t, "piece")
		require.NotEqual(t, advisory.IsNot, verdict(t, foreign(t, tree, "["+cleared+"}},"+piece+"]"), device))
		broken := rapid.SampledFrom([]string{`{"full_product_names":"x",`, `{"branches":[7],`, `{"relationships":[{"category":7}],`, `{"other":1,`}).Draw(t, "tree")
		require.NotEqual(t, advisory.IsNot, verdict(t, foreign(t, broken+tree[1:], "["+cleared+"}}]"), device))
	})
}
