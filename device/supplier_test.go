package device_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/device"
)

func supplier() device.Supplier {
	return device.Supplier{
		ID: "acme-rtos", Name: "Acme RTOS", Contact: "v-0193", Channel: "portal",
		Supplies: []device.Supplied{{What: "cpe:o:acme:rtos", SupportFrom: "2020-01-01", SupportUntil: "2026-06-30", Source: "contract"}},
		Verified: day("2026-01-01"), By: "psirt-lead",
	}
}

const days = 24 * time.Hour

func TestASupplierGrowsStaleAndSilent(t *testing.T) {
	t.Parallel()
	s := supplier()
	require.NoError(t, s.Validate())
	require.False(t, s.Stale(day("2026-04-01"), 90*days))
	require.True(t, s.Stale(day("2026-04-02"), 90*days))
	require.True(t, s.Stale(day("2025-12-31"), 90*days), "a check from the future is none")
	require.True(t, device.Supplier{}.Stale(day("2026-01-01"), 1000000*time.Hour))
	require.False(t, s.Silent(day("2026-04-01"), 0), "who was not asked owes no answer")
	s = s.Asked(day("2026-03-01"))
	require.False(t, s.Silent(day("2026-03-15"), 14*days))
	require.True(t, s.Silent(day("2026-03-16"), 14*days))
	answered := s.Answered(day("2026-03-20"))
	require.False(t, answered.Silent(day("2026-12-01"), 14*days))
	require.True(t, s.LastAnswer.IsZero(), "the value given stays")
	require.Equal(t, answered, answered.Answered(day("2026-03-01")), "an older answer does not replace a newer one")
	v, err := s.Verify("psirt-lead", day("2026-05-01"))
	require.NoError(t, err)
	require.False(t, v.Stale(day("2026-05-02"), days))
	_, err = v.Verify("psirt-lead", day("2026-04-01"))
	require.Error(t, err)
	_, err = v.Verify("", day("2026-06-01"))
	require.Error(t, err)
}

func TestTheLastDayOfSupportIsStillSupported(t *testing.T) {
	t.Parallel()
	s := supplier()
	require.Empty(t, s.Unsupported(day("2026-06-30").Add(23*time.Hour)))
	require.Len(t, s.Unsupported(day("2026-07-01")), 1)
	require.Len(t, s.Supplies, 1)
}

func TestASupplierTellsAllThatIsWrongAtOnce(t *testing.T) {
	t.Parallel()
	s := device.Supplier{
		Contact: "jane@acme.example", Verified: day("2026-01-01"),
		Supplies: []device.Supplied{{What: "a", SupportUntil: "soon"}, {What: "a"}, {What: "b", SupportFrom: "2026-01-01", SupportUntil: "2025-01-01", Source: "x"}},
	}
	for _, want := range []string{"no id or no name", "looks like a name or an address", `until "soon"`, "who stated", "supplied twice", `until "2025-01-01"`, "verified by nobody"} {
		require.ErrorContains(t, s.Validate(), want)
	}
	require.ErrorContains(t, device.Supplier{ID: "a", Name: "b"}.Validate(), "neither a contact nor a channel")
}

func TestARelatedSystemTellsAllThatIsWrongAtOnce(t *testing.T) {
	t.Parallel()
	require.NoError(t, device.Related{ID: "u", Name: "Update server", Kind: device.UpdateServer, Products: []string{"pump-2.1"}}.Validate())
	for _, want := range []string{"no id or no name", `kind "toaster"`, "no product works with it"} {
		require.ErrorContains(t, device.Related{Kind: "toaster"}.Validate(), want)
	}
}

func ExampleSupplier_Stale() {
	s := device.Supplier{ID: "acme-rtos", Name: "Acme RTOS", Channel: "portal", Verified: day("2026-01-01"), By: "psirt-lead"}
	fmt.Println(s.Stale(day("2026-02-01"), 90*24*time.Hour), s.Stale(day("2026-08-01"), 90*24*time.Hour))
	// Output: false true
}
