package sbom_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
)

func aliases(t testing.TB) *sbom.Aliases {
	t.Helper()
	table, err := sbom.DefaultAliases()
	require.NoError(t, err)
	return table
}

func texts(list []sbom.Candidate) []string {
	var out []string
	for _, x := range list {
		out = append(out, x.Text)
	}
	return out
}

func TestTheTableHoldsWhatDevicesAreMadeOf(t *testing.T) {
	t.Parallel()
	entries := aliases(t).Entries()
	require.GreaterOrEqual(t, len(entries), 150)
	sources := 0
	for _, e := range entries {
		for _, id := range append(e.CPEs, e.PURLs...) {
			require.NotEmpty(t, id.Source, e.Names)
			sources++
		}
	}
	require.Greater(t, sources, 500)
	for _, name := range []string{
		"mbed TLS", "MbedTLS", "wolfSSL", "lwIP", "FreeRTOS", "ThreadX", "Azure RTOS", "Zephyr", "VxWorks", "QNX", "BusyBox", "U-Boot", "OpenSSL",
		"zlib", "SQLite", "curl", "jQuery", "DCMTK", "Orthanc", "Treck TCP/IP",
	} {
		got := sbom.Propose(sbom.Component{Name: name, Version: "1.2.3"}, aliases(t))
		require.NotEmpty(t, got, name)
		for _, x := range got {
			if x.Kind == "cpe" {
				n, err := cpe.Parse(x.Text)
				require.NoError(t, err)
				require.Equal(t, "1.2.3", n.Version.Text())
				require.True(t, n.Names())
			} else {
				p, err := sbom.Component{PURL: x.Text}.Package()
				require.NoError(t, err)
				require.Equal(t, "1.2.3", p.Version)
			}
		}
	}
}

func TestARenamedVendorIsCorrectedAndTheFormerOneStaysWorthALook(t *testing.T) {
	t.Parallel()
	c := sbom.Component{Name: "threadx", Version: "6.4.0", CPE: "cpe:2.3:o:microsoft:azure_rtos_threadx:6.4.0:*:*:*:*:*:*:*"}
	got := sbom.Propose(c, aliases(t))
	require.Equal(t, "cpe:2.3:a:eclipse:threadx:6.4.0:*:*:*:*:*:*:*", got[0].Text)
	require.Equal(t, c.CPE, got[0].Corrects)
	require.NotContains(t, texts(got), c.CPE, "what it has is not proposed")

	now := sbom.Component{Name: "threadx", Version: "6.4.0", CPE: "cpe:2.3:o:eclipse:threadx:6.4.0:*:*:*:*:*:*:*"}
	got = sbom.Propose(now, aliases(t))
	former := got[len(got)-1]
	require.Equal(t, "o:microsoft:azure_rtos_threadx", former.Name)
	require.True(t, former.Former)
	require.Empty(t, former.Corrects, "a current name needs no correction")
}

func TestAGuessedVendorIsCorrectedAndNothingIsWrittenOver(t *testing.T) {
	t.Parallel()
	c := sbom.Component{
		Ref: "c52", Name: "jQuery", Version: "3.1.1", PURL: "pkg:nuget/jQuery@3.1.1",
		CPE: "cpe:2.3:a:the_jquery_foundation:jquery:3.1.1:*:*:*:*:*:*:*",
	}
	before, err := json.Marshal(c)
	require.NoError(t, err)
	got := sbom.Propose(c, aliases(t))
	require.Equal(t, "cpe:2.3:a:jquery:jquery:3.1.1:*:*:*:*:*:*:*", got[0].Text)
	require.Equal(t, c.CPE, got[0].Corrects)
	require.InDelta(t, 0.9, got[0].Confidence(), 1e-9, "%v", got[0].Parts)
	next, decision, err := c.Accept(got[0], "psirt-lead", "looked up", day("2026-03-01"))
	require.NoError(t, err)
	after, err := json.Marshal(c)
	require.NoError(t, err)
	require.Equal(t, before, after, "the component given is not touched")
	require.Equal(t, c.CPE, next.CPE)
	require.Equal(t, "accepted by psirt-lead on 2026-03-01: looked up", next.More[0].From)
	require.Contains(t, next.Coordinates(), sbom.Coordinate("cpe:a:jquery:jquery"))
	require.NotContains(t, texts(sbom.Propose(next, aliases(t))), got[0].Text, "it is proposed once")
	require.Equal(t, "pkg:NuGet/jquery cpe a:jquery:jquery", decision.Key())
	_, _, err = next.Accept(got[0], "psirt-lead", "again", day("2026-03-01"))
	require.ErrorContains(t, err, "already")
}

