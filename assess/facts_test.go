package assess_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/device"
)

func ptr[T any](v T) *T { return &v }

func TestFactsAreWhatTheDeploymentStates(t *testing.T) {
	t.Parallel()
	d := device.Deployment{
		Network: device.Segmented,
		Interfaces: []device.Interface{
			{Name: "settings", Protocol: "TLS 1.3 with client certificates", Functions: []string{"dosing"}},
			{Name: "programmer", Protocol: "Bluetooth LE", RangeMeters: 10},
			{Name: "service", Protocol: "USB"},
			{Name: "relay", Protocol: "proprietary", Wireless: ptr(true), RangeMeters: 2},
		},
		Roles: []string{"nurse", "service"},
		Functions: []device.Function{
			{Name: "dosing", Kind: device.Therapy, Essential: true}, {Name: "log", Kind: device.Records}, {Name: "alarms", Kind: device.Diagnosis},
			{Name: "orders", Kind: device.Workflow}, {Name: "keys", Kind: device.System}, {Name: "art", Kind: device.OtherKind},
		},
		PatientRecords: ptr(30),
	}
	want := rubric.Facts{
		Interfaces: []rubric.Interface{
			{Name: "network: segmented", Layer: rubric.IP},
			{Name: "settings", Layer: rubric.IP},
			{Name: "programmer", Layer: rubric.NonIP, Wireless: ptr(true), Range: 10},
			{Name: "service"},
			{Name: "relay", Wireless: ptr(true), Range: 2},
		},
		Authorization: rubric.Authorization{Roles: []string{"nurse", "service"}},
		Functions: []rubric.Function{
			{Name: "dosing", Category: rubric.Therapy, Essential: true}, {Name: "log", Category: rubric.Records}, {Name: "alarms", Category: rubric.Diagnosis},
			{Name: "orders", Category: rubric.Workflow}, {Name: "keys", Category: rubric.System}, {Name: "art", Category: rubric.Other},
		},
		Patients: ptr(30), PerDevice: true,
	}
	got := assess.FactsOf(d)
	require.Empty(t, cmp.Diff(want, got))

	*got.Patients, got.Authorization.Roles[0], *got.Interfaces[4].Wireless = 1, "", false
	require.Equal(t, 30, *d.PatientRecords, "facts share no memory with the product")
	require.Equal(t, "nurse", d.Roles[0])
	require.True(t, *d.Interfaces[3].Wireless)
}

func TestWhatIsNotStatedIsNoFact(t *testing.T) {
	t.Parallel()
	require.Empty(t, cmp.Diff(rubric.Facts{}, assess.FactsOf(device.Deployment{})))
	require.Empty(t, rubric.Propose(assess.FactsOf(device.Deployment{})))
	require.Empty(t, assess.FactsOf(device.Deployment{Network: device.Isolated}).Interfaces, "a device without network may still have other ways in")

	for network, layer := range map[device.Network]rubric.Layer{device.Segmented: rubric.IP, device.Facility: rubric.IP, device.Internet: rubric.IP} {
		require.Equal(t, layer, assess.FactsOf(device.Deployment{Network: network}).Interfaces[0].Layer, network)
	}
	full := assess.FactsOf(device.Deployment{Functions: []device.Function{{Name: "a", Kind: device.Therapy}}, Interfaces: []device.Interface{{Name: "b", Protocol: "RS-485"}}})
	require.False(t, full.AllFunctions)
	require.False(t, full.AllInterfaces, "that a list is whole is the caller's to say")
}

