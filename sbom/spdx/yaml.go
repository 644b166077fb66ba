package spdx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/open-postmarket/postmarket/sbom"
)

// isYAML reports whether text that is neither JSON nor XML is YAML: its member
// is spdxVersion, where tag-value says SPDXVersion.
func isYAML(text []byte) bool {
	if bytes.HasPrefix(text, []byte("---")) || bytes.HasPrefix(text, []byte("%YAML")) {
		return true
	}
	for line := range bytes.Lines(text) {
		switch key, _, _ := bytes.Cut(line, []byte(":")); string(bytes.Trim(key, `"' `)) {
		case "SPDXVersion":
			return false
		case "spdxVersion":
			return true
		}
	}
	return false
}

// maxNodes bounds what aliases may unfold to.
const maxNodes = 20_000_000

// decodeYAML turns YAML into JSON and reads that. A plain scalar is the text as
// it is written: the version 1.10 does not become the number 1.1.
func decodeYAML(data []byte, strict bool) (sbom.BOM, error) {
	var root yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&root); err != nil {
		return sbom.BOM{}, &SyntaxError{Why: err.Error(), Err: err}
	}
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return sbom.BOM{}, &SyntaxError{Line: more.Line, Column: more.Column, Why: "has something after its end", Err: err}
	}
	c := converter{limit: 4*len(data) + 1<<20}
	if err := c.node(&root, 0); err != nil {
		return sbom.BOM{}, err
	}
	root = yaml.Node{} // the tree is large; let it go
	if !bytes.HasPrefix(c.out.Bytes(), []byte("{")) {
		return sbom.BOM{}, &SyntaxError{Line: 1, Column: 1, Why: "is YAML, but holds no SPDX document"}
	}
	bom, err := decodeJSON(c.out.Bytes(), strict)
	if err != nil {
		// Places in the JSON mean nothing to the reader of the YAML.
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			syntax.Line, syntax.Column = 0, 0
		}
		return sbom.BOM{}, err
	}
	if bom.Format == sbom.SPDXJSON {
		bom.Format = sbom.SPDXYAML
	}
	return bom, nil
}

// A converter writes YAML nodes as JSON, at most limit bytes of it.
type converter struct {
	out   bytes.Buffer
	limit int
	nodes int
}

func (c *converter) node(n *yaml.Node, depth int) error {
	fail := func(why string) error { return &SyntaxError{Line: n.Line, Column: n.Column, Why: why} }
	if c.nodes++; depth > maxDepth || c.nodes > maxNodes || c.out.Len() > c.limit {
		return fail(fmt.Sprintf("is nested deeper than %d, or its aliases unfold to too much", maxDepth))
	}
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) == 0 {
			return fail("is empty")
		}
		return c.node(n.Content[0], depth)
	case yaml.AliasNode:
		return c.node(n.Alias, depth+1)
	case yaml.MappingNode:
		return c.list('{', '}', n.Content, depth)
	case yaml.SequenceNode:
		return c.list('[', ']', n.Content, depth)
	}
	switch n.ShortTag() {
	case "!!null":
		c.out.WriteString("null")
		return nil
	case "!!bool":
		if v := strings.ToLower(n.Value); v == "true" || v == "false" {
			c.out.WriteString(v)
			return nil
		}
	}
	value, err := json.Marshal(n.Value)
	if err != nil {
		return fail(err.Error())
	}
	c.out.Write(value)
	return nil
}

// list writes a mapping, whose content is names and values in turn, or a
// sequence.
func (c *converter) list(open, shut byte, content []*yaml.Node, depth int) error {
	c.out.WriteByte(open)
	for i, n := range content {
		switch {
		case open == '{' && i%2 == 1:
			c.out.WriteByte(':')
		case i > 0:
			c.out.WriteByte(',')
		}
		if open == '{' && i%2 == 0 { // a name, whatever its form
			name, err := json.Marshal(n.Value)
			if err != nil {
				return err
			}
			c.out.Write(name)
			continue
		}
		if err := c.node(n, depth+1); err != nil {
			return err
		}
	}
	c.out.WriteByte(shut)
	return nil
}
