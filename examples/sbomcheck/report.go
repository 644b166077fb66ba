package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// list prints one array.
func list(w io.Writer, rows []row) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(rows)
}

// verdict is the word for a row.
func (r row) verdict() string {
	switch {
	case r.Error != "":
		return "not read"
	case r.Valid:
		return "valid"
	}
	return "invalid"
}

// table prints a line a file, and below it what is to be said of them.
func table(w io.Writer, rows []row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FILE\tFORMAT\tSPEC\tCOMPONENTS\tMATCHABLE\tVERDICT\tPROBLEMS")
	for _, r := range rows {
		if r.Error != "" {
			fmt.Fprintf(t, "%s\t-\t-\t-\t-\t%s\t-\n", clean(r.File), r.verdict())
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%s\t%d\n", clean(r.File), r.Format, clean(r.Spec), r.Components, r.Matchable, r.verdict(), len(r.Problems))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, r := range rows {
		if r.Error == "" && len(r.Problems) == 0 {
			continue
		}
		if _, err := fmt.Fprintf(w, "\n%s: %s\n", clean(r.File), r.verdict()); err != nil {
			return err
		}
		if r.Error != "" {
			fmt.Fprintf(w, "  %s\n", clean(r.Error))
		}
		for _, p := range r.Problems {
			path := p.Path
			if path == "" {
				path = "the document"
			}
			if _, err := fmt.Fprintf(w, "  %s: %s: %s\n", clean(path), p.Rule, clean(p.Message)); err != nil {
				return err
			}
		}
	}
	return nil
}

// page prints Markdown: the table, and of each file its problems and quality.
func page(w io.Writer, rows []row) error {
	var b strings.Builder
	b.WriteString("# SBOM check\n\n| File | Format | Spec | Components | Matchable | Verdict | Problems |\n|---|---|---|---:|---:|---|---:|\n")
	for _, r := range rows {
		if r.Error != "" {
			fmt.Fprintf(&b, "| %s | | | | | %s: %s | |\n", cell(r.File), r.verdict(), cell(r.Error))
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %d | %s | %d |\n", cell(r.File), r.Format, cell(r.Spec), r.Components, r.Matchable, r.verdict(), len(r.Problems))
	}
	for _, r := range rows {
		if r.Error != "" {
			continue
		}
		fmt.Fprintf(&b, "\n# %s\n", cell(r.File))
		if len(r.Problems) > 0 {
			b.WriteString("\n| Where | Rule | Problem |\n|---|---|---|\n")
		}
		for _, p := range r.Problems {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", cell(p.Path), cell(p.Rule), cell(p.Message))
		}
		b.WriteString("\n" + r.quality.Markdown())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// clean keeps outside text on its line and control characters out of a terminal.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// cell makes outside text harmless in a Markdown table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "`", "'", "[", `\[`, "*", `\*`, "_", `\_`).Replace(clean(s))
}
