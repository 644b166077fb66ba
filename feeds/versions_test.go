package feeds_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

func at(version string) feeds.Span         { return feeds.Span{From: version} }
func upTo(version string) feeds.Span       { return feeds.Span{UpTo: version} }
func below(version string) feeds.Span      { return feeds.Span{Below: version} }
func since(version string) feeds.Span      { return feeds.Span{From: version, Open: true} }
func after(version string) feeds.Span      { return feeds.Span{After: version} }
func fromTo(from, to string) feeds.Span    { return feeds.Span{From: from, UpTo: to} }
func fromBelow(from, to string) feeds.Span { return feeds.Span{From: from, Below: to} }

func TestVersionsAreReadAsTheyAreMeant(t *testing.T) {
	t.Parallel()
	all := since("0")
	typed := func(scheme string, s feeds.Span) feeds.Span { s.Type = scheme; return s }
	for text, want := range map[string][]feeds.Span{
		"V8.0": {at("V8.0")}, " 2018 R2 ": {at("2018 R2")}, "Version 1.11.0.12": {at("1.11.0.12")}, "1.1.3 MR Build 11": {at("1.1.3 MR Build 11")},
		"v 1.2": {at("1.2")}, "= 1.2": {at("1.2")}, "7.1(3)N1(2a)": {at("7.1(3)N1(2a)")}, "7.0.1-5035": {at("7.0.1-5035")}, "1.4.2.0-9d9eff4": {at("1.4.2.0-9d9eff4")},
		"12.0 FP1": {at("12.0 FP1")}, "1:2.3~rc1": {at("1:2.3~rc1")}, "2.0.0-beta.1": {at("2.0.0-beta.1")},
		"2018-09-12": {at("2018-09-12")},

		"10 | 11":                   {at("10"), at("11")},
		"MMT-1715 | MMT-1754":       {at("MMT-1715"), at("MMT-1754")},
		"V8.3.0.1, V8.6.0 and V8.7": {at("V8.3.0.1"), at("V8.6.0"), at("V8.7")},
		"11.5, 11.6 IF1, and 12.0;": {at("11.5"), at("11.6 IF1"), at("12.0")},
		"4.X | 5.x.x":               {fromTo("4", "4.*"), fromTo("5", "5.*")},
		"11.3 | R5.1 | <= R6":       {at("11.3"), at("R5.1"), upTo("R6")},

		"<=1.9.4.1": {upTo("1.9.4.1")}, "< V4.1": {below("V4.1")}, "< 2022.1.2": {below("2022.1.2")}, "> 1.5": {after("1.5")}, ">= V5.1.1": {since("V5.1.1")}, "≤ 2.0": {upTo("2.0")},
		"< 1.8.4 Service Pack 01": {below("1.8.4 Service Pack 01")}, "<V3.2_SP2": {below("V3.2_SP2")}, "<=2023.3_Build_9342": {upTo("2023.3_Build_9342")},
		">= 2.5 | <= 3.11": {fromTo("2.5", "3.11")}, ">=8.0|=<8.5": {fromTo("8.0", "8.5")}, ">= 2018-1 | <= 2021-1": {fromTo("2018-1", "2021-1")},
		">= 2.0.0, < 2.0.7": {fromBelow("2.0.0", "2.0.7")}, ">=V3.1.39 and < V3.3": {fromBelow("V3.1.39", "V3.3")},
		"> V1.0  and < V1.6": {{After: "V1.0", Below: "V1.6"}}, ">= V9.1 Upd 7 < V9.2 SP 1": {fromBelow("V9.1 Upd 7", "V9.2 SP 1")},
		"A10 < A11": {fromBelow("A10", "A11")}, ">=v5.0.x|<=5.16.x": {fromTo("v5.0", "5.16.*")},
		">= 20D29 | <= v20D32 | >= 22D24 | <= v22D28": {fromTo("20D29", "v20D32"), fromTo("22D24", "v22D28")},

		"All versions": {all}, "*": {all}, "any version": {all}, "vers:all/*": {all}, "vers:npm/*": {all},
		"All versions < V8.3": {below("V8.3")}, "All versions  >= V5.1.1": {since("V5.1.1")}, "All versions V14 < V14 SP3": {fromBelow("V14", "V14 SP3")},
		"All firmware versions < V5.2":                               {below("V5.2")},
		"All versions between V2.5 (including) and V2.7 (excluding)": {fromBelow("V2.5", "V2.7")},
		"vers:all/<V5.5.2":                                           {below("V5.5.2")}, "vers:all/>=V5.4<V5.5 SP1": {fromBelow("V5.4", "V5.5 SP1")},
		"vers:npm/>=1.0.0|<2.0.0": {typed("npm", fromBelow("1.0.0", "2.0.0"))}, "vers:pypi/<1|2.0|>=3|<=4": {typed("pypi", below("1")), typed("pypi", at("2.0")), typed("pypi", fromTo("3", "4"))},
		"vers:deb/>=1%3A2.0": {typed("deb", since("1:2.0"))}, "vers:generic/>3": {typed("generic", after("3"))},

		"1.0 and prior": {upTo("1.0")}, "4.3.1.3 and earlier": {upTo("4.3.1.3")}, "5.9.2.14-12o and older versions": {upTo("5.9.2.14-12o")},
		"12.8.3 Hotfix 1 and previous versions": {upTo("12.8.3 Hotfix 1")}, "2.3.6 and  below.": {upTo("2.3.6")}, "1.4, and all prior versions": {upTo("1.4")},
		"2.0 or later": {since("2.0")}, "2.0 and newer": {since("2.0")}, "2.0+": {since("2.0")}, "version 3 onwards": {since("3")},
		"prior to 2.0": {below("2.0")}, "versions before v2.0": {below("v2.0")}, "Prior to 11.1.x": {below("11.1")}, "earlier than 3.1 SP2": {below("3.1 SP2")},
		"up to 3.1": {upTo("3.1")}, "up to (and including) 3.1": {upTo("3.1")}, "up to, and including, 3.1": {upTo("3.1")}, "up to 3.1 (exclusive)": {below("3.1")},
		"prior to and including 3.1": {upTo("3.1")},
		"from 1.2 to 1.5":            {fromTo("1.2", "1.5")}, "1.2 through 1.5": {fromTo("1.2", "1.5")}, "V1 to V3": {fromTo("V1", "V3")}, "28  - 32": {fromTo("28", "32")},
		"1.2–1.5": {fromTo("1.2", "1.5")}, "12.2.3-12.2.11": {fromTo("12.2.3", "12.2.11")}, "from 1.2 (including) up to 1.5 (excluding)": {fromBelow("1.2", "1.5")},
		"since 1.2": {since("1.2")}, "from 1.2 onwards": {since("1.2")}, "starting with version 1.2": {since("1.2")}, "from 1.2 before 1.5": {fromBelow("1.2", "1.5")},
		"3.x prior to 3.11": {fromBelow("3", "3.11")},
		"6.2 all versions":  {fromTo("6.2", "6.2.*")},
		"1.x":               {fromTo("1", "1.*")}, "9.0.x": {fromTo("9.0", "9.0.*")}, "9.0.x and earlier": {upTo("9.0.*")}, "V3.*": {fromTo("V3", "V3.*")},
		"6.0.0 to 6.0.4, 5.6.0 to 5.6.8, 5.2.14 and earlier": {fromTo("6.0.0", "6.0.4"), fromTo("5.6.0", "5.6.8"), upTo("5.2.14")},
		"Fixed in OpenSSL 1.1.1j (Affected 1.1.1-1.1.1i)":    {fromTo("1.1.1", "1.1.1i")}, "Fixed in OpenSSL 3.0.1 (Affected 3.0.0)": {at("3.0.0")},
		"Fixed in OpenSSL 1.0.2y (Affected 1.0.2-1.0.2x)": {fromTo("1.0.2", "1.0.2x")}, "2022 SU5": {at("2022 SU5")},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			spans, unread := feeds.ReadVersions(text)
			require.Empty(t, unread)
			for i := range spans {
				require.NotEmpty(t, spans[i].Text)
				again, _ := feeds.ReadVersions(spans[i].Text)
				require.Equal(t, []feeds.Span{spans[i]}, again, "its own words say the same")
				spans[i].Text = ""
			}
			require.Equal(t, want, spans)
		})
	}
}

