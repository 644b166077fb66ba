package csaf

import "iter"

// ProductTree names every product the document speaks of. Section 3.2.2.
type ProductTree struct {
	Branches         []Branch       `json:"branches,omitempty"`
	FullProductNames []Product      `json:"full_product_names,omitempty"`
	ProductGroups    []ProductGroup `json:"product_groups,omitempty"`
	ProductPaths     []ProductPath  `json:"product_paths,omitempty" csaf:"2.1"` // 2.1
	Relationships    []Relationship `json:"relationships,omitempty" csaf:"2.0"` // 2.0
	Extra            Extra          `json:"-"`
}

// A Branch is one step from vendor to version: it holds either further branches
// or one product, never both. Section 3.1.2.
type Branch struct {
	Branches []Branch       `json:"branches,omitempty"`
	Category BranchCategory `json:"category,omitempty"`
	Name     string         `json:"name,omitempty"`
	Product  *Product       `json:"product,omitempty"`
	Extra    Extra          `json:"-"`
}

// A Product is the standard's full product name: what the rest of the document
// refers to by ID. Section 3.1.3.
type Product struct {
	Name   string  `json:"name,omitempty"`
	ID     string  `json:"product_id,omitempty"`
	Helper *Helper `json:"product_identification_helper,omitempty"`
	Extra  Extra   `json:"-"`
}

// A Helper identifies a product by other people's names for it.
type Helper struct {
	CPE           string       `json:"cpe,omitempty"`
	Hashes        []FileHashes `json:"hashes,omitempty"`
	ModelNumbers  []string     `json:"model_numbers,omitempty"`
	PURL          string       `json:"purl,omitempty" csaf:"2.0"`  // 2.0
	PURLs         []string     `json:"purls,omitempty" csaf:"2.1"` // 2.1
	SBOMURLs      []string     `json:"sbom_urls,omitempty"`
	SerialNumbers []string     `json:"serial_numbers,omitempty"`
	SKUs          []string     `json:"skus,omitempty"`
	GenericURIs   []GenericURI `json:"x_generic_uris,omitempty"`
	Extra         Extra        `json:"-"`
}

// FileHashes are the digests of one file.
type FileHashes struct {
	FileHashes []FileHash `json:"file_hashes,omitempty"`
	Filename   string     `json:"filename,omitempty"`
	Extra      Extra      `json:"-"`
}

// A FileHash is one digest in hexadecimal.
type FileHash struct {
	Algorithm string `json:"algorithm,omitempty"`
	Value     string `json:"value,omitempty"`
	Extra     Extra  `json:"-"`
}

// A GenericURI is an identifier of a scheme that has no member of its own, for
// instance a UDI-DI.
type GenericURI struct {
	Namespace string `json:"namespace,omitempty"`
	URI       string `json:"uri,omitempty"`
	Extra     Extra  `json:"-"`
}

// A ProductGroup is two or more products under one id.
type ProductGroup struct {
	GroupID    string   `json:"group_id,omitempty"`
	ProductIDs []string `json:"product_ids,omitempty"`
	Summary    string   `json:"summary,omitempty"`
	Extra      Extra    `json:"-"`
}

// A Relationship makes a new product out of two: this one installed on that one.
type Relationship struct {
	Category                  RelationshipCategory `json:"category,omitempty"`
	FullProductName           Product              `json:"full_product_name,omitzero"`
	ProductReference          string               `json:"product_reference,omitempty"`
	RelatesToProductReference string               `json:"relates_to_product_reference,omitempty"`
	Extra                     Extra                `json:"-"`
}

// A ProductPath is what CSAF 2.1 has in place of Relationship: a product that
// begins with one and goes on to others, step by step.
type ProductPath struct {
	BeginningProductReference string    `json:"beginning_product_reference,omitempty"`
	FullProductName           Product   `json:"full_product_name,omitzero"`
	Subpaths                  []Subpath `json:"subpaths,omitempty"`
	Extra                     Extra     `json:"-"`
}

// A Subpath is one step of a ProductPath.
type Subpath struct {
	Category             RelationshipCategory `json:"category,omitempty"`
	NextProductReference string               `json:"next_product_reference,omitempty"`
	Extra                Extra                `json:"-"`
}

// Products yields every product the tree defines with its JSON pointer in the
// document: full product names first, then branches depth first, then
// relationships, then product paths. A nil tree yields none.
func (t *ProductTree) Products() iter.Seq2[string, *Product] {
	return func(yield func(string, *Product) bool) {
		t.products(func(at *place, p *Product) bool { return yield(at.String(), p) })
	}
}

func (t *ProductTree) products(yield func(*place, *Product) bool) bool {
	if t == nil {
		return true
	}
	root := (*place)(nil).key("product_tree")
	names, rels := root.key("full_product_names"), root.key("relationships")
	for i := range t.FullProductNames {
		if !yield(names.at(i), &t.FullProductNames[i]) {
			return false
		}
	}
	if !branchProducts(root.key("branches"), t.Branches, yield) {
		return false
	}
	for i := range t.Relationships {
		if !yield(rels.at(i).key("full_product_name"), &t.Relationships[i].FullProductName) {
			return false
		}
	}
	paths := root.key("product_paths")
	for i := range t.ProductPaths {
		if !yield(paths.at(i).key("full_product_name"), &t.ProductPaths[i].FullProductName) {
			return false
		}
	}
	return true
}

func branchProducts(at *place, bs []Branch, yield func(*place, *Product) bool) bool {
	for i := range bs {
		here := at.at(i)
		if bs[i].Product != nil && !yield(here.key("product"), bs[i].Product) {
			return false
		}
		if len(bs[i].Branches) > 0 && !branchProducts(here.key("branches"), bs[i].Branches, yield) {
			return false
		}
	}
	return true
}