func TestAProtocolIsReadByItsWordsOrNotAtAll(t *testing.T) {
	t.Parallel()
	for protocol, want := range map[string]struct {
		layer rubric.Layer
		radio bool
	}{
		"TLS 1.3 with client certificates": {rubric.IP, false},
		"DTLS":                             {rubric.IP, false},
		"HL7 v2 over MLLP":                 {rubric.IP, false},
		"DICOM/TCP":                        {rubric.IP, false},
		"EtherNet/IP":                      {rubric.IP, false},
		"Wi-Fi (WPA3), HTTPS":              {rubric.IP, true},
		"Bluetooth LE":                     {rubric.NonIP, true},
		"TLS over BLE":                     {"", true},
		"CAN":                              {rubric.NonIP, false},
		"CAN FD":                           {rubric.NonIP, false},
		"CAN bus":                          {rubric.NonIP, false},
		"can bus, 500 kbit/s":              {rubric.NonIP, false},
		"CAN-Bus":                          {rubric.NonIP, false},
		"CANbus":                           {rubric.NonIP, false},
		"CANopen":                          {rubric.NonIP, false},
		"RS-232":                           {rubric.NonIP, false},
		"RS232":                            {rubric.NonIP, false},
		"rs485":                            {rubric.NonIP, false},
		"RS 232":                           {rubric.NonIP, false},
		"Modbus TCP on Ethernet":           {rubric.IP, false},
		"Modbus/TCP":                       {rubric.IP, false},
		"Modbus-TCP (Ethernet)":            {rubric.IP, false},
		"Modbus RTU":                       {rubric.NonIP, false},
		"Modbus":                           {"", false},
		"Ethernet":                         {"", false},
		"USB (can update firmware)":        {"", false},
		"Can be used over USB":             {"", false},
		"TLS, can be switched off":         {rubric.IP, false},
		"CAN to TCP bridge":                {"", false},
		"MICS":                             {rubric.NonIP, true},
		"two mics and a speaker":           {"", false},
		"USB":                              {"", false},
		"candid camera":                    {"", false},
		"":                                 {"", false},
	} {
		i := assess.FactsOf(device.Deployment{Interfaces: []device.Interface{{Name: "x", Protocol: protocol}}}).Interfaces[0]
		require.Equal(t, want.layer, i.Layer, protocol)
		require.Equal(t, want.radio, i.Wireless != nil && *i.Wireless, protocol)
		require.False(t, i.Wireless != nil && !*i.Wireless, "%s: no word says that there is no radio", protocol)
	}
	i := assess.FactsOf(device.Deployment{Interfaces: []device.Interface{{Protocol: "Bluetooth", Wireless: ptr(false), RangeMeters: -4}}}).Interfaces[0]
	require.False(t, *i.Wireless, "what is stated counts more than a name")
	require.Zero(t, i.Range)
}

// A pump in a hospital: what its record states proposes answers, which a person
// still has to confirm.
func ExampleFactsOf() {
	pump := device.Deployment{
		Network:    device.Segmented,
		Interfaces: []device.Interface{{Name: "drug library", Protocol: "TLS 1.3", Functions: []string{"dosing"}}},
		Roles:      []string{"nurse", "service"},
		Functions:  []device.Function{{Name: "dosing", Kind: device.Therapy, Essential: true}},
	}
	for _, p := range rubric.Propose(assess.FactsOf(pump)) {
		fmt.Printf("%s:%s proposed by %s (%s)\n", p.Question, p.Answer, p.By, p.Confidence)
	}
	// Output:
	// XAVN:Y proposed by interface "network: segmented", layer ip (medium)
	// XAVT:Y proposed by interface "network: segmented", layer ip (medium)
	// XPRL:Y proposed by roles ["nurse" "service"] (medium)
	// XIT:H proposed by function "dosing", therapy, essential (medium)
	// XAT:H proposed by function "dosing", therapy, essential (medium)
}

func FuzzFactsOf(f *testing.F) {
	f.Add([]byte(`{"network":"facility","interfaces":[{"name":"a","protocol":"TLS over BLE","wireless":true,"range_meters":1}],"roles":["x"],"functions":[{"name":"f","kind":"therapy"}],"patient_records":3}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d device.Deployment
		if json.Unmarshal(b, &d) != nil {
			return
		}
		for _, p := range rubric.Propose(assess.FactsOf(d)) {
			if p.By == "" || p.Why == "" || p.Confidence == rubric.Sure {
				t.Fatalf("%+v", p)
			}
		}
	})
}
