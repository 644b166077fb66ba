package csaf

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// A Provider is one of those that an aggregator lists.
type Provider struct {
	// Source is a name for its feed, made of the namespace: "csaf/vendor.example". Two providers
	// of one namespace share it, and then the host has to choose.
	Source string
	// Publisher is its name, Category and Namespace what the standard calls so.
	Publisher, Category, Namespace string
	// Role is "csaf_publisher", "csaf_provider" or "csaf_trusted_provider".
	Role string
	// URL is its metadata: Options.From of its feed.
	URL string
	// Mirrors are where the aggregator itself keeps a copy; none when it only lists.
	Mirrors []string
	// Updated is when the metadata was changed last; zero is not said.
	Updated time.Time
}

// Providers reads the list of an aggregator (aggregator.json) at an address. The host makes a feed of
// each that it trusts, with a name of its own. Of opts the Client is used; nil is fine. An entry that
// cannot be read is an error, and the others are returned beside it.
func Providers(ctx context.Context, address string, opts *Options) ([]Provider, error) {
	f := New(opts)
	f.opts.From, f.opts.FS, f.opts.More = address, nil, nil
	a, err := f.asker(address)
	if err != nil {
		return nil, fmt.Errorf("csaf: %w", err)
	}
	answer, err := a.get(ctx, a.origin.String(), fetch.Validators{}, maxMetadata)
	if err != nil {
		return nil, fmt.Errorf("csaf: %w", err)
	}
	out, err := a.providers(answer.Body)
	if err != nil {
		err = fmt.Errorf("csaf: %s: %w", a.origin, err)
	}
	return out, err
}

// listed is one entry of an aggregator.
type listed struct {
	Metadata struct {
		Updated   string    `json:"last_updated"`
		Publisher publisher `json:"publisher"`
		Role      string    `json:"role"`
		URL       string    `json:"url"`
	} `json:"metadata"`
	Mirrors []string `json:"mirrors"`
}

func (a *asker) providers(answer []byte) ([]Provider, error) {
	body, err := fetch.Document(bytes.NewReader(answer), maxMetadata)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Aggregator *json.RawMessage  `json:"aggregator"`
		Providers  []json.RawMessage `json:"csaf_providers"`
		Publishers []json.RawMessage `json:"csaf_publishers"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, fetch.Placed(err, body)
	}
	if doc.Aggregator == nil {
		return nil, fmt.Errorf("no list of CSAF providers: %w", fetch.ErrOther)
	}
	var out []Provider
	var errs []error
	for _, part := range []struct {
		name    string
		entries []json.RawMessage
	}{{"csaf_providers", doc.Providers}, {"csaf_publishers", doc.Publishers}} {
		for i, raw := range part.entries {
			p, err := a.provider(raw)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s[%d]: %w", part.name, i, err))
				continue
			}
			out = append(out, p)
		}
	}
	return out, errors.Join(errs...)
}

func (a *asker) provider(raw json.RawMessage) (Provider, error) {
	var e listed
	if err := json.Unmarshal(raw, &e); err != nil {
		return Provider{}, err
	}
	m := e.Metadata
	at, err := a.resolve(a.origin, m.URL)
	if err != nil {
		return Provider{}, err
	}
	p := Provider{Publisher: m.Publisher.Name, Category: m.Publisher.Category, Namespace: m.Publisher.Namespace, Role: m.Role, URL: at.String()}
	if p.Updated, err = instant("last_updated", m.Updated); err != nil {
		return Provider{}, err
	}
	for _, link := range e.Mirrors {
		mirror, err := a.resolve(a.origin, link)
		if err != nil {
			return Provider{}, fmt.Errorf("mirrors: %w", err)
		}
		p.Mirrors = append(p.Mirrors, mirror.String())
	}
	p.Source = sourceOf(m.Publisher.Namespace, at)
	return p, nil
}

// sourceOf makes the name of a source of a namespace, or of the host at which it is.
func sourceOf(namespace string, at *url.URL) string {
	host := at.Hostname()
	if ns, err := url.Parse(namespace); err == nil && ns.Hostname() != "" {
		host = ns.Hostname()
	}
	host = strings.TrimPrefix(strings.ToLower(host), "www.")
	return Name + "/" + strings.Trim(notInNames.ReplaceAllString(host, "-"), "-.")
}

var notInNames = regexp.MustCompile(`[^a-z0-9.]+|\.\.+`)
