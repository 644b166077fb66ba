package csaf

// A rule is what the schema asks of one member.
type rule struct {
	need   bool                // must be there
	form   func(string) string // "" when a text is fine, else what it is not
	enum   []string            // the texts allowed, when there are few
	least  int                 // elements a list must have; 0 counts as 1
	unique bool                // no two elements alike
}

var must = rule{need: true}

// rules is the CSAF 2.0 JSON schema in its strict form, and FIRST's CVSS
// schemas: one row for each member of the model. That no string, list or object
// may be empty holds everywhere and has no row.
var rules = map[string]rule{
	"Document.document":        must,
	"Document.product_tree":    {},
	"Document.vulnerabilities": {},

	"Meta.acknowledgments":    {},
	"Meta.aggregate_severity": {},
	"Meta.category":           {need: true, form: like(categoryForm, "a category: it begins or ends with white space, a dot, a dash or an underscore")},
	"Meta.csaf_version":       {need: true, enum: []string{Version}},
	"Meta.distribution":       {},
	"Meta.lang":               {form: like(langForm, "a language tag")},
	"Meta.notes":              {},
	"Meta.publisher":          must,
	"Meta.references":         {},
	"Meta.source_lang":        {form: like(langForm, "a language tag")},
	"Meta.title":              must,
	"Meta.tracking":           must,

	"Acknowledgment.names":        {},
	"Acknowledgment.organization": {},
	"Acknowledgment.summary":      {},
	"Acknowledgment.urls":         {form: uri},

	"AggregateSeverity.namespace": {form: uri},
	"AggregateSeverity.text":      must,

	"Distribution.text": {},
	"Distribution.tlp":  {},

	"TLP.label": {need: true, enum: tlpLabels},
	"TLP.url":   {form: uri},

	"Note.audience": {},
	"Note.category": {need: true, enum: noteCategories},
	"Note.text":     must,
	"Note.title":    {},

	"Publisher.category":          {need: true, enum: publisherCategories},
	"Publisher.contact_details":   {},
	"Publisher.issuing_authority": {},
	"Publisher.name":              must,
	"Publisher.namespace":         {need: true, form: uri},

	"Reference.category": {enum: referenceCategories},
	"Reference.summary":  must,
	"Reference.url":      {need: true, form: uri},

	"Tracking.aliases":              {unique: true},
	"Tracking.current_release_date": {need: true, form: date},
	"Tracking.generator":            {},
	"Tracking.id":                   {need: true, form: like(idForm, "an id: it begins or ends with white space or has a line break")},
	"Tracking.initial_release_date": {need: true, form: date},
	"Tracking.revision_history":     must,
	"Tracking.status":               {need: true, enum: statuses},
	"Tracking.version":              {need: true, form: versionNumber},

	"Generator.date":   {form: date},
	"Generator.engine": must,
	"Engine.name":      must,
	"Engine.version":   {},

	"Revision.date":           {need: true, form: date},
	"Revision.legacy_version": {},
	"Revision.number":         {need: true, form: versionNumber},
	"Revision.summary":        must,

	"ProductTree.branches":           {},
	"ProductTree.full_product_names": {},
	"ProductTree.product_groups":     {},
	"ProductTree.relationships":      {},

	"Branch.branches": {},
	"Branch.category": {need: true, enum: branchCategories},
	"Branch.name":     must,
	"Branch.product":  {},

	"Product.name":                          must,
	"Product.product_id":                    must,
	"Product.product_identification_helper": {},

	"Helper.cpe":            {form: like(cpeForm, "a CPE 2.2 or 2.3 name")},
	"Helper.hashes":         {},
	"Helper.model_numbers":  {unique: true},
	"Helper.purl":           {form: like(purlForm, "a package URL")},
	"Helper.sbom_urls":      {form: uri},
	"Helper.serial_numbers": {unique: true},
	"Helper.skus":           {},
	"Helper.x_generic_uris": {},

	"FileHashes.file_hashes": must,
	"FileHashes.filename":    must,
	"FileHash.algorithm":     must,
	"FileHash.value":         {need: true, form: like(hashForm, "a digest of at least 32 hexadecimal digits")},
	"GenericURI.namespace":   {need: true, form: uri},
	"GenericURI.uri":         {need: true, form: uri},

	"ProductGroup.group_id":    must,
	"ProductGroup.product_ids": {need: true, least: 2, unique: true},
	"ProductGroup.summary":     {},

	"Relationship.category":                     {need: true, enum: relationshipCategories},
	"Relationship.full_product_name":            must,
	"Relationship.product_reference":            must,
	"Relationship.relates_to_product_reference": must,

	"Vulnerability.acknowledgments": {},
	"Vulnerability.cve":             {form: like(cveForm, "a CVE id")},
	"Vulnerability.cwe":             {},
	"Vulnerability.discovery_date":  {form: date},
	"Vulnerability.flags":           {unique: true},
	"Vulnerability.ids":             {unique: true},
	"Vulnerability.involvements":    {unique: true},
	"Vulnerability.notes":           {},
	"Vulnerability.product_status":  {},
	"Vulnerability.references":      {},
	"Vulnerability.release_date":    {form: date},
	"Vulnerability.remediations":    {},
	"Vulnerability.scores":          {},
	"Vulnerability.threats":         {},
	"Vulnerability.title":           {},

	"CWE.id":   {need: true, form: like(cweForm, "a CWE id")},
	"CWE.name": must,

	"Flag.date":        {form: date},
	"Flag.group_ids":   {unique: true},
	"Flag.label":       {need: true, enum: flagLabels},
	"Flag.product_ids": {unique: true},

	"ID.system_name": must,
	"ID.text":        must,

	"Involvement.date":    {form: date},
	"Involvement.party":   {need: true, enum: parties},
	"Involvement.status":  {need: true, enum: involvementStatuses},
	"Involvement.summary": {},

	"ProductStatus.first_affected":      {unique: true},
	"ProductStatus.first_fixed":         {unique: true},
	"ProductStatus.fixed":               {unique: true},
	"ProductStatus.known_affected":      {unique: true},
	"ProductStatus.known_not_affected":  {unique: true},
	"ProductStatus.last_affected":       {unique: true},
	"ProductStatus.recommended":         {unique: true},
	"ProductStatus.under_investigation": {unique: true},

	"Remediation.category":         {need: true, enum: remediationCategories},
	"Remediation.date":             {form: date},
	"Remediation.details":          must,
	"Remediation.entitlements":     {},
	"Remediation.group_ids":        {unique: true},
	"Remediation.product_ids":      {unique: true},
	"Remediation.restart_required": {},
	"Remediation.url":              {form: uri},

	"RestartRequired.category": {need: true, enum: restartCategories},
	"RestartRequired.details":  {},

	"Threat.category":    {need: true, enum: threatCategories},
	"Threat.date":        {form: date},
	"Threat.details":     must,
	"Threat.group_ids":   {unique: true},
	"Threat.product_ids": {unique: true},

	"Score.cvss_v2":  {},
	"Score.cvss_v3":  {},
	"Score.products": {need: true, unique: true},

	"CVSSv2.version":                    {need: true, enum: []string{"2.0"}},
	"CVSSv2.vectorString":               {need: true, form: like(vectorForm("", v2Metrics), "a CVSS 2.0 vector")},
	"CVSSv2.accessVector":               {enum: metric(v2Metrics, "AV")},
	"CVSSv2.accessComplexity":           {enum: metric(v2Metrics, "AC")},
	"CVSSv2.authentication":             {enum: metric(v2Metrics, "Au")},
	"CVSSv2.confidentialityImpact":      {enum: metric(v2Metrics, "C")},
	"CVSSv2.integrityImpact":            {enum: metric(v2Metrics, "I")},
	"CVSSv2.availabilityImpact":         {enum: metric(v2Metrics, "A")},
	"CVSSv2.baseScore":                  must,
	"CVSSv2.exploitability":             {enum: metric(v2Metrics, "E")},
	"CVSSv2.remediationLevel":           {enum: metric(v2Metrics, "RL")},
	"CVSSv2.reportConfidence":           {enum: metric(v2Metrics, "RC")},
	"CVSSv2.temporalScore":              {},
	"CVSSv2.collateralDamagePotential":  {enum: metric(v2Metrics, "CDP")},
	"CVSSv2.targetDistribution":         {enum: metric(v2Metrics, "TD")},
	"CVSSv2.confidentialityRequirement": {enum: metric(v2Metrics, "CR")},
	"CVSSv2.integrityRequirement":       {enum: metric(v2Metrics, "IR")},
	"CVSSv2.availabilityRequirement":    {enum: metric(v2Metrics, "AR")},
	"CVSSv2.environmentalScore":         {},

	"CVSSv3.version":                       {need: true, enum: []string{"3.0", "3.1"}},
	"CVSSv3.vectorString":                  {need: true, form: like(vectorForm(`CVSS:3\.[01]/`, v3Metrics), "a CVSS 3.0 or 3.1 vector")},
	"CVSSv3.attackVector":                  {enum: metric(v3Metrics, "AV")},
	"CVSSv3.attackComplexity":              {enum: metric(v3Metrics, "AC")},
	"CVSSv3.privilegesRequired":            {enum: metric(v3Metrics, "PR")},
	"CVSSv3.userInteraction":               {enum: metric(v3Metrics, "UI")},
	"CVSSv3.scope":                         {enum: metric(v3Metrics, "S")},
	"CVSSv3.confidentialityImpact":         {enum: metric(v3Metrics, "C")},
	"CVSSv3.integrityImpact":               {enum: metric(v3Metrics, "I")},
	"CVSSv3.availabilityImpact":            {enum: metric(v3Metrics, "A")},
	"CVSSv3.baseScore":                     must,
	"CVSSv3.baseSeverity":                  {need: true, enum: severities},
	"CVSSv3.exploitCodeMaturity":           {enum: metric(v3Metrics, "E")},
	"CVSSv3.remediationLevel":              {enum: metric(v3Metrics, "RL")},
	"CVSSv3.reportConfidence":              {enum: metric(v3Metrics, "RC")},
	"CVSSv3.temporalScore":                 {},
	"CVSSv3.temporalSeverity":              {enum: severities},
	"CVSSv3.confidentialityRequirement":    {enum: metric(v3Metrics, "CR")},
	"CVSSv3.integrityRequirement":          {enum: metric(v3Metrics, "IR")},
	"CVSSv3.availabilityRequirement":       {enum: metric(v3Metrics, "AR")},
	"CVSSv3.modifiedAttackVector":          {enum: metric(v3Metrics, "MAV")},
	"CVSSv3.modifiedAttackComplexity":      {enum: metric(v3Metrics, "MAC")},
	"CVSSv3.modifiedPrivilegesRequired":    {enum: metric(v3Metrics, "MPR")},
	"CVSSv3.modifiedUserInteraction":       {enum: metric(v3Metrics, "MUI")},
	"CVSSv3.modifiedScope":                 {enum: metric(v3Metrics, "MS")},
	"CVSSv3.modifiedConfidentialityImpact": {enum: metric(v3Metrics, "MC")},
	"CVSSv3.modifiedIntegrityImpact":       {enum: metric(v3Metrics, "MI")},
	"CVSSv3.modifiedAvailabilityImpact":    {enum: metric(v3Metrics, "MA")},
	"CVSSv3.environmentalScore":            {},
	"CVSSv3.environmentalSeverity":         {enum: severities},
}
