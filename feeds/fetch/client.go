package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// ClientOptions say how publishers are reached, for all feeds that are given the
// client. Nil is all defaults.
type ClientOptions struct {
	// Contact is who is asking: a mail address or a page, told to publishers in the
	// User-Agent so that they can write before they block. Empty names the library alone.
	Contact string
	// Proxy chooses the proxy of a request. Nil is the environment's
	// (HTTPS_PROXY, NO_PROXY); to use none, return nil.
	Proxy func(*http.Request) (*url.URL, error)
	// Private allows that a publisher in the public network redirects into the
	// private one or to this machine. False refuses that: it is how a publisher, or
	// who speaks in its name, would reach what only this machine can. An address
	// that the caller names may always be private.
	Private bool
}

// NewClient returns the polite client: one that names itself, connects within a
// time, and does not let itself be sent into the private network. What it asks
// and how often is up to [Get], [Post] and [Save].
func NewClient(opts *ClientOptions) *http.Client {
	if opts == nil {
		opts = &ClientOptions{}
	}
	return &http.Client{Transport: newTransport(*opts, public)}
}

// shared is the client of all who bring none, so that connections are shared.
var shared = sync.OnceValue(func() *http.Client { return NewClient(nil) })

// agent is the User-Agent of requests: the library, where it is from, who asks.
func agent(contact string) string {
	const library = "postmarket (+https://github.com/open-postmarket/postmarket"
	contact = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '(' || r == ')' {
			return -1
		}
		return r
	}, contact)
	if contact == "" {
		return library + ")"
	}
	return library + "; " + contact + ")"
}

// transport makes requests, and knows for each where it really arrived.
type transport struct {
	opts   ClientOptions
	public func(netip.Addr) bool
	agent  string
	// open dials any address; guarded only public ones. They share no connections, so
	// that none to a private address is used again for a redirect.
	open, guarded *http.Transport
}

func newTransport(opts ClientOptions, public func(netip.Addr) bool) *transport {
	if opts.Proxy == nil {
		opts.Proxy = http.ProxyFromEnvironment
	}
	dialing := func(control func(string, string, syscall.RawConn) error) *http.Transport {
		d := net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second, Control: control}
		return &http.Transport{
			Proxy: opts.Proxy, DialContext: d.DialContext, ForceAttemptHTTP2: true, DisableCompression: true,
			MaxIdleConns: 20, MaxIdleConnsPerHost: 2, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 30 * time.Second,
			MaxResponseHeaderBytes: 1 << 20,
		}
	}
	t := &transport{opts: opts, public: public, agent: agent(opts.Contact)}
	t.open = dialing(nil)
	t.guarded = dialing(func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !public(at.Addr()) {
			return fmt.Errorf("%w: a redirect to %s, which is not in the public network", errRefused, address)
		}
		return nil
	})
	return t
}

// arrival is the address a request was answered from; of a proxy it says nothing.
type arrival struct{ at atomic.Pointer[netip.Addr] }

type arrivalKey struct{}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	proxy, err := t.opts.Proxy(req)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	seen := &arrival{}
	ctx := context.WithValue(req.Context(), arrivalKey{}, seen)
	if proxy == nil {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
			if at, err := netip.ParseAddrPort(info.Conn.RemoteAddr().String()); err == nil {
				addr := at.Addr()
				seen.at.Store(&addr)
			}
		}})
	}
	out := req.Clone(ctx)
	out.Header.Set("User-Agent", t.agent)
	by := t.open
	// Through a proxy it is the proxy that dials; then only the name can be judged,
	// which redirects does.
	if proxy == nil && !t.opts.Private && req.Response != nil && t.fromPublic(req.Response.Request) {
		by = t.guarded
	}
	resp, err := by.RoundTrip(out)
	if resp != nil {
		resp.Request = out
	}
	return resp, err
}