func TestWordsThatMayBeAConditionLeaveTheWholeUnread(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		">= V5.2.0 < V5.3 only when running on ROX II V2.14.0", "All versions when using the device firmware upgrade mechanism",
		"All versions < CPCI85 V05.11 (only with activated debug support)", `<=The_first_5_digits_of_serial_No._"26061"`,
		"< july 1 2017", "<May 2018", "<8/30/2024", "<Hotfix-145271", "All versions with U-Boot < V2016.05RS09", "BIOS < V23.01.03", "All BIOS versions < V1.4.0",
		"9.x (with Wireless Battery Modules >= 22D19 | <= v22D28)", "1.0, 1.1 on Windows", "< 14.4u1 (14.x series)", "<= 2.01 (end-of-life Nov 2017)",
		"6.02 (excluding Version 5.83 and all subsequent minor releases)", "R2 SP1 w/ HF 2020.2.00.40", ">=3.05F_Packaged_with_MC_Works64_4.03D",
		// Bounds of branches that are not named, and what may be one.
		"<= 4.2.21 | <= 5.0.27 | <= 6.0.16", "<= U61 |<= L81", ">= 1.0, >= 2.0", "< 1 | >= 3", "prior to 1.2.3, 1.3.4", "7.0, 6.5 before 6.7 U3p", "since 1.2, 1.4", "4.x and 3.x prior to 3.11", "before 2.0, 2.x", "1.0 and later, 0.5 and earlier",
		"1.0, 64bit", "1.0, x64", "win10", "2nd", "<26-Jun-2017", "< May2018", "< 2018-09-12", "between 1.0 and 2.0",
		// No order is known for these.
		"<=N", "< V3.X.17", "A.01 <= C.0x", "<v36.011_v35.013_v34.014", "> 5.x", "Rev B-M", "3.33βi",
		"2014-2016", "2.0-3.0.1", "2.36-9.1",
		"n/a", "-", "unspecified", "various", "See references", "Snapdragon 865 5G Mobile Platform", "10 for 32-bit Systems", "version", "<", "and", "1.0 <", "1.0 (including)",
		"< 2.0 (including)", "> 2.0 (including)", "!= 1.2", "~> 1.2", "^1.2", "all 1.2", "All versions, 1.2", "1.2 and prior and later",
		"vers:npm/!=1.2", "vers:npm/", "vers:npm/>=1|>=2", "vers:npm/>=1|2", "vers:npm/2|<1", "vers:npm/%zz", "vers:all/<1|<2", "vers:x",
		"Fixed in OpenSSL 3.0.5 (Affected since 2020)", strings.Repeat("1.0, ", 2000), "1.0 \xff",
	} {
		spans, unread := feeds.ReadVersions(text)
		require.Empty(t, spans, "%q", text)
		require.Equal(t, []string{strings.TrimSpace(text)}, unread)
	}
	spans, unread := feeds.ReadVersions(" \t\n")
	require.Empty(t, spans)
	require.Empty(t, unread)
}

