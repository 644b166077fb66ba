// Package device is the maker's product as it stands in hospitals: product, model,
// released version, UDI-DI, and the facts of its deployment.
//
// It owns the [Product] and its [Deployment]. It holds no patient data and names
// no site by name. What a fact means for a vulnerability is said in package assess.
//
//	p := device.Product{ID: "pump-2.1", Name: "Infusion pump", Model: "IP-2", Version: "2.1", Zone: "Europe/Berlin"}
//	err := p.Validate()
package device
