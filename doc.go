// Package postmarket wires the rooms of this module into one program: what a
// maker of medical devices does for security after launch, as plain Go packages.
//
// It owns nothing but the wiring, decides nothing, and imports no adapter: a
// program that imports it chooses its own stores, feeds and notifiers. Every room
// also works alone; match.Build and Find need no store, cvss.Parse needs nothing.
//
//	p, err := postmarket.New(postmarket.Config{Store: db, Mirror: db, Sources: sources})
//	err = p.Add(ctx, by, product, bom)
//	result, err := p.Check(ctx)
//	for f, err := range p.Findings(ctx, product.ID) { … }
package postmarket
