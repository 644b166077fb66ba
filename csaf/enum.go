package csaf

import "slices"

// The enumerations of CSAF 2.0. They are text as it stands in the document;
// the empty string means "not said" and is never Valid.

// Status is how finished a document is.
type Status string

// Values of Status.
const (
	StatusDraft   Status = "draft"
	StatusFinal   Status = "final"
	StatusInterim Status = "interim"
)

// Valid reports whether the standard knows the value.
func (v Status) Valid() bool { return slices.Contains(statuses, string(v)) }

// PublisherCategory is the part a publisher plays.
type PublisherCategory string

// Values of PublisherCategory.
const (
	PublisherCoordinator PublisherCategory = "coordinator"
	PublisherDiscoverer  PublisherCategory = "discoverer"
	PublisherOther       PublisherCategory = "other"
	PublisherTranslator  PublisherCategory = "translator"
	PublisherUser        PublisherCategory = "user"
	PublisherVendor      PublisherCategory = "vendor"
)

// PublisherMultiplier is a value of PublisherCategory that only CSAF 2.1 knows. It is
// not Valid.
const PublisherMultiplier PublisherCategory = "multiplier"

// Valid reports whether CSAF 2.0 knows the value.
func (v PublisherCategory) Valid() bool { return slices.Contains(publisherCategories, string(v)) }

// NoteCategory is what a note is for.
type NoteCategory string

// Values of NoteCategory.
const (
	NoteDescription     NoteCategory = "description"
	NoteDetails         NoteCategory = "details"
	NoteFAQ             NoteCategory = "faq"
	NoteGeneral         NoteCategory = "general"
	NoteLegalDisclaimer NoteCategory = "legal_disclaimer"
	NoteOther           NoteCategory = "other"
	NoteSummary         NoteCategory = "summary"
)

// Valid reports whether the standard knows the value.
func (v NoteCategory) Valid() bool { return slices.Contains(noteCategories, string(v)) }

// ReferenceCategory tells this document's own address from others.
type ReferenceCategory string

// Values of ReferenceCategory.
const (
	ReferenceExternal ReferenceCategory = "external"
	ReferenceSelf     ReferenceCategory = "self"
)

// Valid reports whether the standard knows the value.
func (v ReferenceCategory) Valid() bool { return slices.Contains(referenceCategories, string(v)) }

// TLPLabel is a label of TLP 1.0 as CSAF 2.0 spells it, or of TLP 2.0 as CSAF 2.1
// does.
type TLPLabel string

// Values of TLPLabel.
const (
	TLPAmber TLPLabel = "AMBER"
	TLPGreen TLPLabel = "GREEN"
	TLPRed   TLPLabel = "RED"
	TLPWhite TLPLabel = "WHITE"
)

// Values of TLPLabel that only CSAF 2.1 knows, which has no WHITE. They are not
// Valid.
const (
	TLPAmberStrict TLPLabel = "AMBER+STRICT"
	TLPClear       TLPLabel = "CLEAR"
)

// Valid reports whether CSAF 2.0 knows the value.
func (v TLPLabel) Valid() bool { return slices.Contains(tlpLabels, string(v)) }

// BranchCategory is what a branch's name is the name of.
type BranchCategory string

// Values of BranchCategory.
const (
	BranchArchitecture        BranchCategory = "architecture"
	BranchHostName            BranchCategory = "host_name"
	BranchLanguage            BranchCategory = "language"
	BranchLegacy              BranchCategory = "legacy"
	BranchPatchLevel          BranchCategory = "patch_level"
	BranchProductFamily       BranchCategory = "product_family"
	BranchProductName         BranchCategory = "product_name"
	BranchProductVersion      BranchCategory = "product_version"
	BranchProductVersionRange BranchCategory = "product_version_range"
	BranchServicePack         BranchCategory = "service_pack"
	BranchSpecification       BranchCategory = "specification"
	BranchVendor              BranchCategory = "vendor"
)

