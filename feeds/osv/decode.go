package osv

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/google/osv-scanner/pkg/models"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	"github.com/open-postmarket/postmarket/tlp"
)

// Name is the name of the feed.
const Name = "osv"

// maxRecord bounds one record: the largest known ones, of the Linux kernel with
// every affected version listed, have a few megabytes.
const maxRecord = 32 << 20

// Decode reads one OSV record. An error is the last thing yielded: the document
// is empty or cut off, is not UTF-8, is no OSV record, or is larger than 32 MiB.
func Decode(r io.Reader) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		record, err := decode(r)
		yield(feeds.Update{Record: record}, err)
	}
}

func decode(r io.Reader) (feeds.Record, error) {
	body, err := fetch.Document(r, maxRecord)
	if err != nil {
		return feeds.Record{}, err
	}
	var v document
	if err := json.Unmarshal(body, &v); err != nil {
		return feeds.Record{}, fetch.Placed(err, body)
	}
	switch {
	case strings.TrimSpace(v.ID) == "":
		return feeds.Record{}, errors.New("not an OSV record: it has no id")
	case v.Modified.IsZero() && len(v.Affected) == 0 && v.SchemaVersion == "":
		return feeds.Record{}, fmt.Errorf("not an OSV record: %q has neither modified nor affected", v.ID)
	}
	packages, err := packages(v.Affected)
	if err != nil {
		return feeds.Record{}, fmt.Errorf("%q: %w", v.ID, err)
	}
	record := feeds.Record{
		Source: Name, Item: strings.TrimSpace(v.ID), Names: names(v),
		Published: said(v.Published), Modified: said(v.Modified), Withdrawn: said(v.Withdrawn),
		Title: v.Summary, Text: v.Details,
		Scores: scores(v.Vulnerability), Packages: packages,
		Mark: tlp.Marked(tlp.Clear, Name),
	}
	for _, ref := range v.References {
		out := feeds.Reference{URL: ref.URL}
		if ref.Type != "" {
			out.Tags = []string{string(ref.Type)}
		}
		record.References = append(record.References, out)
	}
	if err := record.Validate(); err != nil {
		return feeds.Record{}, err
	}
	return record, nil
}

// said reads an instant as UTC. A record with the year 1 in published does not
// say it.
func said(t time.Time) time.Time {
	if t.Year() <= 1 {
		return time.Time{}
	}
	return t.UTC()
}

// document is the record with what later versions of the schema add (1.7.0).
type document struct {
	models.Vulnerability
	Upstream []string `json:"upstream"`
}

// names are the record's id and its aliases, each once. A record of a distribution that
// has no CVE id of its own and tells of which CVEs it comes (upstream) speaks of each of those:
// otherwise what is known of them, exploitation above all, would not reach it.
func names(v document) []feeds.ID {
	var out []feeds.ID
	add := func(texts ...string) {
		for _, text := range texts {
			if id := feeds.CleanID(text); id != "" && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	add(v.ID)
	add(v.Aliases...)
	if !slices.ContainsFunc(out, feeds.ID.CVE) {
		for _, up := range v.Upstream {
			if feeds.CleanID(up).CVE() {
				add(up)
			}
		}
	}
	return out
}

// scores are the CVSS vectors of the record and of its packages, each once.
// Other ratings ("Ubuntu: medium") are not vectors and are left out.
func scores(v models.Vulnerability) []feeds.Score {
	all := v.Severity
	for _, a := range v.Affected {
		all = append(all, a.Severity...)
	}
	var out []feeds.Score
	for _, s := range all {
		score := feeds.Score{Vector: s.Score}
		if strings.HasPrefix(string(s.Type), "CVSS_") && !slices.Contains(out, score) {
			out = append(out, score)
		}
	}
	return out
}

func packages(affected []models.Affected) ([]feeds.Package, error) {
	var out []feeds.Package
	for i, a := range affected {
		p := feeds.Package{
			Ecosystem: string(a.Package.Ecosystem), Name: a.Package.Name, PURL: a.Package.Purl, Versions: a.Versions,
		}
		for j, r := range a.Ranges {
			events, err := events(r.Events)
			if err != nil {
				return nil, fmt.Errorf("affected[%d].ranges[%d].%w", i, j, err)
			}
			p.Ranges = append(p.Ranges, feeds.Range{Type: feeds.RangeType(r.Type), Repo: r.Repo, Events: events})
		}
		out = append(out, p)
	}
	return out, nil
}

// events gives each change its own event, also where a record writes two into one.
func events(in []models.Event) ([]feeds.Event, error) {
	var out []feeds.Event
	for i, e := range in {
		before := len(out)
		for _, one := range []feeds.Event{
			{Introduced: e.Introduced}, {Fixed: e.Fixed}, {LastAffected: e.LastAffected}, {Limit: e.Limit},
		} {
			if one != (feeds.Event{}) {
				out = append(out, one)
			}
		}
		if len(out) == before {
			return nil, fmt.Errorf("events[%d] says nothing", i)
		}
	}
	return out, nil
}
