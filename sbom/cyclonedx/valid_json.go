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

// identity notes a bom-ref. While alternatives are tried it only remembers it.
func (j *jsonJudge) identity(id string) {
	if j.trial > 0 {
		return
	}
	if j.identify(id) {
		j.violate(RuleID, "%s is the bom-ref of another element too", quoted(id))
	}
}