// BranchPlatform is a value of BranchCategory that only CSAF 2.1 knows, which has no
// BranchLegacy. It is not Valid.
const BranchPlatform BranchCategory = "platform"

// Valid reports whether CSAF 2.0 knows the value.
func (v BranchCategory) Valid() bool { return slices.Contains(branchCategories, string(v)) }

// RelationshipCategory is how two products belong together.
type RelationshipCategory string

// Values of RelationshipCategory.
const (
	RelationshipDefaultComponentOf  RelationshipCategory = "default_component_of"
	RelationshipExternalComponentOf RelationshipCategory = "external_component_of"
	RelationshipInstalledOn         RelationshipCategory = "installed_on"
	RelationshipInstalledWith       RelationshipCategory = "installed_with"
	RelationshipOptionalComponentOf RelationshipCategory = "optional_component_of"
)

// Valid reports whether the standard knows the value.
func (v RelationshipCategory) Valid() bool { return slices.Contains(relationshipCategories, string(v)) }

// FlagLabel is a reason for not being affected: the five justifications of VEX.
type FlagLabel string

// Values of FlagLabel.
const (
	FlagComponentNotPresent                         FlagLabel = "component_not_present"
	FlagInlineMitigationsAlreadyExist               FlagLabel = "inline_mitigations_already_exist"
	FlagVulnerableCodeCannotBeControlledByAdversary FlagLabel = "vulnerable_code_cannot_be_controlled_by_adversary"
	FlagVulnerableCodeNotInExecutePath              FlagLabel = "vulnerable_code_not_in_execute_path"
	FlagVulnerableCodeNotPresent                    FlagLabel = "vulnerable_code_not_present"
)

// Valid reports whether the standard knows the value.
func (v FlagLabel) Valid() bool { return slices.Contains(flagLabels, string(v)) }

// Party is who was involved.
type Party string

// Values of Party.
const (
	PartyCoordinator Party = "coordinator"
	PartyDiscoverer  Party = "discoverer"
	PartyOther       Party = "other"
	PartyUser        Party = "user"
	PartyVendor      Party = "vendor"
)

// Valid reports whether the standard knows the value.
func (v Party) Valid() bool { return slices.Contains(parties, string(v)) }

// InvolvementStatus is how far a party came.
type InvolvementStatus string

// Values of InvolvementStatus.
const (
	InvolvementCompleted        InvolvementStatus = "completed"
	InvolvementContactAttempted InvolvementStatus = "contact_attempted"
	InvolvementDisputed         InvolvementStatus = "disputed"
	InvolvementInProgress       InvolvementStatus = "in_progress"
	InvolvementNotContacted     InvolvementStatus = "not_contacted"
	InvolvementOpen             InvolvementStatus = "open"
)

// Valid reports whether the standard knows the value.
func (v InvolvementStatus) Valid() bool { return slices.Contains(involvementStatuses, string(v)) }

// RemediationCategory is what kind of help a remediation is.
type RemediationCategory string

// Values of RemediationCategory.
const (
	RemediationMitigation    RemediationCategory = "mitigation"
	RemediationNoFixPlanned  RemediationCategory = "no_fix_planned"
	RemediationNoneAvailable RemediationCategory = "none_available"
	RemediationVendorFix     RemediationCategory = "vendor_fix"
	RemediationWorkaround    RemediationCategory = "workaround"
)

// Values of RemediationCategory that only CSAF 2.1 knows. They are not Valid.
const (
	RemediationFixPlanned    RemediationCategory = "fix_planned"
	RemediationOptionalPatch RemediationCategory = "optional_patch"
)

// Valid reports whether CSAF 2.0 knows the value.
func (v RemediationCategory) Valid() bool { return slices.Contains(remediationCategories, string(v)) }

// RestartCategory is what must be restarted.
type RestartCategory string

