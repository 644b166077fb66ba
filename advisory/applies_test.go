package advisory_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/tlp"
)

// published is a CSAF file as a facility receives it.
func published(t *testing.T, in advisory.Input) *csaf.Document {
	t.Helper()
	r, err := release(t, tlp.LabelsOnly, final(t, in), tlp.Customer, out)
	require.NoError(t, err)
	doc, err := csaf.Decode(bytes.NewReader(r.Files[0].Bytes))
	require.NoError(t, err)
	return doc
}

func TestAFacilityIsToldForEachDevice(t *testing.T) {
	t.Parallel()
	inventory, err := advisory.ReadInventory(strings.NewReader(`Ward;UDI-DI;Model;Software version;Serial number
3A;09506000134352;EP-2;2.1;1001
3A;;ep-2;v2.1;1002
3B;(01)09506000134352(21)1003;;2.1;1003
3B;;EP-2;2.2;1004
3B;;EP-2;3.0;1005
3B;;EP-2;2.0;1006
3C;;EP-2;2.0.7;1007
3C;;EP-2;;1008
3C;09506000134369;EP-2;2.1;1009
3D;;ES-7;1.0;2001
3D;;;2.1;2002
`))
	require.NoError(t, err)
	answers, err := advisory.Applies(published(t, everyStatus(t)), inventory)
	require.NoError(t, err)
	var got []string
	for _, a := range answers {
		got = append(got, fmt.Sprintf("%d %s %s %v", a.Device.Line, a.Device.Serial, a.Verdict, a.Named))
	}
	require.Equal(t, []string{
		"2 1001 affected true", "3 1002 affected true", "4 1003 affected true",
		"5 1004 cannot tell true",  // 2.2 has the fix of one, and the other is not determined
		"6 1005 not affected true", // stated for both
		"7 1006 cannot tell true",  // under investigation
		"8 1007 cannot tell true",  // a version that is not listed
		"9 1008 cannot tell true",  // no version
		"10 1009 cannot tell true", // model and UDI-DI contradict
		"11 2001 cannot tell false", "12 2002 cannot tell false",
	}, got)
	require.Contains(t, answers[0].Of[0].Action, "Install version 2.2 on every pump.")
	require.Contains(t, answers[3].Of[0].Why, "listed as fixed")
	require.Contains(t, answers[6].Why, `not its version "2.0.7"`)
}

func TestADraftSaysNothing(t *testing.T) {
	t.Parallel()
	doc, err := advisory.CSAF(draft(t, uncontrolled(t)))
	require.NoError(t, err)
	_, err = advisory.Applies(doc, nil)
	require.ErrorContains(t, err, "is a draft")
	for _, status := range []csaf.Status{"", "Draft"} {
		doc.Document.Tracking.Status = status
		_, err = advisory.Applies(doc, nil)
		require.ErrorContains(t, err, "may be that of a draft")
	}
	_, err = advisory.Applies(nil, nil)
	require.Error(t, err)
}

// other is a document of another maker: ranges, serial numbers, a component on a
// device.
func other() *csaf.Document {
	product := func(id string, h *csaf.Helper) *csaf.Product {
		return &csaf.Product{ID: id, Name: "Other " + id, Helper: h}
	}
	version := func(name string, p *csaf.Product) csaf.Branch {
		return csaf.Branch{Category: csaf.BranchProductVersionRange, Name: name, Product: p}
	}
	return &csaf.Document{
		Document: csaf.Meta{Tracking: csaf.Tracking{ID: "O-1", Status: csaf.StatusFinal}},
		ProductTree: &csaf.ProductTree{Branches: []csaf.Branch{{Category: csaf.BranchVendor, Name: "Other", Branches: []csaf.Branch{
			{Category: csaf.BranchProductName, Name: "Monitor", Branches: []csaf.Branch{
				version("vers:generic/<3.64", product("A", nil)), version("vers:generic/>=3.64", product("B", nil)), version("some old ones", product("C", nil)),
			}},
			{Category: csaf.BranchProductName, Name: "Scanner", Branches: []csaf.Branch{
				{Category: csaf.BranchProductVersion, Name: "1.0", Product: product("D", &csaf.Helper{ModelNumbers: []string{"SC-?"}, SerialNumbers: []string{`77*`}})},
				{Category: csaf.BranchProductVersion, Name: "1.0 ", Product: product("E", &csaf.Helper{ModelNumbers: []string{`SC\*`}})},
			}},
		}}}},
		Vulnerabilities: []csaf.Vulnerability{{CVE: "CVE-2024-0001", ProductStatus: &csaf.ProductStatus{
			KnownAffected: []string{"A", "C", "D"}, KnownNotAffected: []string{"B", "E"},
		}, Flags: []csaf.Flag{{Label: csaf.FlagVulnerableCodeNotPresent, ProductIDs: []string{"B", "E"}}}}},
	}
}

