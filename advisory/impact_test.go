package advisory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
)

func TestAClinicalImpactSaysWhoOrWhatIsHarmed(t *testing.T) {
	t.Parallel()
	try := func(text string) error {
		in := uncontrolled(t)
		in.Vulnerabilities = []advisory.VulnerabilityText{therapyWords}
		in.Vulnerabilities[0].ClinicalImpact = text
		_, err := advisory.Draft(in, drafted)
		return err
	}
	for _, text := range []string{
		"N/A N/A N/A N/A N/A", "TBD TBD TBD TBD TBD", "n/a; tbd - none (unknown) ...", "The clinical impact is to be determined.",
		"Clinical impact: to be determined by the team.", "See the summary above for more details.", "lorem ipsum dolor sit amet",
		"The impact is currently unknown and under investigation.", "There is no known clinical impact at this time.",
		"No impact on patients is known to us.", "This vulnerability may have an impact.", "The impact on the patient is to be determined.",
		"patient patient patient patient patient", "No harm to patients is expected.", "The effect on patients is under review.",
		"We are monitoring the situation closely.", "This results in no impact at all.",
		"No data is available at this time.", "Safety is our first priority here.",
	} {
		require.ErrorContains(t, try(text), "the clinical impact of", text)
	}
	for _, text := range []string{
		"No harm to patients is expected because the alarm stays independent.",
		"None for patients treated with this pump: it never acts as a TLS server.",
		"We do not know yet; at worst therapy settings could be changed.",
		"An alarm could be missed.", "A patient could get hurt.", "Therapy could stop without warning.",
		"There is no known clinical impact at this time, because the dose is limited by hardware.",
		"Trend data on the ward display could be late; therapy itself goes on unchanged.",
		"Physicians could read another person's results.",
		"The extent is under investigation; at worst an infusion could stop.",
	} {
		require.NoError(t, try(text), text)
	}
	require.ErrorContains(t, try("The server could accept certificates of strangers."), "does not say who or what is harmed")
}
