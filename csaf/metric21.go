package csaf

// A Metric is what CSAF 2.1 has in place of Score: any rating of some products,
// and who made it.
type Metric struct {
	Content  MetricContent `json:"content,omitzero"`
	Products []string      `json:"products,omitempty"`
	Source   string        `json:"source,omitempty"` // URL; empty means the publisher of the document
	Extra    Extra         `json:"-"`
}

// MetricContent is the ratings of one Metric, at least one.
type MetricContent struct {
	CVSSv2                    *CVSSv2 `json:"cvss_v2,omitempty"`
	CVSSv3                    *CVSSv3 `json:"cvss_v3,omitempty"`
	CVSSv4                    *CVSSv4 `json:"cvss_v4,omitempty"`
	EPSS                      *EPSS   `json:"epss,omitempty"`
	QualitativeSeverityRating string  `json:"qualitative_severity_rating,omitempty"` // none, low, medium, high, critical
	SSVCv2                    *SSVCv2 `json:"ssvc_v2,omitempty"`
	Extra                     Extra   `json:"-"`
}

// EPSS is how likely exploitation is, by FIRST's model; the two numbers are
// decimal text.
type EPSS struct {
	Percentile  string `json:"percentile,omitempty"`
	Probability string `json:"probability,omitempty"`
	Timestamp   Date   `json:"timestamp,omitempty"`
	Extra       Extra  `json:"-"`
}

// SSVCv2 is CERT/CC's JSON form of a decision by SSVC.
type SSVCv2 struct {
	DecisionPointResources []SSVCResource  `json:"decision_point_resources,omitempty"`
	References             []SSVCResource  `json:"references,omitempty"`
	SchemaVersion          string          `json:"schemaVersion,omitempty"` // 2.0.0
	Selections             []SSVCSelection `json:"selections,omitempty"`
	TargetIDs              []string        `json:"target_ids,omitempty"`
	Timestamp              Date            `json:"timestamp,omitempty"`
	Extra                  Extra           `json:"-"`
}

// An SSVCResource says where a decision point is told of.
type SSVCResource struct {
	Summary string `json:"summary,omitempty"`
	URI     string `json:"uri,omitempty"`
	Extra   Extra  `json:"-"`
}

// An SSVCSelection is what was chosen at one decision point.
type SSVCSelection struct {
	Definition string      `json:"definition,omitempty"`
	Key        string      `json:"key,omitempty"`
	Name       string      `json:"name,omitempty"`
	Namespace  string      `json:"namespace,omitempty"`
	Values     []SSVCValue `json:"values,omitempty"`
	Version    string      `json:"version,omitempty"`
	Extra      Extra       `json:"-"`
}

// An SSVCValue is one value that was chosen.
type SSVCValue struct {
	Definition string `json:"definition,omitempty"`
	Key        string `json:"key,omitempty"`
	Name       string `json:"name,omitempty"`
	Extra      Extra  `json:"-"`
}

// CVSSv4 is FIRST's JSON form of CVSS 4.0.
type CVSSv4 struct {
	AttackComplexity                  string   `json:"attackComplexity,omitempty"`
	AttackRequirements                string   `json:"attackRequirements,omitempty"`
	AttackVector                      string   `json:"attackVector,omitempty"`
	Automatable                       string   `json:"Automatable,omitempty"`
	AvailabilityRequirement           string   `json:"availabilityRequirement,omitempty"`
	BaseScore                         float64  `json:"baseScore"` // always written
	BaseSeverity                      string   `json:"baseSeverity,omitempty"`
	ConfidentialityRequirement        string   `json:"confidentialityRequirement,omitempty"`
	EnvironmentalScore                *float64 `json:"environmentalScore,omitempty"`
	EnvironmentalSeverity             string   `json:"environmentalSeverity,omitempty"`
	ExploitMaturity                   string   `json:"exploitMaturity,omitempty"`
	IntegrityRequirement              string   `json:"integrityRequirement,omitempty"`
	ModifiedAttackComplexity          string   `json:"modifiedAttackComplexity,omitempty"`
	ModifiedAttackRequirements        string   `json:"modifiedAttackRequirements,omitempty"`
	ModifiedAttackVector              string   `json:"modifiedAttackVector,omitempty"`
	ModifiedPrivilegesRequired        string   `json:"modifiedPrivilegesRequired,omitempty"`
	ModifiedSubAvailabilityImpact     string   `json:"modifiedSubAvailabilityImpact,omitempty"`
	ModifiedSubConfidentialityImpact  string   `json:"modifiedSubConfidentialityImpact,omitempty"`
	ModifiedSubIntegrityImpact        string   `json:"modifiedSubIntegrityImpact,omitempty"`
	ModifiedUserInteraction           string   `json:"modifiedUserInteraction,omitempty"`
	ModifiedVulnAvailabilityImpact    string   `json:"modifiedVulnAvailabilityImpact,omitempty"`
	ModifiedVulnConfidentialityImpact string   `json:"modifiedVulnConfidentialityImpact,omitempty"`
	ModifiedVulnIntegrityImpact       string   `json:"modifiedVulnIntegrityImpact,omitempty"`
	PrivilegesRequired                string   `json:"privilegesRequired,omitempty"`
	ProviderUrgency                   string   `json:"providerUrgency,omitempty"`
	Recovery                          string   `json:"Recovery,omitempty"`
	Safety                            string   `json:"Safety,omitempty"`
	SubAvailabilityImpact             string   `json:"subAvailabilityImpact,omitempty"`
	SubConfidentialityImpact          string   `json:"subConfidentialityImpact,omitempty"`
	SubIntegrityImpact                string   `json:"subIntegrityImpact,omitempty"`
	ThreatScore                       *float64 `json:"threatScore,omitempty"`
	ThreatSeverity                    string   `json:"threatSeverity,omitempty"`
	UserInteraction                   string   `json:"userInteraction,omitempty"`
	ValueDensity                      string   `json:"valueDensity,omitempty"`
	VectorString                      string   `json:"vectorString,omitempty"`
	Version                           string   `json:"version,omitempty"`
	VulnAvailabilityImpact            string   `json:"vulnAvailabilityImpact,omitempty"`
	VulnConfidentialityImpact         string   `json:"vulnConfidentialityImpact,omitempty"`
	VulnerabilityResponseEffort       string   `json:"vulnerabilityResponseEffort,omitempty"`
	VulnIntegrityImpact               string   `json:"vulnIntegrityImpact,omitempty"`
	Extra                             Extra    `json:"-"`
}
