package osv

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	"github.com/open-postmarket/postmarket/sbom"
)

// perBatch is the most questions of one request, from
// https://google.github.io/osv.dev/post-v1-querybatch/, read in 2026; maxPages is
// how many pages of one answer are read, our convention.
const (
	perBatch = 1000
	maxPages = 100
)

// A Found is what OSV answers of one component.
type Found struct {
	// Ref is the component's.
	Ref string
	// IDs are the records that say the component is affected, sorted, each once. None says
	// that OSV knows of none, if Why is empty.
	IDs []string
	// Why says why OSV was not asked: nothing can be said of the component then.
	Why string
}

// question is one query of a batch.
type question struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Version string `json:"version"`
	Page    string `json:"page_token,omitempty"`
	of      int
}

// Query asks OSV which records affect each of the components, and returns one Found for each, in
// order. Nil options ask the publisher's API. It tells OSV which packages in which versions
// the caller has: a device's inventory may be more than a maker wants to tell. A
// [Feed] tells nobody, since it reads everything.
//
// The version is compared by OSV; package match does so by its own rules. A component without a
// package URL of an ecosystem that OSV knows, or without a version, is not asked for.
func Query(ctx context.Context, opts *Options, components ...sbom.Component) ([]Found, error) {
	f := New(opts)
	out := make([]Found, len(components))
	var ask []question
	for i, c := range components {
		out[i].Ref = c.Ref
		q, why := questionOf(c)
		if out[i].Why = why; why == "" {
			q.of = i
			ask = append(ask, q)
		}
	}
	for page := 1; len(ask) > 0; page++ {
		if page > maxPages {
			return nil, fmt.Errorf("%s: query: more than %d pages of one answer", Name, maxPages)
		}
		var more []question
		for batch := range slices.Chunk(ask, perBatch) {
			next, err := f.batch(ctx, batch, out)
			if err != nil {
				return nil, fmt.Errorf("%s: query: %w", Name, err)
			}
			more = append(more, next...)
		}
		ask = more
	}
	for i := range out {
		slices.Sort(out[i].IDs)
		out[i].IDs = slices.Compact(out[i].IDs)
	}
	return out, nil
}

func questionOf(c sbom.Component) (q question, why string) {
	pkg, err := c.Package()
	if err != nil {
		return q, err.Error()
	}
	var known bool
	if q.Package.Ecosystem, q.Package.Name, known = pkg.Ecosystem(); !known {
		return q, fmt.Sprintf("OSV has no ecosystem for the package type %q", pkg.Type)
	}
	q.Version, _ = c.Stated()
	if q.Version == "" {
		return q, "it has no version"
	}
	return q, ""
}

func (f *Feed) api() string {
	if f.opts.API == "" {
		return API
	}
	return strings.TrimRight(f.opts.API, "/")
}

// batch asks one batch, adds to out what is found, and returns the questions that have
// another page.
func (f *Feed) batch(ctx context.Context, batch []question, out []Found) (more []question, err error) {
	body, err := json.Marshal(struct {
		Queries []question `json:"queries"`
	}{batch})
	if err != nil {
		return nil, err
	}
	address := f.api() + "/v1/querybatch"
	answer, err := fetch.Post(ctx, address, body, f.asking(indexBytes))
	if err != nil {
		return nil, err
	}
	results, err := decodeAnswer(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	if len(results) != len(batch) {
		return nil, fmt.Errorf("%s: %d answers to %d questions", address, len(results), len(batch))
	}
	for i, r := range results {
		q := batch[i]
		for _, v := range r.Vulns {
			out[q.of].IDs = append(out[q.of].IDs, v.ID)
		}
		if r.Next != "" {
			q.Page = r.Next
			more = append(more, q)
		}
	}
	return more, nil
}

// result is the answer to one question.
type result struct {
	Vulns []struct {
		ID string `json:"id"`
	} `json:"vulns"`
	Next string `json:"next_page_token"`
}

func decodeAnswer(body []byte) ([]result, error) {
	var answer struct {
		Results *[]result `json:"results"`
	}
	if err := fetch.CheckText(body); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fetch.Placed(err, body)
	}
	if answer.Results == nil {
		return nil, errors.New("an answer without results")
	}
	for i, r := range *answer.Results {
		for _, v := range r.Vulns {
			if strings.TrimSpace(v.ID) == "" {
				return nil, fmt.Errorf("results[%d] has a record without an id", i)
			}
		}
	}
	return *answer.Results, nil
}

// Records asks the API for records by id, such as Query finds, in order. One that cannot be read is a
// *feeds.RecordError and the others go on; any other error is the last thing
// yielded. Nothing is asked before the first range.
func Records(ctx context.Context, opts *Options, ids ...string) iter.Seq2[feeds.Record, error] {
	return func(yield func(feeds.Record, error) bool) {
		f := New(opts)
		for _, id := range ids {
			answer, err := fetch.Get(ctx, f.api()+"/v1/vulns/"+url.PathEscape(id), fetch.Validators{}, f.asking(maxRecord))
			if err != nil {
				yield(feeds.Record{}, fmt.Errorf("%s: %w", Name, err))
				return
			}
			record, err := decode(bytes.NewReader(answer.Body))
			if err == nil && record.Item != id {
				err = fmt.Errorf("asked for it and got %q", record.Item)
			}
			if err != nil {
				record, err = feeds.Record{}, &feeds.RecordError{Source: Name, Item: id, Digest: fetch.Digest(answer.Body), Err: err}
			}
			if !yield(record, err) {
				return
			}
		}
	}
}
