package spdx

import (
	"regexp"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/sbom"
)

// maxFiles bounds the names in one Component.Files, maxSteps the steps taken in
// one document to find them: a Linux kernel with every driver is compiled from
// some 30,000 files, and real documents stay far below.
//
// maxAncestors and maxInputs bound what many outputs of builds with many inputs
// multiply to.
const (
	maxFiles     = 50_000
	maxSteps     = 4_000_000
	maxAncestors = 100_000
	maxInputs    = 1_000_000
)

// finish resolves the relations and returns the BOM.
func (d *document) finish() sbom.BOM {
	if len(d.components) == 0 {
		d.filesAsComponents()
	}
	root := d.root()
	d.edges()
	d.pedigrees()
	parents := d.parents(root)
	d.order(root, parents)
	return d.bom
}

// filesAsComponents makes the files the components of a document that has no
// package.
func (d *document) filesAsComponents() {
	for _, f := range d.files {
		kind := f.kind
		if kind == "" {
			kind = sbom.File
		}
		at := len(d.components)
		d.components = append(d.components, &sbom.Component{
			Ref: f.ref, Path: f.path, Name: f.name, Type: kind, Hashes: f.hashes, Licenses: licenses(f.license),
		})
		if _, twice := d.packageAt[f.ref]; !twice {
			d.packageAt[f.ref] = at
		}
	}
}

// root returns the index of the one package that is described, or -1.
func (d *document) root() int {
	root := -1
	for _, r := range d.relations {
		if r.kind != describes {
			continue
		}
		at, ok := d.packageAt[r.to]
		if !ok || d.components[at].Type == sbom.File && len(d.files) > 0 {
			continue
		}
		if root >= 0 && root != at {
			if !d.strict { // the specification allows it
				d.problem(d.components[at].Path, "is described beside %s: the document has no one root", d.components[root].Path)
			}
			return -1
		}
		root = at
	}
	return root
}

// parents returns for each component the index of its holder, -1 at the top.
// The first that says so holds it; a package is not held by itself.
func (d *document) parents(root int) []int {
	parents := make([]int, len(d.components))
	for i := range parents {
		parents[i] = -1
	}
	for _, r := range d.relations {
		if r.kind != contains && r.kind != optional {
			continue
		}
		from, ok := d.packageAt[r.from]
		to, ok2 := d.packageAt[r.to]
		if !ok || !ok2 || parents[to] >= 0 || to == root {
			continue
		}
		if r.kind == optional {
			d.components[to].Scope = "optional"
		}
		parents[to] = from
	}
	// Cut what is held by itself where the ring was entered.
	state := make([]int8, len(parents)) // 1 on the way, 2 known to end
	for i := range parents {
		var way []int
		at := i
		for at >= 0 && state[at] == 0 {
			state[at] = 1
			way = append(way, at)
			at = parents[at]
		}
		if at >= 0 && state[at] == 1 {
			d.problem(d.components[at].Path, "is held by itself")
			parents[at] = -1
		}
		for _, w := range way {
			state[w] = 2
		}
	}
	return parents
}

// order sets the root and the components: each before those nested in it, and
// otherwise in document order.
func (d *document) order(root int, parents []int) {
	children := map[int][]int{}
	var stack []int
	for i := len(parents) - 1; i >= 0; i-- {
		if p := parents[i]; p >= 0 {
			d.components[i].Parent = d.components[p].Ref
			children[p] = append(children[p], i) // last first, as the stack wants it
		} else {
			stack = append(stack, i)
		}
	}
	if root >= 0 {
		d.bom.Root = *d.components[root]
		d.bom.Components = make([]sbom.Component, 0, len(d.components)-1)
	} else {
		d.bom.Components = make([]sbom.Component, 0, len(d.components))
	}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = append(stack[:len(stack)-1], children[at]...)
		if at != root {
			d.bom.Components = append(d.bom.Components, *d.components[at])
			d.components[at] = nil
		}
	}
	d.components = nil
}

// edges gathers the dependencies by the component that has them. NONE says that
// it has none.
func (d *document) edges() {
	at := map[string]int{}
	for _, r := range d.relations {
		if r.kind != dependsOn && r.kind != mayNeed || d.builds[r.from] || r.to == "NOASSERTION" {
			continue
		}
		if _, ok := d.fileAt[r.from]; ok && len(d.components) != len(d.files) {
			if _, isPackage := d.packageAt[r.from]; !isPackage {
				continue // a file of a package; the package is what depends
			}
		}
		if i, ok := d.packageAt[r.to]; ok && r.kind == mayNeed {
			d.components[i].Scope = "optional"
		}
		d.edge(at, r.from, r.to)
	}
	// What a build puts into its output that is not source is in it.
	if len(d.builds) == 0 {
		return
	}
	left := maxInputs
	inputs := map[string][]string{}
	for _, r := range d.relations {
		if r.kind == madeFrom && d.builds[r.from] {
			inputs[r.from] = append(inputs[r.from], r.to)
		}
	}
	for _, r := range d.relations {
		if _, ok := d.packageAt[r.from]; !ok || r.kind != madeFrom || !d.builds[r.to] {
			continue
		}
		for _, in := range inputs[r.to] {
			if left--; left == 0 {
				d.problem("builds", "have more inputs for each output than the %d that are followed", maxInputs)
				return
			}
			if i, ok := d.packageAt[in]; ok && d.components[i].Type != "source" {
				d.edge(at, r.from, in)
			}
		}
	}
}