func TestAcceptingTakesAPersonAReasonAndATime(t *testing.T) {
	t.Parallel()
	c := sbom.Component{Name: "zlib", Version: "1.3"}
	x := sbom.Propose(c, aliases(t))[0]
	for _, bad := range []struct{ by, why string }{{"", "x"}, {"x", " "}} {
		_, _, err := c.Accept(x, bad.by, bad.why, day("2026-01-01"))
		require.Error(t, err)
	}
	for _, broken := range []sbom.Candidate{
		{}, {Kind: "swid", Name: "x"}, {Kind: "cpe", Name: "a:*:x"}, {Kind: "cpe", Name: "z:a:b"}, {Kind: "purl", Name: "zlib"},
	} {
		_, _, err := c.Accept(broken, "me", "because", day("2026-01-01"))
		require.Error(t, err, broken)
	}
}

func TestDecisionsHoldForTheNextVersion(t *testing.T) {
	t.Parallel()
	c := sbom.Component{Ref: "1", Name: "lwip", Version: "2.1.2"}
	var kept []sbom.Accepted
	for _, x := range sbom.Propose(c, aliases(t)) {
		next, a, err := c.Accept(x, "psirt-lead", "the stack we build", day("2026-03-01"))
		require.NoError(t, err)
		c, kept = next, append(kept, a)
	}
	require.Len(t, kept, 2)
	later := sbom.BOM{Components: []sbom.Component{{Ref: "9", Name: "lwIP", Version: "2.2.0"}, {Ref: "8", Name: "other"}}}
	got := later.WithAccepted(kept...)
	require.Empty(t, later.Components[0].More)
	require.Empty(t, got.Components[1].More)
	require.Len(t, got.Components[0].More, 2)
	for _, id := range got.Components[0].More {
		require.Contains(t, id.Text, "2.2.0")
	}
	require.Equal(t, got, got.WithAccepted(kept...), "a second time adds nothing")
}

// TestStoredIdentitiesReadForever keeps the shape of what a ledger holds.
func TestStoredIdentitiesReadForever(t *testing.T) {
	t.Parallel()
	part := sbom.Part{Name: "identity", Value: 0.9, Why: "its name is known"}
	a := sbom.Accepted{
		Of: "name:zlib", By: "psirt-lead", Why: "the one we build from", At: day("2026-03-01"),
		Candidate: sbom.Candidate{
			Kind: "cpe", Name: "a:zlib:zlib", Text: "cpe:2.3:a:zlib:zlib:1.3:*:*:*:*:*:*:*", For: "zlib", Corrects: "x", Former: true,
			Source: "NVD record", Certainty: "verified", Parts: []sbom.Part{part},
		},
	}
	data, err := json.MarshalIndent(a, "", "  ")
	require.NoError(t, err)
	golden.Equal(t, append(data, '\n'), "testdata/identity.v1.json")
	var back sbom.Accepted
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, a, back)
}

func TestAPurlOfAnotherThingLowersTheConfidence(t *testing.T) {
	t.Parallel()
	same := sbom.Propose(sbom.Component{Name: "Express", Version: "1", PURL: "pkg:npm/express@1"}, aliases(t))[0]
	other := sbom.Propose(sbom.Component{Name: "Express", Version: "1", PURL: "pkg:nuget/Express@1"}, aliases(t))[0]
	require.Greater(t, same.Confidence(), other.Confidence())
	require.Less(t, other.Confidence(), 0.5)
}

