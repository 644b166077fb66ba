package advisory_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/tlp"
)

func TestAHostsTemplateWritesTheLetter(t *testing.T) {
	t.Parallel()
	own := template.Must(template.New("own").Parse(`<html lang="{{.Lang}}"><h1>{{.Title}}</h1>{{range .Sections}}<h2>{{.Title}}</h2>{{range .Items}}<p>{{.Text}}</p>{{end}}{{end}}</html>`))
	in := uncontrolled(t)
	in.Title = "<script>alert(1)</script> pump"
	a := draft(t, in)
	files, err := advisory.Press{Template: own}.Preview(a)
	require.NoError(t, err)
	html := string(file(t, files, asHTML))
	require.Contains(t, html, "&lt;script&gt;alert(1)&lt;/script&gt; pump")
	require.NotContains(t, html, "<script")
	require.Contains(t, html, "too much or too little medicine")
	_, err = advisory.Press{Template: template.Must(template.New("bad").Parse("{{.Nothing}}"))}.Preview(a)
	require.ErrorContains(t, err, "advisory: letter")

	twice := func(advisory.Advisory, advisory.Letter) ([]advisory.File, error) {
		return []advisory.File{{Name: "exm-2026-001.html"}}, nil
	}
	_, err = advisory.Press{Also: []advisory.Form{twice}}.Preview(a)
	require.ErrorContains(t, err, "two forms write")
	_, err = advisory.Press{Also: []advisory.Form{func(advisory.Advisory, advisory.Letter) ([]advisory.File, error) { return nil, errors.New("no paper") }}}.Preview(a)
	require.ErrorContains(t, err, "no paper")
}

// Documents of other makers: every device of the inventory has an answer for each
// vulnerability, is named where its model stands in the file and nowhere else, and is
// not cleared by any.
func TestDocumentsOfOtherMakersAreAskedToo(t *testing.T) {
	t.Parallel()
	const sante = "Sante DICOM Viewer Pro"
	inventory := []advisory.Device{{Model: sante, Version: "14.0.2"}, {Model: sante, Version: "14.0.4"}, {Model: sante}, {Model: "EP-2", Version: "2.1"}, {Model: "x"}, {UDIDI: "09506000134352", Version: "1"}, {Version: "1.0"}}
	asked := 0
	said := map[string][]advisory.Verdict{}
	documents(t, func(path string, doc *csaf.Document) {
		var text bytes.Buffer
		if _, err := advisory.Applies(doc, nil); err != nil || csaf.Encode(&text, doc) != nil {
			return // a draft, or what cannot be looked through
		}
		answers, err := advisory.Applies(doc, inventory)
		require.NoError(t, err)
		asked++
		require.Len(t, answers, len(inventory))
		for i, a := range answers {
			require.Equal(t, inventory[i], a.Device)
			require.Len(t, a.Of, len(doc.Vulnerabilities), path)
			require.NotEmpty(t, a.Why, path)
			for j, x := range a.Of {
				require.Equal(t, doc.Vulnerabilities[j].CVE, x.Vulnerability, path)
				require.NotEmpty(t, x.Why, path)
			}
			there := strings.Contains(text.String(), fmt.Sprintf("%q", a.Device.Model))
			require.Equal(t, a.Device.Model == sante && there, a.Named, "%s: %+v", path, a)
			switch {
			case a.Named:
				said[filepath.Base(path)] = append(said[filepath.Base(path)], a.Verdict)
			default:
				require.Equal(t, advisory.CannotTell, a.Verdict, "%s: %+v", path, a)
			}
		}
	}, "cisa-icsma")
	require.Greater(t, asked, 100)
	require.Equal(t, []advisory.Verdict{advisory.IsAffected, advisory.CannotTell, advisory.CannotTell}, said["icsma-24-058-01.json"])
	for path, verdicts := range said {
		require.NotContains(t, verdicts, advisory.IsNot, path)
	}
}

func ExampleApplies() {
	doc := other() // as csaf.Decode read it from the file that was published
	devices, err := advisory.ReadInventory(strings.NewReader("Model,Version,Serial\nMonitor,3.63,17\nMonitor,,18\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	answers, err := advisory.Applies(doc, devices)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range answers {
		fmt.Printf("%s: %s (%s)\n", a.Device.Serial, a.Verdict, a.Why)
	}
	// Output:
	// 17: affected (CVE-2024-0001: listed as affected: Other A)
	// 18: cannot tell (CVE-2024-0001: the inventory does not say the version)
}

func ExampleTimingOf() {
	a, err := advisory.Draft(exampleInput(), time.Date(2026, 3, 13, 8, 30, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err)
		return
	}
	a.Learned = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	policy, err := advisory.DefaultPolicy()
	if err != nil {
		fmt.Println(err)
		return
	}
	clocks, err := policy.Clocks(a, advisory.Setting{Calendar: mustCalendar()})
	if err != nil {
		fmt.Println(err)
		return
	}
	sent := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	for _, c := range clocks {
		fmt.Println(c.Rule, c.Day, advisory.TimingOf(c, sent, sent))
	}
	// Output:
	// notice-high 2026-03-15 met
	// fda-pm-30 2026-03-31 met
}

func ExampleMailing() {
	ctx, ledger, at := context.Background(), store.New(memory.New(), nil), time.Date(2026, 3, 13, 8, 30, 0, 0, time.UTC)
	a, err := advisory.Draft(exampleInput(), at)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := errors.Join(keep(ctx, ledger, exampleInput()), advisory.Save(ctx, ledger, store.By{Who: "advisory-author", Why: "first draft"}, a)); err != nil {
		fmt.Println(err)
		return
	}
	for who, role := range map[string]string{"safety-lead": "product safety", "psirt-lead": "product security"} {
		if a, err = a.SignOff(advisory.SignOff{By: who, Role: role, At: at, Why: "read and agreed"}); err != nil {
			fmt.Println(err)
			return
		}
		if err := advisory.Save(ctx, ledger, store.By{Who: who, Why: "signed off"}, a); err != nil {
			fmt.Println(err)
			return
		}
	}
	r, err := advisory.Release(ctx, ledger, store.By{Who: "psirt-desk", Why: "signed off by both"}, tlp.LabelsOnly, a, tlp.Customer, at)
	if err != nil {
		fmt.Println(err)
		return
	}
	m := advisory.Mailing{
		Ledger: ledger, Gate: tlp.LabelsOnly, Due: at.AddDate(0, 0, 14), By: store.By{Who: "mailer", Why: "released"},
		Routes: map[string]notify.Notifier{"mail": notify.Func(func(_ context.Context, m notify.Message) error {
			fmt.Println("to the mail server:", m.Subject)
			return nil
		})},
	}
	list, err := m.Send(ctx, a, r, []advisory.Customer{clinic("c-1", mail)}, advisory.Primary, at)
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := list[0].Acknowledge(advisory.Proof{By: "desk", At: at.AddDate(0, 0, 2), Proof: "reply form 14"})
	fmt.Println(list[0].State(), d.State(), err)
	// Output:
	// to the mail server: EXM-2026-007: Telemetry of the Example pump
	// sent acknowledged <nil>
}
