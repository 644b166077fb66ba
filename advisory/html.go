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

// HTML writes the letter by t, which is given l; nil is the library's own page,
// that needs nothing else: no script, no font, no picture, and a policy that
// forbids them.
func (l Letter) HTML(t *template.Template) ([]byte, error) {
	if t == nil {
		t = page
	}
	var b bytes.Buffer
	if err := t.Execute(&b, l); err != nil {
		return nil, fmt.Errorf("advisory: letter: %w", err)
	}
	return b.Bytes(), nil
}
