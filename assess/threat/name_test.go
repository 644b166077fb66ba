package threat_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess/threat"
	"github.com/open-postmarket/postmarket/feeds"
)

func TestIdsOfModelsHaveASystem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		id     feeds.ID
		system string
		kind   bool
	}{
		{"AML.T0043", threat.ATLAS, true}, {"AML.T0043.003", threat.ATLAS, true}, {"AML.M0015", threat.ATLAS, true},
		{"ML01:2023", threat.OWASPML, true}, {"LLM10:2025", threat.OWASPLLM, true}, {"LLM01", threat.OWASPLLM, true},
		{"AML.TA0001", threat.ATLAS, true}, {"AML.CS0001", threat.ATLAS, true},
		{"ASI01", threat.OWASPAgentic, true}, {"ASI10:2026", threat.OWASPAgentic, true}, {"MCP01:2025", threat.OWASPMCP, true}, {"MCP10", threat.OWASPMCP, true},
		{"AVID-2023-V012", threat.AVID, false}, {"AVID-2023-R0001", threat.AVID, false},
		{"CVE-2026-0001", "", false}, {"GHSA-aaaa-bbbb-cccc", "", false}, {"", "", false}, {"AML", "", false}, {"AML.T", "", false}, {"AML.T004", "", false},
		{"AML.T00433", "", false}, {"AML.T0043.", "", false}, {"AML.T0043.03", "", false}, {"aml.t0043", "", true}, {"ML1", "", false}, {"ML01:", "", false},
		{"AML.TA001", "", false}, {"AML.TA0001.001", "", false}, {"AML.CS00011", "", false}, {"AML.CS0001.", "", false}, {"aml.cs0001", "", true}, {"AML.C0001", "", false},
		{"ASI1", "", false}, {"ASI01-2026", "", false}, {"MCP001", "", false}, {"MCP01:25", "", false}, {"MCP-2025-1", "", false},
		{"LLM01-2025", "", false}, {"AVID-2023-", "", false}, {"AVID-2023-VV1", "", false}, {"AVID-2023-V", "", false}, {"2023-V012", "", false}, {"AVID-23-V1", "", false},
	} {
		system, ok := threat.System(c.id)
		require.Equal(t, c.system, system, c.id)
		require.Equal(t, c.system != "", ok, c.id)
		require.Equal(t, c.kind, c.id.KindOnly(), c.id)
	}
}
