package fetch

import (
	"net/http"
	"net/netip"
)

// Public is what decides whether an address is of the public network.
var Public = public

// NewClientWhere is NewClient with another idea of what the public network is:
// a test has this machine only.
func NewClientWhere(public func(netip.Addr) bool, opts ClientOptions) *http.Client {
	return &http.Client{Transport: newTransport(opts, public)}
}