func TestNameOfTheProductMayStandBeforeItsVersions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]feeds.Span{
		"FortiOS 6.4.0 and below.": {upTo("6.4.0")}, "fortinet fortios: 6.2, 6.4": {at("6.2"), at("6.4")}, "FortiOS/>=12.2.1|<=12.2.2": {fromTo("12.2.1", "12.2.2")}, "FortiOS<1": {below("1")}, "6.4": {at("6.4")},
	} {
		spans, unread := feeds.ReadVersionsOf(text, "", "FortiOS", "Fortinet FortiOS")
		require.Empty(t, unread, text)
		for i := range spans {
			spans[i].Text = ""
		}
		require.Equal(t, want, spans, text)
	}
	for _, text := range []string{"FortiOS", "FortiOS2 6.4", "FortiOS 6.4 on VM", "FortiProxy 1.0"} {
		spans, unread := feeds.ReadVersionsOf(text, "FortiOS")
		require.Empty(t, spans, text)
		require.Equal(t, []string{text}, unread)
	}
}

func ExampleReadVersionsOf() {
	spans, _ := feeds.ReadVersionsOf("FortiOS 6.0.0 to 6.0.4", "FortiOS")
	fmt.Println(spans[0].From, spans[0].UpTo)
	// Output: 6.0.0 6.0.4
}

