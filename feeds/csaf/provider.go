package csaf

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/open-postmarket/postmarket/feeds/fetch"
	"github.com/open-postmarket/postmarket/tlp"
)

// The most bytes of what a provider publishes beside its documents.
const (
	maxMetadata = 16 << 20
	maxListing  = 128 << 20
	maxKey      = 4 << 20
	maxProof    = 1 << 20
)

// metadata is a provider-metadata.json, as far as it is used.
type metadata struct {
	Canonical     string         `json:"canonical_url"`
	Role          string         `json:"role"`
	Publisher     publisher      `json:"publisher"`
	Distributions []distribution `json:"distributions"`
	Keys          []struct {
		Fingerprint string `json:"fingerprint"`
		URL         string `json:"url"`
	} `json:"public_openpgp_keys"`
}

type publisher struct {
	Category  string `json:"category"`
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
}

type distribution struct {
	Directory string `json:"directory_url"`
	Rolie     struct {
		Feeds []struct {
			Label string `json:"tlp_label"`
			URL   string `json:"url"`
		} `json:"feeds"`
	} `json:"rolie"`
}

// provider is where the documents are listed, and whose keys sign them.
type provider struct {
	lists []list
	keys  []key
	// trusted says that the provider promises a hash and a signature of each document.
	trusted bool
}

// list is one list of documents.
type list struct {
	address string
	// folder says that it is a directory with index.txt and changes.csv, not a ROLIE feed.
	folder bool
	// label is that of all documents; empty is not said.
	label tlp.Label
	// body is what was read of it already.
	body *fetch.Answer
}

type key struct{ address, fingerprint string }

// asker makes the requests of one reading.
type asker struct {
	origin *url.URL
	ask    func(most int64) *fetch.Options
}

// get asks for a document of the provider.
func (a *asker) get(ctx context.Context, address string, known fetch.Validators, most int64) (fetch.Answer, error) {
	return fetch.Get(ctx, address, known, a.ask(most))
}

// absent reports whether an error is the publisher's answer that there is nothing (for us).
func absent(err error) bool {
	status := (*fetch.StatusError)(nil)
	return errors.As(err, &status) && (status.Status == http.StatusNotFound || status.Status == http.StatusGone)
}

// refused reports whether an error says that only others may read.
func refused(err error) bool {
	status := (*fetch.StatusError)(nil)
	return errors.As(err, &status) && (status.Status == http.StatusUnauthorized || status.Status == http.StatusForbidden)
}

var hostName = regexp.MustCompile(`^(?i)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$`)

// domain returns the address of the domain that from names, if it names one and no file.
func domain(from string) (string, bool) {
	if !hostName.MatchString(from) || strings.EqualFold(path.Ext(from), ".json") {
		return "", false
	}
	if _, err := os.Stat(from); err == nil {
		return "", false
	}
	return "https://" + strings.ToLower(from) + "/", true
}

// find reads what stands at the origin, or looks for the provider of its domain.
func (a *asker) find(ctx context.Context) (provider, error) {
	if strings.Trim(a.origin.Path, "/") == "" && a.origin.RawQuery == "" {
		return a.discover(ctx)
	}
	if path.Ext(a.origin.Path) == "" || strings.HasSuffix(a.origin.Path, "/") {
		return provider{lists: []list{{address: a.origin.JoinPath("/").String(), folder: true}}}, nil
	}
	if path.Base(a.origin.Path) == "provider-metadata.json" {
		return a.read(ctx, a.origin, maxMetadata)
	}
	return a.read(ctx, a.origin, maxListing)
}

// discover looks for provider-metadata.json where a provider has to make it known: at the
// well-known address, in the security.txt, and on a host of its own (CSAF 2.0, sections
// 7.1.8 to 7.1.10). The first that is one is used.
func (a *asker) discover(ctx context.Context) (provider, error) {
	var tried []error
	// try reports whether the search is over.
	try := func(at *url.URL) (p provider, over bool, err error) {
		p, err = a.read(ctx, at, maxMetadata)
		if err != nil && elsewhere(err) && ctx.Err() == nil {
			tried = append(tried, err)
			return provider{}, false, nil
		}
		return p, true, err
	}
	if strings.HasPrefix(a.origin.Hostname(), dnsPath) {
		if p, over, err := try(a.origin); over {
			return p, err
		}
	}
	if p, over, err := try(a.origin.JoinPath(".well-known/csaf/provider-metadata.json")); over {
		return p, err
	}
	for _, place := range []string{".well-known/security.txt", "security.txt"} {
		at := a.origin.JoinPath(place)
		answer, err := a.get(ctx, at.String(), fetch.Validators{}, maxProof)
		if err != nil && elsewhere(err) && ctx.Err() == nil {
			tried = append(tried, err)
			continue
		}
		if err != nil {
			return provider{}, err
		}
		for _, link := range securityText(answer.Body) {
			next, err := a.resolve(at, link)
			if err != nil {
				tried = append(tried, fmt.Errorf("%s: CSAF: %w", at, err))
				continue
			}
			if p, over, err := try(next); over {
				return p, err
			}
		}
	}
	own := *a.origin
	own.Host = dnsPath + own.Host
	if p, over, err := try(&own); over {
		return p, err
	}
	return provider{}, fmt.Errorf("no provider metadata is found for %s: %w", a.origin.Host, errors.Join(tried...))
}

// dnsPath begins the name of the host that serves nothing but the metadata.
const dnsPath = "csaf.data.security."

