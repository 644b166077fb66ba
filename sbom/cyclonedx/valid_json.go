package cyclonedx

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"sort"
	"strconv"
	"strings"
)

// checkJSON judges data, which is UTF-8.
func checkJSON(data []byte) ([]Violation, error) {
	if at := deeperThan(data, maxDepth); at >= 0 {
		return nil, located(data, int64(at), fmt.Sprintf("is nested deeper than %d", maxDepth), nil)
	}
	if !json.Valid(data) {
		var syntax *json.SyntaxError
		err := json.Unmarshal(data, new(json.RawMessage))
		if errors.As(err, &syntax) {
			why := err.Error()
			if syntax.Offset >= int64(len(data)) {
				why = "is cut off: " + why
			}
			return nil, located(data, syntax.Offset, why, err)
		}
		return nil, &SyntaxError{Why: "is not JSON", Err: err}
	}
	j := &jsonJudge{data: data, seed: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
	at := j.blank(0)
	if data[at] != '{' {
		j.add("", RuleType, "is a %s, not an object", jsonType(data[at]))
		return j.done(), nil
	}
	version := j.specVersion(at)
	if version < 0 {
		return j.done(), nil
	}
	g, err := grammarOf(version, false)
	if err != nil {
		return nil, err
	}
	j.value(at, &holds{noun: g.nouns["bom"]})
	return j.done(), nil
}

// A jsonJudge walks well-formed JSON where it lies. What it judges by one of
// several alternatives it walks once for each.
type jsonJudge struct {
	findings
	data  []byte
	path  []pathStep
	trial int // how many alternatives deep
	sums  int // how many lists of different items deep
	seed  [2]maphash.Seed
}

// A pathStep is a name or a place on the way to a value.
type pathStep struct {
	name  string
	index int
}

// A valueSum stands for a JSON value: those of equal values are equal, whatever
// their spelling.
type valueSum [2]uint64

func (j *jsonJudge) where() string {
	var b strings.Builder
	for _, s := range j.path {
		b.WriteByte('/')
		if s.index >= 0 {
			b.WriteString(strconv.Itoa(s.index))
			continue
		}
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(s.name, "~", "~0"), "/", "~1"))
	}
	return b.String()
}

func (j *jsonJudge) violate(rule Rule, format string, args ...any) {
	if len(j.list) >= maxViolations {
		j.more = true
		return
	}
	j.add(j.where(), rule, format, args...)
}

// specVersion finds which version the document names, or says why none and
// returns -1.
func (j *jsonJudge) specVersion(at int) int {
	var format, version *string
	j.members(at, func(name string, from int) int {
		to := j.skip(from)
		if j.data[from] == '"' {
			switch s := j.text(from, to); name {
			case "bomFormat":
				format = &s
			case "specVersion":
				version = &s
			}
		}
		return to
	})
	switch {
	case version == nil && format == nil:
		j.add("", RuleNamespace, "names neither a format nor a specification version: not a CycloneDX document")
	case version == nil:
		j.add("/specVersion", RuleRequired, "is missing")
	default:
		v := versionOf(*version)
		if v >= 2 {
			return v
		}
		j.add("/specVersion", RuleNamespace, "%s is no version of CycloneDX in JSON that is known", quoted(*version))
	}
	return -1
}

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

// value judges the value at by h and returns where it ends and, within a list
// of different items, its sum.
func (j *jsonJudge) value(at int, h *holds) (int, valueSum) {
	first := j.data[at]
	switch {
	case h.oneOf != nil:
		return j.alternatives(at, h.oneOf, true)
	case h.anyOf != nil:
		return j.alternatives(at, h.anyOf, false)
	case h.item != nil:
		if first != '[' {
			j.violate(RuleType, "is a %s, not a list", jsonType(first))
			return j.any(at)
		}
		return j.items(at, h)
	case h.noun != nil:
		if first != '{' {
			j.violate(RuleType, "is a %s, not an object", jsonType(first))
			return j.any(at)
		}
		return j.object(at, h.noun)
	case h.kind != nil:
		j.scalar(at, h.kind)
	}
	return j.any(at)
}