func TestRangesSerialsAndPatternsAreRead(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		device advisory.Device
		want   advisory.Verdict
		why    string
	}{
		{advisory.Device{Model: "Monitor", Version: "3.63"}, advisory.IsAffected, "listed as affected"},
		{advisory.Device{Model: "Monitor", Version: "3.64"}, advisory.CannotTell, `the versions "some old ones"`},
		{advisory.Device{Model: "SC-1", Version: "1.0", Serial: "7701"}, advisory.IsAffected, ""},
		{advisory.Device{Model: "SC-1", Version: "1.0"}, advisory.CannotTell, "serial numbers"},
		{advisory.Device{Model: "SC-1", Version: "1.0", Serial: "8801"}, advisory.CannotTell, "do not identify"},
		{advisory.Device{Model: "SC-12", Version: "1.0", Serial: "7701"}, advisory.CannotTell, "do not identify devices in the same way"},
		{advisory.Device{Model: "SC*", Version: "1.0"}, advisory.CannotTell, "do not identify"},
	} {
		got, err := advisory.Applies(other(), []advisory.Device{x.device})
		require.NoError(t, err)
		require.Equal(t, x.want, got[0].Verdict, "%+v: %s", x.device, got[0].Why)
		require.Contains(t, got[0].Of[0].Why, x.why, "%+v", x.device)
	}
}

func TestAnInventoryThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	for file, why := range map[string]string{
		"":                        "the heading",
		"ward,serial\n1,2\n":      "no column for the UDI-DI or the model",
		"model,version\nA\n":      "wrong number of fields",
		"model,Model Number\nA,B": "says the same",
		"model\n\"A\n":            "extraneous or missing",
		"model\n\xff\n":           "not UTF-8",
	} {
		_, err := advisory.ReadInventory(strings.NewReader(file))
		require.ErrorContains(t, err, why, "%q", file)
	}
	got, err := advisory.ReadInventory(strings.NewReader("\xef\xbb\xbfserial\tMODEL\n7\t\"A\nB\"\n8\tC\n"))
	require.NoError(t, err)
	require.Equal(t, []advisory.Device{{Line: 2, Model: "A\nB", Serial: "7"}, {Line: 4, Model: "C", Serial: "8"}}, got)
}

func FuzzReadInventory(f *testing.F) {
	for _, s := range []string{
		"", "model\n", "udi-di,model,version,serial\n09506000134352,EP-2,2.1,1001\n", "UDI;Model;Version\n(01)09506000134352(21)1;;v2.1\n",
		"model\tversion\nSC*\t1.0\n", "\xef\xbb\xbfmodel\n\"a\"\"b\"\n", "model,version\nMonitor,3.63\nMonitor,\n",
	} {
		f.Add([]byte(s))
	}
	doc := other()
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := advisory.ReadInventory(bytes.NewReader(data))
		if err != nil {
			return
		}
		if len(list) > 50 {
			list = list[:50]
		}
		answers, err := advisory.Applies(doc, list)
		if err != nil || len(answers) != len(list) {
			t.Fatalf("%d answers for %d devices: %v", len(answers), len(list), err)
		}
		for _, a := range answers {
			if a.Verdict == advisory.IsNot && (a.Device.Version == "" || a.Device.Model == "" && a.Device.UDIDI == "") {
				t.Fatalf("cleared without a model or a version: %+v", a)
			}
		}
	})
}
