package advisory_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
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

// Documents of other makers: every device of the inventory has an answer, and none
// is cleared that is not named with its version.
func TestDocumentsOfOtherMakersAreAskedToo(t *testing.T) {
	t.Parallel()
	root := testdata.Path(t, "csaf", "cisa-icsma")
	inventory := []advisory.Device{{Model: "EP-2", Version: "2.1"}, {Model: "Sante DICOM Viewer Pro", Version: "14.0.2"}, {Model: "Sante DICOM Viewer Pro", Version: "14.0.4"}, {Model: "x"}, {UDIDI: "09506000134352", Version: "1"}}
	asked := 0
	var affected []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		doc, err := csaf.Decode(bytes.NewReader(data))
		if err != nil {
			return nil // not one of ours to judge
		}
		answers, err := advisory.Applies(doc, inventory)
		if err != nil {
			return nil // a draft
		}
		asked++
		require.Len(t, answers, len(inventory))
		for _, a := range answers {
			require.NotEmpty(t, a.Verdict, path)
			require.NotEmpty(t, a.Why, path)
			if a.Verdict == advisory.IsNot {
				require.True(t, a.Named && a.Device.Version != "", "%s: %+v", path, a)
			}
			if a.Verdict == advisory.IsAffected {
				affected = append(affected, filepath.Base(path)+" "+a.Device.Version)
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, asked, 100)
	require.Contains(t, affected, "icsma-24-058-01.json 14.0.2")
	for _, a := range affected {
		require.NotContains(t, a, "14.0.4") // beyond the range: it cannot be told
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