func (d *document) edge(at map[string]int, from, to string) {
	i, ok := at[from]
	if !ok {
		i = len(d.bom.Edges)
		at[from] = i
		d.bom.Edges = append(d.bom.Edges, sbom.Edge{From: from})
	}
	if to != "NONE" {
		d.bom.Edges[i].To = append(d.bom.Edges[i].To, to)
	}
}

// cves finds the ids in the name of a patch ("CVE-2023-42364.patch").
var cves = regexp.MustCompile(`CVE-[0-9]{4}-[0-9]{4,}`)

// pedigrees follows what each package holds and is made from: packages of
// source become ancestors, patches patches, files of source the names in Files.
func (d *document) pedigrees() {
	next := map[string][]relation{}
	for _, r := range d.relations {
		switch r.kind {
		case contains, optional:
			if _, ok := d.fileAt[r.to]; ok {
				next[r.from] = append(next[r.from], r)
			}
		case madeFrom, patchedBy:
			next[r.from] = append(next[r.from], r)
		}
	}
	if len(next) == 0 {
		return
	}
	steps := 0
	for i := range d.components {
		if next[d.components[i].Ref] == nil {
			continue
		}
		if steps += d.trace(i, next, maxSteps-steps); steps >= maxSteps {
			d.problem(d.components[i].Path, "is not followed to its files, nor are those after it: more than %d steps", maxSteps)
			return
		}
	}
}

// trace follows one component, at most budget steps, and returns how many it
// took.
func (d *document) trace(i int, next map[string][]relation, budget int) int {
	c := d.components[i]
	if d.packageAt[c.Ref] != i {
		return 0 // another of the same id
	}
	seen := map[string]bool{c.Ref: true}
	names := map[string]bool{}
	queue := []string{c.Ref}
	left, steps := 0, 0
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, r := range next[at] {
			if steps++; steps > budget {
				return steps
			}
			if seen[r.to] {
				continue
			}
			seen[r.to] = true
			if p, ok := d.packageAt[r.to]; ok {
				d.inherit(c, *d.components[p], r, d.builds[at])
				continue // its own story is told there
			}
			f, ok := d.fileAt[r.to]
			switch {
			case ok && (r.kind == patchedBy || d.files[f].patch && r.kind == madeFrom):
				patched(c, d.files[f].name)
				continue
			case ok && (d.files[f].source || r.kind == madeFrom && !follows(next[r.to])) && !names[d.files[f].name]:
				names[d.files[f].name] = true
				if len(c.Files) < maxFiles {
					c.Files = append(c.Files, d.files[f].name)
				} else {
					left++
				}
			case !ok && !d.builds[r.to]:
				continue
			}
			queue = append(queue, r.to)
		}
	}
	if left > 0 {
		d.problem(c.Path, "is compiled from %d files more than the %d that are kept", left, maxFiles)
	}
	return steps
}

// follows reports whether something is itself made from something.
func follows(rs []relation) bool {
	return slices.ContainsFunc(rs, func(r relation) bool { return r.kind == madeFrom })
}

// inherit records that c comes from the package p: by a build when p is source,
// else by the document's word.
func (d *document) inherit(c *sbom.Component, p sbom.Component, r relation, built bool) {
	if r.kind == patchedBy {
		patched(c, p.Name)
		return
	}
	if built && p.Type != "source" {
		return // that is an edge
	}
	switch d.ancestors++; {
	case d.ancestors == maxAncestors:
		d.problem(c.Path, "and those after it have more ancestors than the %d that are kept", maxAncestors)
		fallthrough
	case d.ancestors > maxAncestors:
		return
	}
	if c.Pedigree == nil {
		c.Pedigree = &sbom.Pedigree{}
	}
	p.Pedigree, p.Files, p.Evidence = nil, nil, nil
	c.Pedigree.Ancestors = append(c.Pedigree.Ancestors, p)
}

func patched(c *sbom.Component, name string) {
	if c.Pedigree == nil {
		c.Pedigree = &sbom.Pedigree{}
	}
	c.Pedigree.Patches = append(c.Pedigree.Patches, sbom.Patch{Resolves: cves.FindAllString(strings.ToUpper(name), -1), Diff: name})
}
