package nvd

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	"github.com/open-postmarket/postmarket/tlp"
)

// cve is a CVE object of the API 2.0, as far as it is used.
type cve struct {
	ID           string `json:"id"`
	Published    string `json:"published"`
	LastModified string `json:"lastModified"`
	Status       string `json:"vulnStatus"`
	Descriptions []text `json:"descriptions"`
	Metrics      struct {
		V40 []metric `json:"cvssMetricV40"`
		V31 []metric `json:"cvssMetricV31"`
		V30 []metric `json:"cvssMetricV30"`
		V2  []metric `json:"cvssMetricV2"`
	} `json:"metrics"`
	Weaknesses []struct {
		Description []text `json:"description"`
	} `json:"weaknesses"`
	Configurations []fetch.Applicability `json:"configurations"`
	References     []struct {
		URL  string   `json:"url"`
		Tags []string `json:"tags"`
	} `json:"references"`
}

type text struct {
	Lang  string `json:"lang"`
	Value string `json:"value"`
}

type metric struct {
	Source string `json:"source"`
	Type   string `json:"type"`
	Data   struct {
		Vector string  `json:"vectorString"`
		Base   float64 `json:"baseScore"`
	} `json:"cvssData"`
}

// object reads one CVE object. The record's Item is set with the error, too, as
// far as it could be read.
func object(raw json.RawMessage) (feeds.Record, error) {
	var c cve
	err := json.Unmarshal(raw, &c)
	return c.record(raw, err)
}

// record is what c says. Raw is what it was read from, and err how that went.
func (c cve) record(raw json.RawMessage, err error) (feeds.Record, error) {
	id := feeds.CleanID(c.ID)
	if !id.CVE() {
		if err == nil {
			err = fmt.Errorf("not a CVE record of NVD: %q is no CVE id", c.ID)
		}
		return feeds.Record{}, err
	}
	record := feeds.Record{
		Source: Name, Item: string(id), Names: []feeds.ID{id},
		State: c.Status, Rejected: strings.EqualFold(c.Status, "Rejected"),
		Text: english(c.Descriptions), Mark: tlp.Marked(tlp.Clear, Name),
	}
	if err != nil {
		return record, err
	}
	if err := fetch.CheckText(raw); err != nil {
		return record, err
	}
	if c.Status == "" && c.LastModified == "" && c.Descriptions == nil && c.Configurations == nil {
		return record, errors.New("not a CVE record of NVD: it has neither status, date, description nor configurations")
	}
	if record.Published, err = instant("published", c.Published); err != nil {
		return record, err
	}
	if record.Modified, err = instant("lastModified", c.LastModified); err != nil {
		return record, err
	}
	record.Scores = scores(c)
	for _, w := range c.Weaknesses {
		for _, d := range w.Description {
			if strings.HasPrefix(d.Value, "CWE-") && !slices.Contains(record.Weaknesses, d.Value) {
				record.Weaknesses = append(record.Weaknesses, d.Value)
			}
		}
	}
	for _, r := range c.References {
		// Several parties give the same link; who did is not kept.
		same := func(h feeds.Reference) bool { return h.URL == r.URL && slices.Equal(h.Tags, r.Tags) }
		if !slices.ContainsFunc(record.References, same) {
			record.References = append(record.References, feeds.Reference{URL: r.URL, Tags: r.Tags})
		}
	}
	for i, in := range c.Configurations {
		out, err := in.Configuration()
		if err != nil {
			return record, fmt.Errorf("configurations[%d].%w", i, err)
		}
		record.Configurations = append(record.Configurations, out)
	}
	return record, record.Validate()
}

// english is the text in English, else the first.
func english(in []text) string {
	for _, t := range in {
		if t.Lang == "en" || strings.HasPrefix(t.Lang, "en-") {
			return t.Value
		}
	}
	if len(in) > 0 {
		return in[0].Value
	}
	return ""
}

// instant reads a time of NVD, which has no zone and is UTC; empty is not said.
func instant(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%s %q is no time", field, text)
}

// scores are the CVSS vectors, those of the newest version first.
func scores(c cve) []feeds.Score {
	var out []feeds.Score
	for _, ms := range [][]metric{c.Metrics.V40, c.Metrics.V31, c.Metrics.V30, c.Metrics.V2} {
		for _, m := range ms {
			out = append(out, feeds.Score{
				Vector: m.Data.Vector, Base: m.Data.Base, By: m.Source, Primary: m.Type == "Primary",
			})
		}
	}
	return out
}
