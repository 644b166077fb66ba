package advisory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/store"
)

// spelled is a fleet in which names are written in several ways.
func spelled() *advisory.Fleet {
	old := pump("1.4", "")
	old.ID, old.Model, old.Manufacturer = "x-1.4", "ep 2", "EXAMPLE  Medical."
	own := pump("1.3", "")
	own.Manufacturer = ""
	return &advisory.Fleet{Products: []device.Product{pump("2.1", "09506000134352"), old, own}}
}

func ofFleet(t *testing.T, f *advisory.Fleet) advisory.Input {
	t.Helper()
	in := uncontrolled(t)
	in.Products, in.Fleet, in.NoFleet = nil, f, ""
	return in
}

func TestAFleetFindsVersionsHoweverTheyAreSpelled(t *testing.T) {
	t.Parallel()
	require.Equal(t, map[string]advisory.VersionStatus{
		"1.3": advisory.UnderInvestigation, "1.4": advisory.UnderInvestigation, "2.1": advisory.Affected, "2.2": advisory.Fixed,
	}, dispositions(draft(t, ofFleet(t, spelled())), therapy))

	// A product that is given and that the fleet does not hold asks for its model, too.
	in := ofFleet(t, spelled())
	in.Fleet.Products, in.Products = in.Fleet.Products[1:], in.Fleet.Products[:1]
	require.Len(t, draft(t, in).Versions, 4)
}

func TestANearNameIsForAPersonToSettle(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*device.Product){
		"a legal form":             func(p *device.Product) { p.Manufacturer = "Example Medical, Inc." },
		"a typing error":           func(p *device.Product) { p.Manufacturer = "Exmaple Medical" },
		"a letter that looks like": func(p *device.Product) { p.Manufacturer = "Examp1e Medical" },
		"a variant of the model":   func(p *device.Product) { p.Model = "EP-2 Plus" },
		"both":                     func(p *device.Product) { p.Model, p.Manufacturer = "EP-2A", "Example Medical Corp." },
		"another brand":            func(p *device.Product) { p.Manufacturer = "Other Brand" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			near := pump("1.5", "")
			change(&near)
			in := ofFleet(t, spelled())
			in.Fleet.Products = append(in.Fleet.Products, near)
			_, err := advisory.Draft(in, drafted)
			require.ErrorContains(t, err, `"pump-1.5"`)
			require.ErrorContains(t, err, "give it, or exclude it with a reason")

			given := in
			given.Products = []device.Product{near}
			require.Contains(t, dispositions(draft(t, given), therapy), "1.5")

			in.Excluded = []advisory.Exclusion{{Product: "pump-1.5", Why: "It is built without the library."}}
			a := draft(t, in)
			require.NotContains(t, dispositions(a, therapy), "1.5")
			files, err := advisory.Preview(a)
			require.NoError(t, err)
			for _, f := range files {
				require.Contains(t, string(f.Bytes), "It is built without the library.", f.Name)
			}
			signed := final(t, in)
			require.NoError(t, advisory.Fresh(t.Context(), keeping(t, signed), signed))

			in.Excluded[0].Why = "TBD"
			_, err = advisory.Draft(in, drafted)
			require.ErrorContains(t, err, "is left out")
		})
	}
	for name, change := range map[string]func(*device.Product){
		"another model":               func(p *device.Product) { p.Model = "EP-3" },
		"a longer number":             func(p *device.Product) { p.Model = "EP-22" },
		"another model of another":    func(p *device.Product) { p.Model, p.Manufacturer = "Z-9", "Other Brand" },
		"a variant made by another":   func(p *device.Product) { p.Model, p.Manufacturer = "EP-2 Plus", "Other Brand" },
		"another name of that maker":  func(p *device.Product) { p.Model, p.Manufacturer = "Z-9", "Example Medical Inc" },
		"a model that begins so only": func(p *device.Product) { p.Model = "E" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			far := pump("1.5", "")
			change(&far)
			in := ofFleet(t, spelled())
			in.Fleet.Products = append(in.Fleet.Products[:2], far)
			require.NotContains(t, dispositions(draft(t, in), therapy), "1.5")
		})
	}
}

func TestANearNameThatCameSinceIsNamed(t *testing.T) {
	t.Parallel()
	a := final(t, ofFleet(t, spelled()))
	l := keeping(t, a)
	require.NoError(t, advisory.Fresh(t.Context(), l, a))
	near := pump("1.5", "")
	near.Model = "EP-2 Plus"
	putAll(t, l, func(tx *store.Tx) error { return device.Products.Put(tx, near) })
	err := advisory.Fresh(t.Context(), l, a)
	require.ErrorIs(t, err, advisory.ErrStale)
	require.ErrorContains(t, err, `is product "pump-1.5"`)
}

func TestWithoutAFleetTheReasonIsTold(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	in.NoFleet = ""
	_, err := advisory.Draft(in, drafted)
	require.ErrorContains(t, err, "there is no fleet and no reason for that")
	in.NoFleet = "n/a"
	_, err = advisory.Draft(in, drafted)
	require.ErrorContains(t, err, "says nothing")
	in.NoFleet = "Only one version was ever released."
	files, err := advisory.Preview(draft(t, in))
	require.NoError(t, err)
	for _, f := range files {
		require.Contains(t, string(f.Bytes), in.NoFleet, f.Name)
	}
	in.Fleet = spelled()
	_, err = advisory.Draft(in, drafted)
	require.ErrorContains(t, err, "there is a fleet and a reason why there is none")
	in = uncontrolled(t)
	in.Excluded = []advisory.Exclusion{{Product: "pump-2.1", Name: "2.1", Why: "It is old."}}
	_, err = advisory.Draft(in, drafted)
	require.ErrorContains(t, err, "is left out and spoken of")
}
