package device_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/device"
)

func pump() device.Product {
	return device.Product{ID: "pump-2.1", Name: "Infusion pump", Model: "IP-2", Version: "2.1", Zone: "Europe/Berlin", UDIDI: "00012345678905"}
}

func TestAWholeProductIsValid(t *testing.T) {
	t.Parallel()
	p := pump()
	p.Deployment = device.Deployment{
		Network:    device.Segmented,
		Functions:  []device.Function{{Name: "dosing", Kind: device.Therapy, Essential: true}},
		Interfaces: []device.Interface{{Name: "settings", Protocol: "TLS", Functions: []string{"dosing"}}},
	}
	require.NoError(t, p.Validate())
}

func TestEverythingThatIsWrongIsToldAtOnce(t *testing.T) {
	t.Parallel()
	many := -1
	p := device.Product{ID: "x", Zone: "Mars/Olympus", UDIDI: "00012345678904", Deployment: device.Deployment{
		Network: "moon", PatientRecords: &many,
		Functions:  []device.Function{{Name: "a", Kind: "magic"}, {Name: "a", Kind: device.Therapy}},
		Interfaces: []device.Interface{{Functions: []string{"b"}}},
	}}
	err := p.Validate()
	for _, want := range []string{
		"no name", "no model", "no version", `zone "Mars/Olympus"`, "wrong check digit", `network "moon"`,
		"negative number", `kind "magic"`, "without a name of its own", "an interface without a name", `function "b", which is not stated`,
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestIdentifiersOfOtherAgenciesAreTaken(t *testing.T) {
	t.Parallel()
	p := pump()
	for _, id := range []string{"", "+H123PARTNO1234567890120", "=B02012345", "00012345678905"} {
		p.UDIDI = id
		require.NoError(t, p.Validate(), id)
	}
	p.UDIDI = "0001 2345"
	require.ErrorContains(t, p.Validate(), "white space")
}

func ExampleProduct_Validate() {
	p := device.Product{ID: "pump-2.1", Name: "Infusion pump", Model: "IP-2", Version: "2.1"}
	fmt.Println(p.Validate())
	// Output: device: product "pump-2.1": no zone
}