// CloseIdleConnections closes what is kept open for the next request.
func (t *transport) CloseIdleConnections() {
	t.open.CloseIdleConnections()
	t.guarded.CloseIdleConnections()
}

// fromPublic reports whether a request was answered from the public network,
// which it also was when that is not known.
func (t *transport) fromPublic(req *http.Request) bool {
	if seen, ok := req.Context().Value(arrivalKey{}).(*arrival); ok {
		if at := seen.at.Load(); at != nil {
			return t.public(*at)
		}
	}
	return !private(req.URL.Hostname(), t.public)
}

const maxRedirects = 5

// redirects limits what a publisher may send a request to. An owner's own rule is asked last.
func redirects(client *http.Client) func(*http.Request, []*http.Request) error {
	ours, _ := client.Transport.(*transport)
	judge := ours
	if judge == nil {
		judge = &transport{public: public}
	}
	asked := client.CheckRedirect
	return func(req *http.Request, via []*http.Request) error {
		first, from := via[0], via[len(via)-1]
		if req.Response != nil && req.Response.Request != nil {
			from = req.Response.Request
		}
		switch err := allowed(req.URL.String()); {
		case len(via) > maxRedirects:
			return fmt.Errorf("%w: more than %d redirects", errRefused, maxRedirects)
		case err != nil:
			return err
		case first.URL.Scheme == "https" && req.URL.Scheme != "https":
			return fmt.Errorf("%w: a redirect from https to %s", errRefused, req.URL.Scheme)
		case !judge.opts.Private && private(req.URL.Hostname(), judge.public) && judge.fromPublic(from):
			return fmt.Errorf("%w: a redirect to %s, which is not in the public network", errRefused, req.URL.Host)
		}
		if req.URL.Host != first.URL.Host {
			// What was meant for the publisher alone, such as a key of its own header.
			for name := range first.Header {
				if !plainHeaders[name] {
					req.Header.Del(name)
				}
			}
		}
		if asked != nil {
			return asked(req, via)
		}
		return nil
	}
}

// plainHeaders are those of ours that any host may see.
var plainHeaders = map[string]bool{
	"User-Agent": true, "Accept": true, "Accept-Encoding": true, "If-None-Match": true, "If-Modified-Since": true, "Content-Type": true,
}

var errRefused = errors.New("refused")

// allowed says why an address is not asked, or nil.
func allowed(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	switch {
	case u.Host == "":
		return fmt.Errorf("%w: %q names no host", errRefused, address)
	case u.User != nil:
		return fmt.Errorf("%w: the address at %s holds a user name", errRefused, u.Host)
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("%w: %q is neither https nor on this machine", errRefused, address)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// private reports whether a host is by its name outside the public network.
// Another name may still lead there, which shows when it is dialed.
func private(host string, public func(netip.Addr) bool) bool {
	if at, err := netip.ParseAddr(host); err == nil {
		return !public(at)
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// special are the blocks that are not of the public network, from the registries of
// special-purpose addresses (RFC 6890 as kept by IANA, 2025); those that
// netip.Addr knows itself are left out.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("fec0::/10"),
}

// embedding are the blocks of IPv6 that carry an address of IPv4, and where.
var embedding = []struct {
	in netip.Prefix
	at int
}{{netip.MustParsePrefix("64:ff9b::/96"), 12}, {netip.MustParsePrefix("2002::/16"), 2}, {netip.MustParsePrefix("::/96"), 12}}

// public reports whether an address is of the public network.
func public(at netip.Addr) bool {
	at = at.Unmap().WithZone("")
	if !at.IsValid() || !at.IsGlobalUnicast() || at.IsPrivate() {
		return false
	}
	for _, p := range special {
		if p.Contains(at) {
			return false
		}
	}
	for _, e := range embedding {
		if e.in.Contains(at) {
			all := at.As16()
			return public(netip.AddrFrom4([4]byte(all[e.at : e.at+4])))
		}
	}
	return true
}
