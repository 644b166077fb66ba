package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/sbom/read"
	"github.com/open-postmarket/postmarket/vex"
	"github.com/open-postmarket/postmarket/vex/openvex"
)

// texts are what the documents of change control say, by the need they are for: of
// the interim control, and of the patch. What stands in neither is made by document.
var texts = map[string][2]string{
	"reproduction-record": {
		"A client that leaves out CertificateVerify was let in by a device with 2.1, from the ward network.",
		"A client that leaves out CertificateVerify was let in by a device with 2.1, in the laboratory."},
	"change-set": {
		"Instruction 31: allow the settings port from the addresses of the stations, deny all else.",
		"Commit 0badc0de: wolfSSL 4.8.1 is replaced by 5.5.0; reviewed."},
	"security-test-report": {
		"With the rule in place a client outside the list of stations gets no answer from the settings port.",
		"A client that leaves out CertificateVerify is refused by 2.2. The component list of 2.2 was held against the same records as that of 2.1: none of what was found on wolfSSL 4.8.1 is found."},
	"safety-test-report": {
		"Therapy goes on while the rule is put in place; the keys at the bedside work.",
		"Essential performance of 2.2 is that of 2.1: 40 of 40 cases."},
	"regression-test-report": {
		"Stations in the list set therapy as before: 12 of 12 cases.",
		"What worked with 2.1 works with 2.2: 612 of 612 cases."},
	"risk-file-update": {
		"H-7: the rule makes an attack harder; a station that is replaced cannot set therapy until it is in the rule (accepted, the keys at the bedside do).",
		"H-7: with 2.2 the cause is gone; an update takes ten minutes without therapy (done between patients)."},
	"labeling-decision": {
		"Instructions for use: the rule is named in the chapter on networks.",
		"No labeling changes but the version."},
	"udi-decision":       {"", "Version 2.2; the UDI-DI stays: same model, same intended use."},
	"change-description": {"Only the clinicians' stations reach the settings port.", "Version 2.2 takes up wolfSSL 5.5.0."},
	"installation":       {"Instruction 31: put the rule in place, then try it from a station and from elsewhere.", "From the update server, or by a technician; between patients. An interruption leaves 2.1 running."},
	"rollback":           {"Take the rule away.", "To 2.1 only by a signed downgrade."},
	"known-issues":       {"Some switches cannot filter.", "None is known."},
	"performance-result": {"No effect on the device.", "A handshake takes 212 ms, 205 ms before."},
	"instruction-record": {"Instruction 31 as it was sent: allow the settings port from the stations' addresses, deny all else, try both; approved by regulatory affairs.", ""},
	"distribution-record": {
		"Instruction 31 was sent to every customer.",
		"Version 2.2 stands on the update server, and was sent to the technicians."},
}

// document is the document that stands for a need of c. It is made of what the
// ledger holds and of what comes with this program, so it is the same each time.
func (r *run) document(c patch.Change, need string) ([]byte, error) {
	isPatch := 0
	if c.Remedy.Kind == patch.Patch {
		isPatch = 1
	}
	text := texts[need][isPatch]
	var err error
	switch need {
	case "sbom":
		return r.nextSBOM()
	case "vex":
		return r.nextVEX(c)
	case "signed-release-record":
		return r.envelope()
	case "rollout-record":
		text = "The rule is in place at site-a, is assumed to be at site-b, and cannot be at site-c; site-c is updated first by a visit."
		if isPatch == 1 {
			text, err = r.rolloutRecord()
		}
	case "effectiveness-check":
		text = "At site-a a client outside the list of stations got no answer, tried by a technician."
		if isPatch == 1 {
			text, err = r.effectiveness()
		}
	}
	if err == nil && text == "" {
		err = errors.New("nobody has written it")
	}
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "DEMONSTRATION: invented, about no real device.\n%s\nNeed: %s\nRemedy: %s\n\n%s\n", c.Finding, need, c.Remedy.Kind, text), nil
}

// nextSBOM is the component list of the device with the library of version 2.2.
func (r *run) nextSBOM() ([]byte, error) {
	text, err := fs.ReadFile(r.data, "device.cdx.json")
	if err != nil {
		return nil, err
	}
	next := strings.NewReplacer(
		`"name": "WolfSSL", "version": "4.8.1"`, `"name": "WolfSSL", "version": "5.5.0"`,
		"wolfssl:wolfssl:4.8.1:", "wolfssl:wolfssl:5.5.0:",
		`"name": "Example bedside therapy device", "version": "2.1"`, `"name": "Example bedside therapy device (DEMONSTRATION)", "version": "2.2"`,
	).Replace(string(text))
	return []byte(next), nil
}

// gone holds version 2.2 against all records that 2.1 was held against. It is an
// error if anything is found that was found on 2.1.
func (r *run) gone() error {
	text, err := r.nextSBOM()
	if err != nil {
		return err
	}
	bom, err := read.Read(bytes.NewReader(text), nil)
	if err != nil {
		return err
	}
	index, err := match.Gather(r.ctx, r.mirror, []string{"kev", "nvd", "osv"}, bom)
	if err != nil {
		return err
	}
	for _, f := range index.Find(r.next().ID, bom).Findings {
		if slices.ContainsFunc(r.result.Findings, func(g match.Finding) bool { return g.Vulnerability == f.Vulnerability }) {
			return fmt.Errorf("version 2.2 still has %s", f.Vulnerability)
		}
	}
	return nil
}

// nextVEX says of version 2.2 that the vulnerability is fixed.
func (r *run) nextVEX(c patch.Change) ([]byte, error) {
	_, id, _ := strings.Cut(c.Finding, " CVE-")
	doc := vex.Document{
		ID: "https://example.com/vex/therapy-2.2", Author: product().Manufacturer, Role: "manufacturer", Issued: c.Begun.At,
		Statements: []vex.Statement{{
			Vulnerability: "CVE-" + id, Status: vex.Fixed, Notes: "DEMONSTRATION",
			Products: []vex.Product{{PURL: "pkg:generic/example/therapy@2.2"}},
		}},
	}
	var b bytes.Buffer
	err := openvex.Encode(&b, doc, nil)
	return b.Bytes(), err
}
