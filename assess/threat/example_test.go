package threat_test

import (
	"fmt"
	"os"
	"strings"
	"testing/fstest"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/assess/threat"
	postdevice "github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom/read"
)

// What to look for in a model of a device.
func ExampleAI() {
	bom, err := read.Read(strings.NewReader(reader), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range threat.Models(bom)[:1] {
		r, err := threat.AI(bom, c, threat.Facts{Uses: []threat.Use{{Function: threat.Diagnosis, Name: "second reader"}}}, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r.Name, "weaknesses:", len(r.Looks), "questions:", r.Questions())
		for _, p := range r.Problems {
			fmt.Println(" ", p)
		}
		for _, l := range r.Of("AML.T0043") {
			h := l.Harms[0]
			fmt.Printf("  %s: %s\n  %s, %s (%s)\n", l.Title, h.Statement, h.Function, h.Harm, h.Confirm)
			fmt.Println(" ", l.Asks[1].Question, l.Asks[1].Said)
		}
	}
	// Output:
	// chest-net weaknesses: 10 questions: 28
	//   model card: modelParameters.datasets: "gone" is no component of the document
	//   input made to mislead the model: A disease is overlooked or invented at will, and the treatment that follows is wrong or comes too late.
	//   diagnosis, critical (a proposal: to be confirmed by a person from the hazard analysis)
	//   How does the model do on inputs that were made to mislead it? [{metrics [AUC 0.93 AUC 0.81]}]
}

// A product that was restored last year, on paper and in a test.
func ExampleRansomware() {
	at := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	works, needed := 24.0, 48.0
	r, err := threat.Ransomware(threat.Readiness{
		Product: "pump-2.1", Uses: []threat.Use{{Function: threat.TherapyControl, Name: "infusion", Essential: true}},
		Facts: []threat.Fact{
			{Check: "restore-tested", At: at.AddDate(-1, -1, 0), By: "field-service", Evidence: []assess.Evidence{{Text: "report FS-12"}}},
			{Check: "offline", Hours: &works, Needed: &needed},
			{Check: "keys", Answer: assess.Yes, At: at, By: "field-service", Evidence: []assess.Evidence{{Text: "list of secrets"}}},
		},
	}, []match.Finding{{
		Product: "pump-2.1", Coordinate: "cpe:o:microsoft:windows_10", Vulnerability: "CVE-2017-0144", IDs: []feeds.ID{"CVE-2017-0144"},
		Exploited: &feeds.Exploited{Ransomware: true},
	}}, nil, at)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, g := range r.Gaps[:3] {
		fmt.Printf("%s: %s, %s\n", g.Title, g.State, g.Found)
	}
	fmt.Println("met:", len(r.Met), "gaps:", len(r.Gaps))
	fmt.Println(r.Losses[0].Name, "is down:", r.Losses[0].Statement, r.Losses[0].Harm)
	fmt.Println(r.Raised[0].IDs, r.Raised[0].Raise.To, r.Raised[0].Raise.Why)
	// Output:
	// restore was tried: too old, done on 2025-10-28; after 12 months it counts no more
	// restore is quick enough: not stated, nothing is stated
	// works long enough without a network: not met, 24 hours, at least 48 are needed
	// met: 1 gaps: 9
	// infusion is down: A treatment stops, cannot be changed or cannot be started. critical
	// [CVE-2017-0144] high use in ransomware campaigns is known, and a device that is down harms the patients who need it
}

func ExampleReadCard() {
	card, problems := threat.ReadCard([]byte(`{"modelParameters": {"task": "segmentation", "inputs": ["CT"]}, "modelcard": {}}`))
	fmt.Println(card.Task, card.Inputs, card.Limitations)
	for _, p := range problems {
		fmt.Println(p)
	}
	// Output:
	// segmentation [CT] []
	// model card: has a member "modelcard", which is not known
	// model card: modelParameters.inputs[0]: is no object: read as its format
}

func ExampleReadDatasets() {
	sets, problems := threat.ReadDatasets([]byte(`[{"type": "dataset", "name": "films of 2019", "classification": "restricted"}]`))
	fmt.Println(sets[0].Name, sets[0].Classification, len(problems))
	// Output:
	// films of 2019 restricted 0
}

func ExampleUsesOf() {
	uses, err := threat.UsesOf(postdevice.Deployment{Functions: []postdevice.Function{
		{Name: "infusion", Kind: postdevice.Therapy, Essential: true}, {Name: "trend", Kind: postdevice.Diagnosis},
	}}, nil)
	for _, u := range uses {
		fmt.Printf("%s %s essential=%v %q\n", u.Function, u.Name, u.Essential, u.From)
	}
	fmt.Println(err)
	// Output:
	// therapy-control infusion essential=true ""
	// diagnosis trend essential=false "diagnosis"
	// monitoring trend essential=false "diagnosis"
	// <nil>
}

func ExampleSystem() {
	for _, id := range []feeds.ID{"AML.T0043.003", "ML01:2023", "LLM01:2025", "CVE-2026-0001"} {
		name, ok := threat.System(id)
		fmt.Println(id, name, ok, id.KindOnly())
	}
	// Output:
	// AML.T0043.003 MITRE ATLAS true true
	// ML01:2023 OWASP Machine Learning Security Top Ten true true
	// LLM01:2025 OWASP Top 10 for LLM Applications true true
	// CVE-2026-0001  false false
}

// A maker's own files take the place of the default ones.
func ExampleLoad() {
	own := fstest.MapFS{}
	for _, name := range []string{threat.AIFile, threat.HarmFile, threat.RansomwareFile} {
		text, err := os.ReadFile(name)
		if err != nil {
			fmt.Println(err)
			return
		}
		own[name] = &fstest.MapFile{Data: text}
	}
	_, err := threat.Load(own)
	fmt.Println(err)
	own[threat.HarmFile].Data = []byte(`{"harm": 1}`)
	_, err = threat.Load(own)
	text, _, _ := strings.Cut(err.Error(), "\n")
	fmt.Println(text)
	// Output:
	// <nil>
	// threat: table "harm.json": json: unknown field "harm"
}