// any passes over a value; it is walked only where its sum is wanted.
func (j *jsonJudge) any(at int) (int, valueSum) {
	if j.sums == 0 {
		return j.skip(at), valueSum{}
	}
	switch j.data[at] {
	case '{':
		return j.object(at, new(noun))
	case '[':
		return j.items(at, &holds{item: new(holds)})
	}
	end := j.skip(at)
	switch first := j.data[at]; first {
	case '"':
		return end, j.sum('"', []byte(j.text(at, end)))
	case 't', 'f', 'n':
		return end, j.sum(first, nil)
	default:
		n, _ := strconv.ParseFloat(string(j.data[at:end]), 64)
		if n == 0 {
			n = 0 // and not -0
		}
		return end, j.sum('0', strconv.AppendFloat(nil, n, 'g', -1, 64))
	}
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

func (j *jsonJudge) scalar(at int, k *valueKind) {
	first := j.data[at]
	end := j.skip(at)
	switch {
	case k.base.textual():
		if first != '"' {
			j.violate(RuleType, "is a %s, not a text", jsonType(first))
			return
		}
		if f := k.judge(j.text(at, end), false); f != (fault{}) {
			j.violate(f.rule, "%s", f.why)
		}
	case k.base == baseBoolean:
		if first != 't' && first != 'f' {
			j.violate(RuleType, "is a %s, not true or false", jsonType(first))
		}
	default:
		if jsonType(first) != "number" {
			j.violate(RuleType, "is a %s, not a number", jsonType(first))
			return
		}
		n, _ := strconv.ParseFloat(string(j.data[at:end]), 64)
		if k.base == baseInteger && (math.IsInf(n, 0) || n != math.Trunc(n)) {
			j.violate(RuleType, "is not a whole number")
			return
		}
		if f := k.within(n); f != (fault{}) {
			j.violate(f.rule, "%s", f.why)
		}
	}
}

func (j *jsonJudge) items(at int, h *holds) (int, valueSum) {
	var sums []valueSum
	var seen map[valueSum]int
	if h.unique {
		j.sums++
		seen = map[valueSum]int{}
	}
	n := 0
	at = j.blank(at + 1)
	for j.data[at] != ']' {
		j.path = append(j.path, pathStep{index: n})
		end, s := j.value(at, h.item)
		if h.unique {
			if before, twice := seen[s]; twice {
				j.violate(RuleUnique, "is the same as item %d of the list", before)
			} else {
				seen[s] = n
			}
		}
		j.path = j.path[:len(j.path)-1]
		if j.sums > 0 {
			sums = append(sums, s)
		}
		n++
		if at = j.blank(end); j.data[at] == ',' {
			at = j.blank(at + 1)
		}
	}
	if h.unique {
		j.sums--
	}
	if n < h.least {
		j.violate(RuleLength, "has %d items, not at least %d", n, h.least)
	}
	if h.most > 0 && n > h.most {
		j.violate(RuleLength, "has %d items, not at most %d", n, h.most)
	}
	if j.sums > 0 {
		return at + 1, j.join('[', sums...)
	}
	return at + 1, valueSum{}
}

// A presentField is one an object has, and where its value is.
type presentField struct {
	name string
	at   int
	sum  valueSum
}

func (j *jsonJudge) object(at int, n *noun) (int, valueSum) {
	var have []presentField
	var index map[string]int
	find := func(name string) int {
		if index != nil {
			if i, ok := index[name]; ok {
				return i
			}
			return -1
		}
		for i := range have {
			if have[i].name == name {
				return i
			}
		}
		return -1
	}
	end := j.members(at, func(name string, from int) int {
		j.path = append(j.path, pathStep{name: name, index: -1})
		defer func() { j.path = j.path[:len(j.path)-1] }()
		f := n.fields[name]
		h := new(holds)
		if f != nil {
			h = f.holds
		} else if n.closed {
			j.violate(RuleUnknown, "is not a field of %s in this version", n.name)
		}
		before := find(name)
		if before >= 0 {
			j.violate(RuleSingle, "is there twice")
		}
		end, s := j.value(from, h)
		if f != nil && f.id && before < 0 && j.data[from] == '"' {
			j.identity(j.text(from, end))
		}
		if before >= 0 {
			have[before].at, have[before].sum = from, s
			return end
		}
		have = append(have, presentField{name, from, s})
		if index != nil {
			index[name] = len(have) - 1
		} else if len(have) == 64 {
			index = make(map[string]int, 128)
			for i := range have {
				index[have[i].name] = i
			}
		}
		return end
	})
	for _, name := range n.required {
		if find(name) < 0 {
			j.path = append(j.path, pathStep{name: name, index: -1})
			j.violate(RuleRequired, "is missing")
			j.path = j.path[:len(j.path)-1]
		}
	}
	for _, r := range n.rules {
		j.rule(r, at, func(name string) int {
			if i := find(name); i >= 0 {
				return have[i].at
			}
			return -1
		})
	}
	if j.sums == 0 {
		return end, valueSum{}
	}
	sort.Slice(have, func(a, b int) bool { return have[a].name < have[b].name })
	sums := make([]valueSum, 0, 2*len(have))
	for _, h := range have {
		sums = append(sums, j.sum('k', []byte(h.name)), h.sum)
	}
	return end, j.join('{', sums...)
}

// rule judges an object at by a rule on its fields together; place returns
// where the value of a field is, or -1.
func (j *jsonJudge) rule(r clause, at int, place func(string) int) {
	switch r.verb {
	case "one", "some":
		whole := 0
		var names []string
		for _, group := range r.groups {
			all := true
			for _, name := range group {
				all = all && place(name) >= 0
			}
			if all {
				whole++
			}
			names = append(names, strings.Join(group, " and "))
		}
		switch {
		case whole == 0:
			j.violate(RuleRequired, "needs %s", strings.Join(names, " or "))
		case whole > 1 && r.verb == "one":
			j.violate(RuleChoice, "has more than one of %s", strings.Join(names, ", "))
		}
	case "not":
		for _, name := range r.names {
			if place(name) < 0 {
				return
			}
		}
		j.violate(RuleChoice, "has %s together", strings.Join(r.names, " and "))
	case "needs": // a field needs another one of that value
		if place(r.names[0]) < 0 {
			return
		}
		if other := place(r.names[1]); other < 0 || string(j.data[other:j.skip(other)]) == "false" {
			j.violate(RuleChoice, "has %s, which needs %s to be %s", r.names[0], r.names[1], r.names[2])
		}
	case "when":
		if v := place(r.names[0]); v >= 0 && j.data[v] == '"' && j.text(v, j.skip(v)) == r.names[1] {
			j.value(at, r.holds)
		}
	case "as":
		j.value(at, r.holds)
	}
}

// alternatives judges the value at by each of all. What it says when none fits
// is what the only one of the right type has to say.
func (j *jsonJudge) alternatives(at int, all []*holds, exactlyOne bool) (end int, s valueSum) {
	list, more := len(j.list), j.more
	fits := 0
	var fitting, wrong *holds
	candidates := 0
	for _, h := range all {
		if !accepts(h, j.data[at]) {
			continue
		}
		candidates++
		wrong = h
		j.trial++
		end, s = j.value(at, h)
		j.trial--
		if len(j.list) == list && j.more == more {
			fits++
			fitting = h
		}
		j.list, j.more = j.list[:list], more
	}
	switch {
	case fits == 1 || fits > 1 && !exactlyOne:
		return j.value(at, fitting)
	case fits > 1:
		j.violate(RuleChoice, "is more than one of the forms allowed")
	case candidates == 1:
		return j.value(at, wrong)
	case candidates == 0:
		j.violate(RuleType, "is a %s, which is none of the forms allowed", jsonType(j.data[at]))
	default:
		j.violate(RuleChoice, "is none of the forms allowed")
	}
	return j.any(at)
}

// accepts reports whether h can hold a value that begins with first.
func accepts(h *holds, first byte) bool {
	switch {
	case h.item != nil:
		return first == '['
	case h.noun != nil:
		return first == '{'
	case h.kind != nil:
		switch {
		case h.kind.base.textual():
			return first == '"'
		case h.kind.base == baseBoolean:
			return first == 't' || first == 'f'
		}
		return jsonType(first) == "number"
	case h.oneOf != nil || h.anyOf != nil:
		for _, a := range append(append([]*holds(nil), h.oneOf...), h.anyOf...) {
			if accepts(a, first) {
				return true
			}
		}
		return false
	}
	return true
}

// identity notes a bom-ref. While alternatives are tried it only remembers it.
func (j *jsonJudge) identity(id string) {
	if j.trial > 0 {
		return
	}
	if j.identify(id) {
		j.violate(RuleID, "%s is the bom-ref of another element too", quoted(id))
	}
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