// Values of RestartCategory.
const (
	RestartConnected           RestartCategory = "connected"
	RestartDependencies        RestartCategory = "dependencies"
	RestartMachine             RestartCategory = "machine"
	RestartNone                RestartCategory = "none"
	RestartParent              RestartCategory = "parent"
	RestartService             RestartCategory = "service"
	RestartSystem              RestartCategory = "system"
	RestartVulnerableComponent RestartCategory = "vulnerable_component"
	RestartZone                RestartCategory = "zone"
)

// Valid reports whether the standard knows the value.
func (v RestartCategory) Valid() bool { return slices.Contains(restartCategories, string(v)) }

// ThreatCategory is what a threat's details speak of.
type ThreatCategory string

// Values of ThreatCategory.
const (
	ThreatExploitStatus ThreatCategory = "exploit_status"
	ThreatImpact        ThreatCategory = "impact"
	ThreatTargetSet     ThreatCategory = "target_set"
)

// Valid reports whether the standard knows the value.
func (v ThreatCategory) Valid() bool { return slices.Contains(threatCategories, string(v)) }

// The same values as lists, for the rule table.
var (
	statuses               = list(StatusDraft, StatusFinal, StatusInterim)
	publisherCategories    = list(PublisherCoordinator, PublisherDiscoverer, PublisherOther, PublisherTranslator, PublisherUser, PublisherVendor)
	noteCategories         = list(NoteDescription, NoteDetails, NoteFAQ, NoteGeneral, NoteLegalDisclaimer, NoteOther, NoteSummary)
	referenceCategories    = list(ReferenceExternal, ReferenceSelf)
	tlpLabels              = list(TLPAmber, TLPGreen, TLPRed, TLPWhite)
	branchCategories       = list(BranchArchitecture, BranchHostName, BranchLanguage, BranchLegacy, BranchPatchLevel, BranchProductFamily, BranchProductName, BranchProductVersion, BranchProductVersionRange, BranchServicePack, BranchSpecification, BranchVendor)
	relationshipCategories = list(RelationshipDefaultComponentOf, RelationshipExternalComponentOf, RelationshipInstalledOn, RelationshipInstalledWith, RelationshipOptionalComponentOf)
	flagLabels             = list(FlagComponentNotPresent, FlagInlineMitigationsAlreadyExist, FlagVulnerableCodeCannotBeControlledByAdversary, FlagVulnerableCodeNotInExecutePath, FlagVulnerableCodeNotPresent)
	parties                = list(PartyCoordinator, PartyDiscoverer, PartyOther, PartyUser, PartyVendor)
	involvementStatuses    = list(InvolvementCompleted, InvolvementContactAttempted, InvolvementDisputed, InvolvementInProgress, InvolvementNotContacted, InvolvementOpen)
	remediationCategories  = list(RemediationMitigation, RemediationNoFixPlanned, RemediationNoneAvailable, RemediationVendorFix, RemediationWorkaround)
	restartCategories      = list(RestartConnected, RestartDependencies, RestartMachine, RestartNone, RestartParent, RestartService, RestartSystem, RestartVulnerableComponent, RestartZone)
	threatCategories       = list(ThreatExploitStatus, ThreatImpact, ThreatTargetSet)
)

// Those of CSAF 2.1 that differ.
var (
	publisherCategories21   = append(list(PublisherMultiplier), publisherCategories...)
	tlpLabels21             = list(TLPAmber, TLPAmberStrict, TLPClear, TLPGreen, TLPRed)
	branchCategories21      = list(BranchArchitecture, BranchHostName, BranchLanguage, BranchPatchLevel, BranchPlatform, BranchProductFamily, BranchProductName, BranchProductVersion, BranchProductVersionRange, BranchServicePack, BranchSpecification, BranchVendor)
	remediationCategories21 = append(list(RemediationFixPlanned, RemediationOptionalPatch), remediationCategories...)
)

func list[T ~string](vs ...T) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = string(v)
	}
	return out
}