func TestACorrectedCPEKeepsTheVersionOfTheWrittenOne(t *testing.T) {
	t.Parallel()
	c := sbom.Component{Name: "glibc", Version: "2.41+git", CPE: "cpe:2.3:*:*:glibc:2.41:*:*:*:*:*:*:*"}
	x := sbom.Propose(c, aliases(t))[0]
	require.Equal(t, "cpe:2.3:a:gnu:glibc:2.41:*:*:*:*:*:*:*", x.Text)
	next, _, err := c.Accept(x, "me", "looked up", day("2026-01-01"))
	require.NoError(t, err)
	require.Equal(t, x.Text, next.More[0].Text)
}

func TestAPolicyAcceptsWhatItStatesAndNoMore(t *testing.T) {
	t.Parallel()
	b := sbom.BOM{Components: []sbom.Component{
		{Ref: "1", Name: "zlib", Version: "1.3"},
		{Ref: "2", Name: "FreeRTOS", Version: "10.4"},
		{Ref: "3", Name: "in-house", Version: "1"},
		{Ref: "4", Name: "jQuery", Version: "3.1.1", CPE: "cpe:2.3:a:the_jquery_foundation:jquery:3.1.1:*:*:*:*:*:*:*"},
	}}
	p := sbom.Policy{Name: "verified names", Why: "read in NVD itself", Least: 0.8, Certainties: []string{"verified"}}
	got, decisions, err := p.Accept(b, aliases(t), day("2026-03-01"))
	require.NoError(t, err)
	require.NotEmpty(t, decisions)
	for _, a := range decisions {
		require.Equal(t, "policy verified names", a.By)
		require.Equal(t, "verified", a.Candidate.Certainty)
		require.False(t, a.Candidate.Former)
	}
	require.NotEmpty(t, got.Components[0].More)
	require.Empty(t, got.Components[2].More)
	require.Empty(t, got.Components[3].More, "corrections are taken only when the policy says so")
	require.Empty(t, b.Components[0].More, "the BOM given is not touched")
	again := b.WithAccepted(decisions...)
	require.Equal(t, got, again, "decisions alone make the same")
	for _, bad := range []sbom.Policy{{}, {Name: "x", Why: "y"}, {Name: "x", Why: "y", Least: 1.5}, {Name: "x", Least: 1}} {
		_, _, err := bad.Accept(b, aliases(t), day("2026-03-01"))
		require.Error(t, err)
	}
}

func TestATableIsCheckedWhole(t *testing.T) {
	t.Parallel()
	ok := sbom.AliasID{Name: "a:x:y", Source: "s", Certainty: "verified"}
	for want, entries := range map[string][]sbom.Alias{
		"identifier is missing":   {{Names: []string{"x"}}},
		"is that of entry 1 too":  {{Names: []string{"x-1"}, CPEs: []sbom.AliasID{ok}}, {Names: []string{"X 1"}, CPEs: []sbom.AliasID{ok}}},
		"says nothing":            {{Names: []string{"--"}, CPEs: []sbom.AliasID{ok}}},
		"source is missing":       {{Names: []string{"x"}, CPEs: []sbom.AliasID{{Name: "a:x:y", Certainty: "verified"}}}},
		"is not known":            {{Names: []string{"x"}, CPEs: []sbom.AliasID{{Name: "a:x:y", Source: "s", Certainty: "sure"}}}},
		"not part:vendor:product": {{Names: []string{"x"}, CPEs: []sbom.AliasID{{Name: "a:X:y", Source: "s", Certainty: "ours"}}}},
		"without a version":       {{Names: []string{"x"}, PURLs: []sbom.AliasID{{Name: "pkg:npm/x@1", Source: "s", Certainty: "ours"}}}},
	} {
		_, err := sbom.NewAliases(entries...)
		require.ErrorContains(t, err, want)
	}
	_, err := sbom.LoadAliases(fstest.MapFS{"a.json": {Data: []byte(`{"entry":[]}`)}}, "a.json")
	require.Error(t, err)
	require.Nil(t, sbom.Propose(sbom.Component{Name: "zlib"}, nil))
}