// TestVersionTextsOfTheBundle reads every version text of the CSAF documents of one
// publisher. Most are understood, and those that are not are shown by -v.
func TestVersionTextsOfTheBundle(t *testing.T) {
	t.Parallel()
	texts := map[string]bool{}
	for _, folder := range []string{"cisa-icsma", "cisa-icsa"} {
		names, err := filepath.Glob(filepath.Join(testdata.Path(t, "csaf", folder), "*.json"))
		require.NoError(t, err)
		for _, name := range names {
			body, err := os.ReadFile(name)
			require.NoError(t, err)
			var doc struct {
				Tree struct {
					Branches []branch `json:"branches"`
				} `json:"product_tree"`
			}
			if json.Unmarshal(body, &doc) == nil {
				versionTexts(doc.Tree.Branches, texts)
			}
		}
	}
	understood, unread := 0, []string(nil)
	for text := range texts {
		spans, words := feeds.ReadVersions(text)
		require.True(t, (len(spans) > 0) != (len(words) > 0), "%q is read or unread", text)
		if len(spans) > 0 {
			understood++
		}
		unread = append(unread, words...)
	}
	slices.Sort(unread)
	t.Logf("%d texts, %d understood, %d unread:", len(texts), understood, len(unread))
	for _, text := range unread {
		t.Logf("  %q", text)
	}
	require.Greater(t, understood, 3*len(unread))
}

type branch struct {
	Category string   `json:"category"`
	Name     string   `json:"name"`
	Branches []branch `json:"branches"`
}

func versionTexts(in []branch, out map[string]bool) {
	for _, b := range in {
		if strings.HasPrefix(b.Category, "product_version") {
			out[b.Name] = true
		}
		versionTexts(b.Branches, out)
	}
}

func FuzzReadVersions(f *testing.F) {
	for _, text := range []string{">= 2.5 | <= 3.11", "V8.3.0.1, V8.6.0 and V8.7.0", "vers:npm/<1|>=2.0|<3", "All versions between 1 (incl.) and 2 (excl.)", "1.x; 2.0–3.0", "Fixed in A 2 (Affected 1-2)", "up to , and including , 1", "vers:A/:A/ |_", "vers:A/0| 0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		spans, unread := feeds.ReadVersions(text)
		if strings.TrimSpace(text) == "" {
			if len(spans)+len(unread) > 0 {
				t.Fatalf("%q says nothing", text)
			}
			return
		}
		if (len(spans) > 0) == (len(unread) > 0) {
			t.Fatalf("%q: %v and %q", text, spans, unread)
		}
		for _, s := range spans {
			if s.Text == "" || s.From+s.After+s.Below+s.UpTo == "" || s.From != "" && s.After != "" || s.Below != "" && s.UpTo != "" || s.Status != "" {
				t.Fatalf("%q: %+v", text, s)
			}
			if again, _ := feeds.ReadVersions(s.Text); len(again) != 1 || fmt.Sprint(again[0]) != fmt.Sprint(s) || again[0].Open != s.Open {
				t.Fatalf("%q: %+v reads again as %+v", text, s, again)
			}
		}
	})
}

func ExampleReadVersions() {
	for _, text := range []string{"V8.3.0.1, V8.6.0 and V8.7.0", ">= 2.5 | <= 3.11", "All versions when using the device firmware upgrade mechanism"} {
		spans, unread := feeds.ReadVersions(text)
		for _, s := range spans {
			s.Text = "" // which String would show
			fmt.Println(s)
		}
		for _, words := range unread {
			fmt.Println("for a person:", words)
		}
	}
	// Output:
	// unknown V8.3.0.1
	// unknown V8.6.0
	// unknown V8.7.0
	// unknown >= 2.5 <= 3.11
	// for a person: All versions when using the device firmware upgrade mechanism
}
