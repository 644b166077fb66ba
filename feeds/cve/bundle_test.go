package cve_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds/cve"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

func TestEveryRecordOfTheBundleDecodes(t *testing.T) {
	t.Parallel()
	records, rejected, whole, err := gather(cve.New(&cve.Options{From: testdata.Path(t, "cve5")}).Updates(t.Context(), ""))
	require.NoError(t, err)
	require.Empty(t, rejected)
	require.True(t, whole)
	require.Len(t, records, 451)
	var spans, read, products, ssvc, exploited, live, mute int
	unread := map[string]int{}
	for _, r := range records {
		require.NoError(t, r.Validate())
		if r.Live() {
			live++
		}
		if r.SSVC != nil {
			ssvc++
		}
		if r.Exploited != nil {
			exploited++
		}
		if r.Mute() {
			mute++
		}
		products += len(r.Products)
		for _, p := range r.Products {
			require.NotEmpty(t, p.By)
			spans += len(p.Spans)
			for _, s := range p.Spans {
				require.NotEmpty(t, s.From+s.After+s.Below+s.UpTo, r.Item)
				if s.Text != "" {
					read++
				}
			}
			for _, words := range p.Unread {
				unread[words]++
			}
		}
	}
	require.Equal(t, 450, live)
	require.Equal(t, 444, ssvc)
	require.Equal(t, 168, exploited)
	t.Logf("%d products, %d spans of which %d from words, %d mute records, %d texts for a person:", products, spans, read, mute, len(unread))
	for _, words := range slices.Sorted(maps.Keys(unread)) {
		t.Logf("  %d × %q", unread[words], words)
	}
}