func FuzzLoadAliases(f *testing.F) {
	f.Add([]byte(`{"name":"x","date":"2026-01-01","about":"","entries":[{"names":["x"],"cpes":[{"name":"a:x:y","source":"s","certainty":"ours"}]}]}`))
	f.Add([]byte(`{"entries":[{"names":[""],"purls":[{"name":"pkg:npm/%20"}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := sbom.LoadAliases(fstest.MapFS{"a.json": {Data: data}}, "a.json")
		if err != nil {
			return
		}
		for _, e := range table.Entries() {
			for _, n := range e.Names {
				require.NotEmpty(t, sbom.Propose(sbom.Component{Name: n}, table))
			}
		}
	})
}

func ExamplePropose() {
	table, err := sbom.DefaultAliases()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, x := range sbom.Propose(sbom.Component{Name: "wolfSSL", Version: "4.8.1"}, table)[:2] {
		fmt.Printf("%.2f %s (%s)\n", x.Confidence(), x.Text, x.Source)
	}
	// Output:
	// 0.81 cpe:2.3:a:wolfssl:wolfssl:4.8.1:*:*:*:*:*:*:* (NVD record CVE-2022-38153)
	// 0.81 pkg:generic/wolfssl@4.8.1 (OSV record OSV-2022-842)
}

func ExampleComponent_Accept() {
	c := sbom.Component{Name: "zlib", Version: "1.3"}
	table, _ := sbom.DefaultAliases()
	c, decision, err := c.Accept(sbom.Propose(c, table)[0], "psirt-lead", "the one we build from", day("2026-03-01"))
	fmt.Println(err)
	fmt.Println(c.More[0].Text, c.More[0].From)
	fmt.Println(decision.Key())
	// Output:
	// <nil>
	// cpe:2.3:a:zlib:zlib:1.3:*:*:*:*:*:*:* accepted by psirt-lead on 2026-03-01: the one we build from
	// name:zlib cpe a:zlib:zlib
}

func TestAnotherArtifactOfARegistryIsNotProposed(t *testing.T) {
	t.Parallel()
	table, err := sbom.DefaultAliases()
	require.NoError(t, err)
	for _, x := range sbom.Propose(sbom.Component{Name: "log4j", Version: "1.2.17", PURL: "pkg:maven/log4j/log4j@1.2.17"}, table) {
		require.NotEqual(t, "pkg:maven/org.apache.logging.log4j/log4j-core", x.Name)
	}
	var names []string
	for _, x := range sbom.Propose(sbom.Component{Name: "log4j-core", Version: "2.17.0"}, table) {
		names = append(names, x.Name)
	}
	require.Contains(t, names, "pkg:maven/org.apache.logging.log4j/log4j-core", "without a purl it is")
}

func TestAProposedCPEHasNoVBeforeItsNumber(t *testing.T) {
	t.Parallel()
	table, err := sbom.DefaultAliases()
	require.NoError(t, err)
	var texts []string
	for _, x := range sbom.Propose(sbom.Component{Name: "Zephyr", Version: "v3.6.0"}, table) {
		texts = append(texts, x.Text)
	}
	require.Contains(t, texts, "cpe:2.3:o:zephyrproject-rtos:zephyr:3.6.0:*:*:*:*:*:*:*")
	require.Contains(t, texts, "pkg:github/zephyrproject-rtos/zephyr@v3.6.0", "a tag stays a tag")
	require.Equal(t, "cpe:2.3:a:busybox:busybox:vanilla:*:*:*:*:*:*:*", sbom.Propose(sbom.Component{Name: "BusyBox", Version: "vanilla"}, table)[0].Text)
}
