// Package device is the maker's product as it stands in hospitals: product, model,
// released version, UDI-DI, and the facts of its deployment.
//
// It owns the [Product] and its [Deployment], and its life in use: the [Line] it
// belongs to, the [Life] it has come to, the units that are [Fielded], the
// [NoneInUse] that ends monitoring, the [Supplier]s and [Related] systems. It holds
// no patient data and names no site and no person by name. What a fact means for a
// vulnerability is said in package assess.
//
//	p := device.Product{ID: "pump-2.1", Name: "Infusion pump", Model: "IP-2", Version: "2.1", Zone: "Europe/Berlin"}
//	err := p.Validate()
package device
