package assess

import (
	"slices"
	"strings"
	"unicode"

	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/device"
)

// FactsOf returns what d states, in the terms of the rubric's questions, for
// [rubric.Propose]. What d does not state stays unstated; the caller may add it,
// and may say that the lists are whole, which d never says.
//
// By our own convention: an interface whose protocol names one that is carried
// by IP speaks IP, and one that names a radio or a field bus does not; a text
// that names both, or neither, says nothing. Names that are English words too
// count only as they are spelled: CAN and MICS in capitals, or "CAN bus" in any
// case. A device on a facility's network,
// in a segment of it or on the internet has one more interface, which speaks IP.
// A segment is no reason to score lower: that is for the environmental metrics.
func FactsOf(d device.Deployment) rubric.Facts {
	var f rubric.Facts
	switch d.Network {
	case device.Segmented, device.Facility, device.Internet:
		f.Interfaces = append(f.Interfaces, rubric.Interface{Name: "network: " + string(d.Network), Layer: rubric.IP})
	}
	for _, i := range d.Interfaces {
		layer, radio := spoken(i.Protocol)
		one := rubric.Interface{Name: i.Name, Layer: layer}
		if i.Wireless != nil {
			radio = *i.Wireless
			one.Wireless = &radio
		} else if radio {
			one.Wireless = &radio
		}
		if i.RangeMeters > 0 {
			one.Range = i.RangeMeters
		}
		f.Interfaces = append(f.Interfaces, one)
	}
	f.Authorization.Roles = slices.Clone(d.Roles)
	for _, fn := range d.Functions {
		f.Functions = append(f.Functions, rubric.Function{Name: fn.Name, Category: categories[fn.Kind], Essential: fn.Essential})
	}
	if d.PatientRecords != nil {
		n := *d.PatientRecords
		f.Patients, f.PerDevice = &n, true
	}
	return f
}

// categories are the kinds of function as the rubric's questions group them.
var categories = map[device.Kind]rubric.Category{
	device.Records: rubric.Records, device.Diagnosis: rubric.Diagnosis, device.Therapy: rubric.Therapy,
	device.Workflow: rubric.Workflow, device.System: rubric.System, device.OtherKind: rubric.Other,
}

// A carrier is what a word in the name of a protocol says of it.
type carrier struct {
	layer rubric.Layer
	radio bool
}

// carriers are words that leave no doubt, in lower case. USB and serial names
// without a bus are not here: what is meant may be a plug in a hand.
var carriers = map[string]carrier{
	"ip": {layer: rubric.IP}, "ipv4": {layer: rubric.IP}, "ipv6": {layer: rubric.IP}, "tcp": {layer: rubric.IP}, "udp": {layer: rubric.IP},
	"tls": {layer: rubric.IP}, "dtls": {layer: rubric.IP}, "http": {layer: rubric.IP}, "https": {layer: rubric.IP}, "ssh": {layer: rubric.IP},
	"ftp": {layer: rubric.IP}, "sftp": {layer: rubric.IP}, "telnet": {layer: rubric.IP}, "mqtt": {layer: rubric.IP}, "coap": {layer: rubric.IP},
	"dicom": {layer: rubric.IP}, "smb": {layer: rubric.IP}, "rdp": {layer: rubric.IP}, "vnc": {layer: rubric.IP}, "snmp": {layer: rubric.IP},
	"websocket": {layer: rubric.IP}, "mllp": {layer: rubric.IP}, "modbus-tcp": {layer: rubric.IP},
	"wi-fi": {layer: rubric.IP, radio: true}, "wifi": {layer: rubric.IP, radio: true}, "wlan": {layer: rubric.IP, radio: true},

	"lte": {layer: rubric.IP, radio: true}, "lte-m": {layer: rubric.IP, radio: true}, "nb-iot": {layer: rubric.IP, radio: true},
	"cellular": {layer: rubric.IP, radio: true}, "gsm": {layer: rubric.IP, radio: true}, "gprs": {layer: rubric.IP, radio: true},
	"umts": {layer: rubric.IP, radio: true}, "2g": {layer: rubric.IP, radio: true}, "3g": {layer: rubric.IP, radio: true},
	"4g": {layer: rubric.IP, radio: true}, "5g": {layer: rubric.IP, radio: true}, "wwan": {layer: rubric.IP, radio: true},
	"6lowpan": {layer: rubric.IP, radio: true},

	"bluetooth": {layer: rubric.NonIP, radio: true}, "ble": {layer: rubric.NonIP, radio: true}, "nfc": {layer: rubric.NonIP, radio: true},
	"rfid": {layer: rubric.NonIP, radio: true}, "zigbee": {layer: rubric.NonIP, radio: true}, "lorawan": {layer: rubric.NonIP, radio: true},
	"uwb":      {layer: rubric.NonIP, radio: true},
	"medradio": {layer: rubric.NonIP, radio: true},
	"rs-232":   {layer: rubric.NonIP}, "rs232": {layer: rubric.NonIP}, "rs-485": {layer: rubric.NonIP}, "rs485": {layer: rubric.NonIP},
	"canopen": {layer: rubric.NonIP}, "canbus": {layer: rubric.NonIP}, "can-bus": {layer: rubric.NonIP}, "modbus-rtu": {layer: rubric.NonIP},
}

// spelled are carriers whose names are English words in other letters.
var spelled = map[string]carrier{"CAN": {layer: rubric.NonIP}, "MICS": {layer: rubric.NonIP, radio: true}, "Thread": {layer: rubric.IP, radio: true}}

// parted are names of carriers that are written as two words.
var parted = map[[2]string]string{{"can", "bus"}: "can-bus", {"rs", "232"}: "rs-232", {"rs", "485"}: "rs-485", {"modbus", "rtu"}: "modbus-rtu"}

// spoken reads a protocol's name. Words for different layers are no statement.
func spoken(protocol string) (layer rubric.Layer, radio bool) {
	words := strings.FieldsFunc(protocol, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-'
	})
	for i, word := range words {
		lower := strings.ToLower(word)
		if i+1 < len(words) {
			if whole, ok := parted[[2]string{lower, strings.ToLower(words[i+1])}]; ok {
				lower = whole
			}
		}
		c, known := carriers[lower]
		if !known {
			c, known = spelled[word]
		}
		if strings.HasPrefix(lower, "802.11") { // 802.11ac, the letters after it say how fast
			c, known = carrier{layer: rubric.IP, radio: true}, true
		}
		switch {
		case !known:
		case layer != "" && layer != c.layer:
			return "", radio || c.radio
		default:
			layer, radio = c.layer, radio || c.radio
		}
	}
	return layer, radio
}
