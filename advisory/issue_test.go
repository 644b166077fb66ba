package advisory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/store"
)

// TestRecordsOfBeforeAreStillRead has bodies as they were written before releases
// were recorded, revisions said why they ask less, and Due was required.
func TestRecordsOfBeforeAreStillRead(t *testing.T) {
	t.Parallel()
	body := `{"advisory":"EXM-2026-001","revision":1,"digest":"d1","customer":"d-1","planned":"2026-03-14T07:00:00Z",` +
		`"tries":[{"channel":{"tier":"primary","way":"notifier","route":"mail"},"at":"2026-03-14T07:00:00Z","by":"mailer","message":"m1"}],` +
		`"received":{"by":"desk","at":"2026-03-15T07:00:00Z","proof":"form 14"},"onward":"open"}`
	d, err := advisory.Deliveries.Decode(store.Entry{Name: store.Name{Kind: string(advisory.Deliveries), Key: "EXM-2026-001/1 @d-1"}, Version: 1, Body: []byte(body)})
	require.NoError(t, err)
	require.Equal(t, advisory.Received, d.State())
	require.Equal(t, out, d.SentAt())
	require.True(t, d.Overdue(out.AddDate(0, 0, 1)), "no acknowledgment, and nothing says that it may wait")

	l := keeping(t, final(t, uncontrolled(t)))
	require.NoError(t, l.Do(t.Context(), store.By{Who: "mailer", Why: "as it was"}, func(tx *store.Tx) error { return advisory.Deliveries.Put(tx, d) }))
	require.NoError(t, advisory.Record(t.Context(), l, store.By{Who: "desk", Why: "reply"}, d.Key(), func(d advisory.Delivery) (advisory.Delivery, error) {
		return d.Acknowledge(advisory.Proof{By: "desk", At: out.AddDate(0, 0, 2), Proof: "form 15"})
	}))
	kept, entry, err := advisory.Deliveries.Latest(t.Context(), l, d.Key())
	require.NoError(t, err)
	require.Equal(t, 1, entry.Version)
	require.False(t, kept.Overdue(out.AddDate(1, 0, 0)))

	// An advisory that eases nothing has the digest it always had.
	a := final(t, uncontrolled(t))
	_, entry, err = advisory.Advisories.Latest(t.Context(), l, a.ID)
	require.NoError(t, err)
	require.NotContains(t, string(entry.Body), `"eased"`)
	require.Equal(t, a.SignOffs[0].Digest, a.Digest())
}

func TestWhatAReleaseRecordIs(t *testing.T) {
	t.Parallel()
	body := `{"id":"EXM-2026-001","revision":2,"digest":"d1","to":"customer","mark":{"label":"TLP:CLEAR","by":["example-medical"]},` +
		`"at":"2026-03-14T07:00:00Z","needs":["product safety"],"files":[{"name":"exm-2026-001.json","sha256":"00"}]}`
	i, err := advisory.Releases.Decode(store.Entry{Name: store.Name{Kind: string(advisory.Releases), Key: "EXM-2026-001/2 customer"}, Version: 1, Body: []byte(body)})
	require.NoError(t, err)
	require.Equal(t, "EXM-2026-001/2 customer", i.Key())
	l := keeping(t, final(t, uncontrolled(t)))
	require.NoError(t, l.Do(t.Context(), releaser, func(tx *store.Tx) error { return advisory.Releases.Put(tx, i) }))
	_, entry, err := advisory.Releases.Latest(t.Context(), l, i.Key())
	require.NoError(t, err)
	require.Equal(t, body, string(entry.Body), "this is its form for good")
}
