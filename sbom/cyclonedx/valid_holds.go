package cyclonedx

import "strings"

// holds reads what a field holds.
func (b *builder) holds(text string) *holds {
	if strings.Contains(text, "[") {
		return b.expression(text)
	}
	what, preset, has := strings.Cut(text, "=")
	h := b.expression(what)
	if has {
		h.preset, h.hasPreset = preset, true
	}
	return h
}

func (b *builder) expression(text string) *holds {
	for _, sep := range []byte{'^', '|'} {
		parts := splitTop(text, sep)
		if len(parts) < 2 {
			continue
		}
		h := new(holds)
		for _, p := range parts {
			if sep == '^' {
				h.oneOf = append(h.oneOf, b.expression(p))
			} else {
				h.anyOf = append(h.anyOf, b.expression(p))
			}
		}
		return h
	}
	switch {
	case text == "":
		b.fail("an empty expression")
		return new(holds)
	case text[0] == '(' && text[len(text)-1] == ')':
		return b.expression(text[1 : len(text)-1])
	case text[0] == '[' && text[len(text)-1] == ']':
		h, rest := new(holds), text[1:len(text)-1]
		for strings.IndexAny(rest, "=+1") == 0 {
			switch rest[0] {
			case '=':
				h.unique = true
			case '+':
				h.least = 1
			case '1':
				h.least, h.most = 1, 1
			}
			rest = rest[1:]
		}
		h.item = b.expression(rest)
		return h
	}
	switch k, n := b.kinds[text], b.nouns[text]; {
	case n != nil:
		return &holds{noun: n}
	case k != nil:
		return &holds{kind: k}
	case text == "any":
		return new(holds)
	case baseKind(text).known():
		return &holds{kind: &valueKind{name: text, base: baseKind(text)}}
	default:
		b.fail("%s: neither a kind nor a noun: %q", specVersions[b.version], text)
	}
	return new(holds)
}

// splitTop splits text at sep outside of brackets.
func splitTop(text string, sep byte) []string {
	var parts []string
	depth, from := 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case c == sep && depth == 0:
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}
