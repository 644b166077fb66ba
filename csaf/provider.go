package csaf

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// ProviderRole is the set of requirements that a provider meets. Section 7.2.
type ProviderRole string

// Values of ProviderRole.
const (
	RolePublisher       ProviderRole = "csaf_publisher"
	RoleProvider        ProviderRole = "csaf_provider"
	RoleTrustedProvider ProviderRole = "csaf_trusted_provider" // what it provides is signed
)

// Valid reports whether the standard knows the value.
func (r ProviderRole) Valid() bool {
	return r == RolePublisher || r == RoleProvider || r == RoleTrustedProvider
}

// A Signer signs documents with OpenPGP. It is the host's: keys never come near
// this package.
type Signer interface {
	// Sign returns a detached signature over all of text, in ASCII armor.
	Sign(text io.Reader) (armored []byte, err error)
}

// An OpenPGPKey is the public part of a key that documents are signed with.
type OpenPGPKey struct {
	Fingerprint string // in hexadecimal
	URL         string // where it can be had; empty puts Armored into the layout
	Armored     []byte // written to openpgp/FINGERPRINT.asc if there is any
}

// A Provider says who provides documents, and where on the web.
type Provider struct {
	// URL is the https address of the folder that the layout is served at.
	URL string
	// Publisher is shown for the provider; it should be that of the documents.
	Publisher Publisher
	// Role is what is claimed. Empty means RoleTrustedProvider with a Signer, else
	// RoleProvider.
	Role ProviderRole
	// Unlisted and Unmirrored tell aggregators not to list the provider and not to
	// copy its documents. The zero values allow both.
	Unlisted, Unmirrored bool
	// Signer signs every document; nil leaves them unsigned.
	Signer Signer
	// Keys are the public keys to check signatures with.
	Keys []OpenPGPKey
	// Protected says that the folders amber and red of the layout are served only
	// to those who may read them. Without it a document with one of these labels is
	// refused.
	Protected bool
}

var fingerprintForm = regexp.MustCompile(`^[0-9a-fA-F]{40,}$`)

// check says everything that is wrong with p.
func (p *Provider) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("csaf: provider: "+format, args...)) }
	if u, err := url.Parse(p.URL); err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || uri(p.URL) != "" {
		wrong("%q is no https address of a folder", p.URL)
	}
	if p.Publisher.Name == "" || !p.Publisher.Category.Valid() || uri(p.Publisher.Namespace) != "" {
		wrong("the publisher needs a name, a category and a namespace that is a URI")
	}
	if p.Role != "" && !p.Role.Valid() {
		wrong("%q is no role", string(p.Role))
	}
	if p.role() == RoleTrustedProvider && (p.Signer == nil || len(p.Keys) == 0) {
		wrong("a trusted provider needs a signer and the public key to it")
	}
	for i, k := range p.Keys {
		if !fingerprintForm.MatchString(k.Fingerprint) {
			wrong("key %d: %q is no fingerprint", i, k.Fingerprint)
		}
		switch {
		case k.URL == "" && len(k.Armored) == 0:
			wrong("key %d has neither a URL nor a text", i)
		case k.URL != "" && uri(k.URL) != "":
			wrong("key %d: %q is no URI", i, k.URL)
		}
		if len(k.Armored) > 0 && !strings.HasPrefix(string(k.Armored), "-----BEGIN PGP PUBLIC KEY BLOCK-----") {
			wrong("key %d: what is to be published is no armored public key", i)
		}
	}
	return errors.Join(errs...)
}

func (p *Provider) role() ProviderRole {
	switch {
	case p.Role != "":
		return p.Role
	case p.Signer != nil:
		return RoleTrustedProvider
	}
	return RoleProvider
}

// at is the address of a file in the layout.
func (p *Provider) at(file string) string { return strings.TrimSuffix(p.URL, "/") + "/" + file }

const metadataFile = "provider-metadata.json"

// MetadataURL is where the layout's provider-metadata.json will be: what the CSAF
// field of a security.txt names.
func (p *Provider) MetadataURL() string { return p.at(metadataFile) }

// metadata is provider-metadata.json. Section 7.1.7.
type metadata struct {
	CanonicalURL        string         `json:"canonical_url"`
	Distributions       []distribution `json:"distributions,omitempty"`
	LastUpdated         Date           `json:"last_updated"`
	ListOnAggregators   bool           `json:"list_on_CSAF_aggregators"`
	MetadataVersion     string         `json:"metadata_version"`
	MirrorOnAggregators bool           `json:"mirror_on_CSAF_aggregators"`
	PublicKeys          []publicKey    `json:"public_openpgp_keys,omitempty"`
	Publisher           publisher      `json:"publisher"`
	Role                ProviderRole   `json:"role"`
}

type distribution struct {
	DirectoryURL string `json:"directory_url,omitempty"`
	ROLIE        *rolie `json:"rolie,omitempty"`
}

type rolie struct {
	Categories []string `json:"categories,omitempty"`
	Feeds      []feedOf `json:"feeds"`
	Services   []string `json:"services,omitempty"`
}

type feedOf struct {
	Summary string `json:"summary"`
	Label   string `json:"tlp_label"`
	URL     string `json:"url"`
}

type publicKey struct {
	Fingerprint string `json:"fingerprint"`
	URL         string `json:"url"`
}

type publisher struct {
	Category         PublisherCategory `json:"category"`
	ContactDetails   string            `json:"contact_details,omitempty"`
	IssuingAuthority string            `json:"issuing_authority,omitempty"`
	Name             string            `json:"name"`
	Namespace        string            `json:"namespace"`
}

func (p *Provider) metadata(shelves []*shelf, now time.Time) metadata {
	m := metadata{
		CanonicalURL: p.MetadataURL(), LastUpdated: At(now), MetadataVersion: Version, Role: p.role(),
		ListOnAggregators: !p.Unlisted, MirrorOnAggregators: !p.Unmirrored,
		Publisher: publisher{
			Category: p.Publisher.Category, ContactDetails: p.Publisher.ContactDetails,
			IssuingAuthority: p.Publisher.IssuingAuthority, Name: p.Publisher.Name, Namespace: p.Publisher.Namespace,
		},
	}
	feeds := &rolie{Services: []string{p.at(serviceFile)}}
	for _, s := range shelves {
		m.Distributions = append(m.Distributions, distribution{DirectoryURL: p.at(s.folder)})
		feeds.Categories = append(feeds.Categories, p.at(s.categoryFile()))
		feeds.Feeds = append(feeds.Feeds, feedOf{Summary: s.title(p), Label: s.label, URL: p.at(s.feedFile())})
	}
	m.Distributions = append(m.Distributions, distribution{ROLIE: feeds})
	for _, k := range p.Keys {
		at := k.URL
		if at == "" {
			at = p.at(k.file())
		}
		m.PublicKeys = append(m.PublicKeys, publicKey{strings.ToUpper(k.Fingerprint), at})
	}
	return m
}

func (k OpenPGPKey) file() string { return "openpgp/" + strings.ToUpper(k.Fingerprint) + ".asc" }
