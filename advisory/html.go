package advisory

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
)

//go:embed letter.html
var pageText string

var page = template.Must(template.New("letter").Parse(pageText))

// html writes the letter as one page that needs nothing else: no script, no
// font, no picture, and a policy that forbids them.
func (l letter) html() ([]byte, error) {
	var b bytes.Buffer
	if err := page.Execute(&b, l); err != nil {
		return nil, fmt.Errorf("advisory: letter: %w", err)
	}
	return b.Bytes(), nil
}
