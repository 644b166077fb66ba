package csaf_test

import (
	"time"

	"github.com/open-postmarket/postmarket/csaf"
)

// full is a valid security advisory about nothing that has every member of the
// standard. Each call makes a new one.
func full() *csaf.Document {
	score := func(f float64) *float64 { return &f }
	day := func(d int) csaf.Date { return csaf.At(time.Date(2024, 3, d, 9, 30, 0, 0, time.UTC)) }
	credit := func() []csaf.Acknowledgment {
		return []csaf.Acknowledgment{{
			Names: []string{"A. Finder", "B. Finder"}, Organization: "Example Labs",
			Summary: "reported it", URLs: []string{"https://labs.example/a?b=c#d"},
		}}
	}
	notes := func() []csaf.Note {
		return []csaf.Note{{Audience: "hospitals", Category: csaf.NoteSummary, Text: "what it is", Title: "Summary"}}
	}
	refs := func() []csaf.Reference {
		return []csaf.Reference{{Category: csaf.ReferenceExternal, Summary: "more", URL: "https://vendor.example/more"}}
	}
	helper := func(n string) *csaf.Helper {
		return &csaf.Helper{
			CPE: "cpe:2.3:o:example:pump_firmware:" + n + ":*:*:*:*:*:*:*",
			Hashes: []csaf.FileHashes{{
				FileHashes: []csaf.FileHash{
					{Algorithm: "sha256", Value: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
					{Algorithm: "md5", Value: "d41d8cd98f00b204e9800998ecf8427e"},
				},
				Filename: "pump-" + n + ".bin",
			}},
			ModelNumbers: []string{"P-" + n, "P-*"}, PURL: "pkg:generic/example/pump@" + n,
			SBOMURLs:      []string{"https://vendor.example/sbom/" + n},
			SerialNumbers: []string{"S1", "S2"}, SKUs: []string{"K1", "K2"},
			GenericURIs: []csaf.GenericURI{{Namespace: "https://udi.example", URI: "urn:udi:09506000134352"}},
		}
	}
	product := func(id string) *csaf.Product {
		return &csaf.Product{Name: "Example Pump " + id, ID: id, Helper: helper(id)}
	}
	version := func(id string) csaf.Branch {
		return csaf.Branch{Category: csaf.BranchProductVersion, Name: id, Product: product(id)}
	}
	return &csaf.Document{
		Document: csaf.Meta{
			Acknowledgments:   credit(),
			AggregateSeverity: &csaf.AggregateSeverity{Namespace: "https://vendor.example/scale", Text: "urgent"},
			Category:          csaf.ProfileSecurityAdvisory,
			CSAFVersion:       csaf.Version,
			Distribution:      &csaf.Distribution{Text: "free", TLP: &csaf.TLP{Label: csaf.TLPWhite, URL: "https://www.first.org/tlp/"}},
			Lang:              "en-US",
			Notes:             notes(),
			Publisher: csaf.Publisher{
				Category: csaf.PublisherVendor, ContactDetails: "psirt@vendor.example", IssuingAuthority: "the maker",
				Name: "Example Devices", Namespace: "https://vendor.example",
			},
			References: append(refs(), csaf.Reference{Category: csaf.ReferenceSelf, Summary: "this", URL: "https://vendor.example/csaf/ex-2024-1.json"}),
			SourceLang: "de",
			Title:      "Example <Pump> & its telemetry",
			Tracking: csaf.Tracking{
				Aliases:            []string{"A-1", "A-2"},
				CurrentReleaseDate: day(2),
				Generator:          &csaf.Generator{Date: day(2), Engine: csaf.Engine{Name: "postmarket", Version: "0"}},
				ID:                 "EX-2024-1",
				InitialReleaseDate: day(1),
				RevisionHistory: []csaf.Revision{
					{Date: day(1), LegacyVersion: "A", Number: "1", Summary: "first"},
					{Date: day(2), LegacyVersion: "B", Number: "2", Summary: "second"},
				},
				Status: csaf.StatusFinal, Version: "2",
			},
		},
		ProductTree: &csaf.ProductTree{
			Branches: []csaf.Branch{{
				Category: csaf.BranchVendor, Name: "Example Devices",
				Branches: []csaf.Branch{{
					Category: csaf.BranchProductName, Name: "Pump",
					Branches: []csaf.Branch{version("1.0"), version("1.1"), version("1.2"), version("2.0")},
				}},
			}},
			FullProductNames: []csaf.Product{*product("library"), *product("board"), *product("old")},
			ProductGroups:    []csaf.ProductGroup{{GroupID: "ones", ProductIDs: []string{"1.0", "1.1", "1.2"}, Summary: "the 1 line"}},
			Relationships: []csaf.Relationship{{
				Category: csaf.RelationshipDefaultComponentOf, FullProductName: *product("library-in-2.0"),
				ProductReference: "library", RelatesToProductReference: "2.0",
			}},
		},
		Vulnerabilities: []csaf.Vulnerability{{
			Acknowledgments: credit(),
			CVE:             "CVE-2022-34293",
			CWE:             &csaf.CWE{ID: "CWE-400", Name: "Uncontrolled Resource Consumption"},
			DiscoveryDate:   day(1),
			Flags: []csaf.Flag{
				{Date: day(1), Label: csaf.FlagVulnerableCodeNotPresent, ProductIDs: []string{"2.0", "library-in-2.0"}},
				{Date: day(1), Label: csaf.FlagComponentNotPresent, GroupIDs: []string{"ones"}},
			},
			IDs: []csaf.ID{{SystemName: "tracker", Text: "T-1"}, {SystemName: "tracker", Text: "T-2"}},
			Involvements: []csaf.Involvement{
				{Date: day(1), Party: csaf.PartyVendor, Status: csaf.InvolvementInProgress, Summary: "at work"},
				{Date: day(2), Party: csaf.PartyVendor, Status: csaf.InvolvementCompleted, Summary: "done"},
			},
			Notes: notes(),
			ProductStatus: &csaf.ProductStatus{
				FirstAffected: []string{"1.0", "1.1"}, FirstFixed: []string{"2.0", "library"}, Fixed: []string{"2.0", "library"},
				KnownAffected: []string{"1.0", "1.1"}, KnownNotAffected: []string{"board", "library-in-2.0"},
				LastAffected: []string{"1.1", "1.0"}, Recommended: []string{"2.0", "board"}, UnderInvestigation: []string{"old", "1.2"},
			},
			References:  refs(),
			ReleaseDate: day(2),
			Remediations: []csaf.Remediation{{
				Category: csaf.RemediationVendorFix, Date: day(2), Details: "update", Entitlements: []string{"service contract"},
				GroupIDs: []string{"ones"}, ProductIDs: []string{"1.0", "1.1", "old"},
				RestartRequired: &csaf.RestartRequired{Category: csaf.RestartMachine, Details: "switch off and on"},
				URL:             "https://vendor.example/update",
			}},
			Scores: []csaf.Score{{
				CVSSv2: &csaf.CVSSv2{
					Version: "2.0", VectorString: "AV:N/AC:L/Au:N/C:N/I:N/A:P/E:ND/RL:ND/RC:ND/CDP:ND/TD:ND/CR:ND/IR:ND/AR:ND",
					AccessVector: "NETWORK", AccessComplexity: "LOW", Authentication: "NONE",
					ConfidentialityImpact: "NONE", IntegrityImpact: "NONE", AvailabilityImpact: "PARTIAL", BaseScore: 5,
					Exploitability: "NOT_DEFINED", RemediationLevel: "NOT_DEFINED", ReportConfidence: "NOT_DEFINED", TemporalScore: score(5),
					CollateralDamagePotential: "NOT_DEFINED", TargetDistribution: "NOT_DEFINED", ConfidentialityRequirement: "NOT_DEFINED",
					IntegrityRequirement: "NOT_DEFINED", AvailabilityRequirement: "NOT_DEFINED", EnvironmentalScore: score(5),
				},
				CVSSv3: &csaf.CVSSv3{
					Version:      "3.1",
					VectorString: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/E:U/RL:O/RC:C/CR:L/IR:L/AR:L/MAV:N/MAC:L/MPR:N/MUI:N/MS:U/MC:N/MI:N/MA:L",
					AttackVector: "NETWORK", AttackComplexity: "LOW", PrivilegesRequired: "NONE", UserInteraction: "NONE", Scope: "UNCHANGED",
					ConfidentialityImpact: "NONE", IntegrityImpact: "NONE", AvailabilityImpact: "HIGH", BaseScore: 7.5, BaseSeverity: "HIGH",
					ExploitCodeMaturity: "UNPROVEN", RemediationLevel: "OFFICIAL_FIX", ReportConfidence: "CONFIRMED",
					TemporalScore: score(6.5), TemporalSeverity: "MEDIUM",
					ConfidentialityRequirement: "LOW", IntegrityRequirement: "LOW", AvailabilityRequirement: "LOW",
					ModifiedAttackVector: "NETWORK", ModifiedAttackComplexity: "LOW", ModifiedPrivilegesRequired: "NONE",
					ModifiedUserInteraction: "NONE", ModifiedScope: "UNCHANGED", ModifiedConfidentialityImpact: "NONE",
					ModifiedIntegrityImpact: "NONE", ModifiedAvailabilityImpact: "LOW",
					EnvironmentalScore: score(4), EnvironmentalSeverity: "MEDIUM",
				},
				Products: []string{"1.0", "1.1"},
			}},
			Threats: []csaf.Threat{{
				Category: csaf.ThreatImpact, Date: day(1), Details: "telemetry stops", GroupIDs: []string{"ones"}, ProductIDs: []string{"board", "1.0"},
			}},
			Title: "DTLS telemetry",
		}},
	}
}