// elsewhere reports whether after an error the next place is looked at: there is
// nothing, or something else. A publisher that asks to slow down or fails is not passed by.
func elsewhere(err error) bool {
	status := (*fetch.StatusError)(nil)
	if errors.As(err, &status) {
		return status.Status < 500 && status.Status != http.StatusTooManyRequests && status.Status != http.StatusRequestTimeout
	}
	return true
}

// securityText returns the CSAF fields of a security.txt (RFC 9116), in their order.
func securityText(body []byte) (out []string) {
	for line := range strings.Lines(string(body)) {
		name, value, ok := strings.Cut(line, ":")
		if value = strings.TrimSpace(value); ok && strings.EqualFold(strings.TrimSpace(name), "CSAF") && value != "" {
			out = append(out, value)
		}
	}
	return out
}

// read reads what stands at an address: the metadata of a provider, a ROLIE feed, or a
// service document that lists feeds.
func (a *asker) read(ctx context.Context, at *url.URL, most int64) (provider, error) {
	address := at.String()
	answer, err := a.get(ctx, address, fetch.Validators{}, most)
	if err != nil {
		return provider{}, err
	}
	body, err := fetch.Document(bytes.NewReader(answer.Body), most)
	if err != nil {
		return provider{}, fmt.Errorf("%s: %w", address, err)
	}
	var members fetch.Members
	if err := json.Unmarshal(body, &members); err != nil {
		return provider{}, fmt.Errorf("%s: %w", address, fetch.Placed(err, body))
	}
	has := func(name string) bool { _, ok := members[name]; return ok }
	var p provider
	switch {
	case has("feed"):
		return provider{lists: []list{{address: address, body: &answer}}}, nil
	case has("service"):
		p, err = a.service(at, body)
	case has("aggregator"):
		err = errors.New("a list of providers: each needs a feed of its own, see Providers")
	case has("canonical_url"):
		p, err = a.metadata(at, body)
	default:
		err = fmt.Errorf("neither the metadata of a CSAF provider nor a ROLIE feed: %w", fetch.ErrOther)
	}
	if err != nil {
		return provider{}, fmt.Errorf("%s: %w", address, err)
	}
	return p, nil
}

// metadata reads a provider-metadata.json. When it has feeds, its directories hold the same
// documents, and are not read.
func (a *asker) metadata(at *url.URL, body []byte) (p provider, err error) {
	var m metadata
	if err := json.Unmarshal(body, &m); err != nil {
		return p, fetch.Placed(err, body)
	}
	if len(body) > maxMetadata {
		return p, fetch.ErrTooLarge
	}
	p.trusted = m.Role == "csaf_trusted_provider"
	for _, k := range m.Keys {
		address, err := a.resolve(at, k.URL)
		if err != nil {
			return p, fmt.Errorf("public_openpgp_keys: %w", err)
		}
		p.keys = append(p.keys, key{address.String(), k.Fingerprint})
	}
	var folders []list
	for _, d := range m.Distributions {
		if d.Directory != "" {
			address, err := a.resolve(at, d.Directory)
			if err != nil {
				return p, fmt.Errorf("directory_url: %w", err)
			}
			folders = append(folders, list{address: address.JoinPath("/").String(), folder: true})
		}
		for _, f := range d.Rolie.Feeds {
			address, err := a.resolve(at, f.URL)
			if err != nil {
				return p, fmt.Errorf("rolie: %w", err)
			}
			l := list{address: address.String()}
			if f.Label != "UNLABELED" {
				l.label, _ = tlp.ParseLabel(f.Label)
			}
			p.lists = append(p.lists, l)
		}
	}
	if len(p.lists) == 0 {
		p.lists = folders
	}
	if len(p.lists) == 0 {
		return p, errors.New("the metadata of a CSAF provider that names no distribution")
	}
	return p, nil
}

func (a *asker) service(at *url.URL, body []byte) (p provider, err error) {
	var s struct {
		Service struct {
			Workspace []struct {
				Collection []struct {
					Href string `json:"href"`
				} `json:"collection"`
			} `json:"workspace"`
		} `json:"service"`
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return p, fetch.Placed(err, body)
	}
	for _, w := range s.Service.Workspace {
		for _, c := range w.Collection {
			address, err := a.resolve(at, c.Href)
			if err != nil {
				return p, fmt.Errorf("collection: %w", err)
			}
			p.lists = append(p.lists, list{address: address.String()})
		}
	}
	if len(p.lists) == 0 {
		return p, errors.New("a ROLIE service that names no collection")
	}
	return p, nil
}

// resolve returns the address that a document at base links to. A publisher may link to
// other hosts, but not to this machine or into the private network, unless it is
// there itself.
func (a *asker) resolve(base *url.URL, link string) (*url.URL, error) {
	if link == "" {
		return nil, errors.New("an address is empty")
	}
	ref, err := url.Parse(link)
	if err != nil {
		return nil, err
	}
	at := base.ResolveReference(ref)
	at.Fragment, at.RawFragment = "", ""
	switch {
	case at.Host == "" || at.User != nil:
		return nil, fmt.Errorf("%q is no address of a document", link)
	case at.Scheme != "https" && (at.Scheme != "http" || at.Host != a.origin.Host || a.origin.Scheme != "http"):
		return nil, fmt.Errorf("%q is not https", link)
	case at.Host != a.origin.Host && inside(at.Hostname()):
		return nil, fmt.Errorf("%q is not in the public network", link)
	}
	return at, nil
}

// inside reports whether a host is by its name on this machine or in the private network.
func inside(host string) bool {
	if at, err := netip.ParseAddr(host); err == nil {
		at = at.Unmap()
		return !at.IsGlobalUnicast() || at.IsPrivate()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".local") || !strings.Contains(host, ".")
}
