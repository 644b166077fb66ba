package cyclonedx

import (
	"encoding/json"
	"hash/maphash"
	"strings"
)

// blank returns where the next value or mark begins.
func (j *jsonJudge) blank(at int) int {
	for at < len(j.data) && (j.data[at] == ' ' || j.data[at] == '\n' || j.data[at] == '\t' || j.data[at] == '\r') {
		at++
	}
	return at
}

// members calls f with each name and the place of its value; f returns where
// that ends. It returns where the object ends.
func (j *jsonJudge) members(at int, f func(name string, from int) int) int {
	at = j.blank(at + 1)
	for j.data[at] != '}' {
		end := j.skip(at)
		name := j.text(at, end)
		at = j.blank(j.blank(end) + 1) // past the colon
		at = j.blank(f(name, at))
		if j.data[at] == ',' {
			at = j.blank(at + 1)
		}
	}
	return at + 1
}

// skip returns where the value at ends.
func (j *jsonJudge) skip(at int) int {
	switch j.data[at] {
	case '"':
		for i := at + 1; ; i++ {
			switch j.data[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
	case '{', '[':
		depth := 0
		for i := at; ; i++ {
			switch j.data[i] {
			case '"':
				i = j.skip(i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
	}
	for at < len(j.data) && strings.IndexByte(",]} \n\t\r", j.data[at]) < 0 {
		at++
	}
	return at
}

func (j *jsonJudge) text(from, to int) string {
	raw := j.data[from+1 : to-1]
	for _, c := range raw {
		if c == '\\' {
			var s string
			if json.Unmarshal(j.data[from:to], &s) == nil {
				return s
			}
		}
	}
	return string(raw)
}

func jsonType(first byte) string {
	switch first {
	case '{':
		return "object"
	case '[':
		return "list"
	case '"':
		return "text"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

func (j *jsonJudge) sum(mark byte, b []byte) (s valueSum) {
	for i, seed := range j.seed {
		var h maphash.Hash
		h.SetSeed(seed)
		_ = h.WriteByte(mark)
		_, _ = h.Write(b)
		s[i] = h.Sum64()
	}
	return s
}

func (j *jsonJudge) join(mark byte, sums ...valueSum) valueSum {
	b := make([]byte, 0, 16*len(sums))
	for _, s := range sums {
		for _, n := range s {
			for shift := 0; shift < 64; shift += 8 {
				b = append(b, byte(n>>shift))
			}
		}
	}
	return j.sum(mark, b)
}

// deeperThan returns the offset at which brackets nest deeper than most, or -1.
func deeperThan(data []byte, most int) int {
	depth, within := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case within && c == '\\':
			i++
		case c == '"':
			within = !within
		case within:
		case c == '{' || c == '[':
			if depth++; depth > most {
				return i
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return -1
}
