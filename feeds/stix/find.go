package stix

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// find returns the addresses of the objects of the collections to be read. What
// stands at Options.From says itself which resource it is. A bundle is read at
// once, and then there are none.
func (r *reading) find(ctx context.Context) ([]string, error) {
	from := *r.origin
	from.Fragment = ""
	if strings.HasSuffix(strings.TrimSuffix(from.Path, "/"), "/objects") {
		from.RawQuery = ""
		return []string{folder(&from).String()}, nil
	}
	body, _, err := r.get(ctx, from.String(), limits.Document)
	if err != nil {
		return nil, err
	}
	elements, rest, err := r.elements(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", &from, err)
	}
	switch has := func(name string) bool { _, ok := rest[name]; return ok }; {
	case text(rest["type"]) == "bundle":
		return nil, r.take(elements)
	case has("api_roots"):
		return r.asked(&from)(r.discovery(ctx, &from, body))
	case has("collections"):
		return r.asked(&from)(r.choose(&from, body))
	case has("versions"):
		return r.asked(&from)(r.collections(ctx, &from, body))
	case has("can_read") && has("id"):
		return []string{folder(&from).JoinPath("objects/").String()}, nil
	}
	return nil, fmt.Errorf("%s: neither a TAXII 2.1 resource nor a STIX bundle: %w", &from, fetch.ErrOther)
}

// asked says what is missing from the collections that were found.
func (r *reading) asked(at *url.URL) func([]string, error) ([]string, error) {
	return func(found []string, err error) ([]string, error) {
		if err != nil {
			return nil, err
		}
		for _, wanted := range r.opts.Collections {
			if !r.found[wanted] {
				return nil, fmt.Errorf("%s: there is no collection %q", at, wanted)
			}
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: there is no collection that may be read", at)
		}
		return found, nil
	}
}

// folder is u with a slash at its end, without which a server need not know it.
func folder(u *url.URL) *url.URL {
	out := *u
	out.RawQuery = ""
	return out.JoinPath("/")
}

// discovery reads the API root that the server names as its default, else all.
func (r *reading) discovery(ctx context.Context, at *url.URL, body []byte) ([]string, error) {
	var d struct {
		Default string   `json:"default"`
		Roots   []string `json:"api_roots"`
	}
	if err := json.Unmarshal(body, &d); err != nil {
		return nil, fmt.Errorf("%s: discovery: %w", at, fetch.Placed(err, body))
	}
	if d.Default != "" {
		d.Roots = []string{d.Default}
	}
	if len(d.Roots) == 0 {
		return nil, fmt.Errorf("%s: discovery names no API root", at)
	}
	var out []string
	for _, text := range d.Roots {
		root, err := at.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: discovery: %w", at, err)
		}
		if !r.own(root) {
			return nil, fmt.Errorf("%s: its API root %q is on another host: name that in Options.From to trust it", at, text)
		}
		body, _, err := r.get(ctx, root.String(), resource)
		if err != nil {
			return nil, err
		}
		found, err := r.collections(ctx, root, body)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// collections asks an API root, which described itself by body, for its collections.
func (r *reading) collections(ctx context.Context, root *url.URL, body []byte) ([]string, error) {
	var about struct {
		Versions []string `json:"versions"`
	}
	if err := json.Unmarshal(body, &about); err != nil {
		return nil, fmt.Errorf("%s: API root: %w", root, fetch.Placed(err, body))
	}
	if !slices.ContainsFunc(about.Versions, func(v string) bool { return strings.Contains(v, "2.1") }) {
		return nil, fmt.Errorf("%s: an API root of TAXII %q, and only 2.1 is spoken", root, about.Versions)
	}
	at := folder(root).JoinPath("collections/")
	body, _, err := r.get(ctx, at.String(), resource)
	if err != nil {
		return nil, err
	}
	return r.choose(at, body)
}

// choose picks the collections to be read from a list of them.
func (r *reading) choose(at *url.URL, body []byte) ([]string, error) {
	var listed struct {
		Collections []struct {
			ID    string `json:"id"`
			Title string `json:"title"`
			Alias string `json:"alias"`
			Read  bool   `json:"can_read"`
		} `json:"collections"`
	}
	if err := json.Unmarshal(body, &listed); err != nil {
		return nil, fmt.Errorf("%s: collections: %w", at, fetch.Placed(err, body))
	}
	var out []string
	for _, c := range listed.Collections {
		chosen := len(r.opts.Collections) == 0
		for _, wanted := range r.opts.Collections {
			if wanted == c.ID || wanted == c.Alias || wanted == c.Title {
				chosen, r.found[wanted] = true, true
			}
		}
		switch {
		case c.ID == "" || !chosen:
		case c.Read:
			out = append(out, folder(at).JoinPath(url.PathEscape(c.ID), "objects/").String())
		case len(r.opts.Collections) > 0:
			return nil, fmt.Errorf("%s: the collection %q may not be read", at, c.Title)
		}
	}
	return out, nil
}
