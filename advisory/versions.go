package advisory

import (
	"regexp"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/sbom/vers"
)

// truth has three values, from false to true: min is "and", max is "or".
type truth int

const (
	no truth = iota
	maybe
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// fits reports whether version is of the versions that text names, as people write
// them: one ("V2.1", "3.0 SP2"), a list, a comparison or two, "all versions", "2.1 and
// below", "1.x", VERS. Everything else is maybe, and so is a version that is no single
// one ("2.1, 1.5", "2.1 or lower", "latest") or has no order with those of the text.
// What is no more than a shorter form of it (2.0 for 2.0.0) is maybe, too.
func fits(text, version string) truth {
	s, v := uniform(text), uniform(version)
	if kind, rest, ok := strings.Cut(strings.TrimPrefix(s, "vers:"), "/"); ok && strings.HasPrefix(s, "vers:") {
		switch rest = strings.TrimSpace(rest); {
		case rest == "*":
			return truthOf(strings.TrimSpace(kind) != "none")
		case strings.TrimSpace(kind) != "all": // which many write before bounds
			return inRange(s, v)
		default:
			s = rest
		}
	}
	if !strings.Contains(s, "|") {
		return within(s, v)
	}
	either := no
	for part := range strings.SplitSeq(s, "|") {
		fit := within(strings.TrimSpace(part), v)
		if fit == maybe {
			return maybe // what is said of one may be meant of all
		}
		either = max(either, fit)
	}
	// "≥ 3.1 | ≤ 3.5" is all versions by the word and an interval in VERS.
	if strings.Contains(s, ">") && strings.Contains(s, "<") && inRange("vers:generic/"+s, v) != either {
		return maybe
	}
	return either
}

// front is a version without what may come after, before or within it.
func front(v string) string {
	if m := extra.FindStringSubmatch(v); m != nil {
		return m[1]
	}
	return v
}

func inRange(text, version string) truth {
	r, err := vers.ReadRange(text)
	if err != nil || !single(version) {
		return maybe
	}
	in, err := r.Contains(version)
	if err != nil {
		return maybe
	}
	if rest := front(version); rest != version && r.Type() == "generic" {
		if also, err := r.Contains(rest); err != nil || also != in {
			return maybe
		}
	}
	return truthOf(in)
}

var (
	everyVersion = regexp.MustCompile(`^(?:\*$|(?:all|any)(?: (?:firmware|software))?(?: versions?)?\b)`)
	orBelow      = regexp.MustCompile(`^(.+?)(?:,? (?:and|or))? (?:all )?(?:below|lower|prior|earlier|older|previous)(?: versions?| releases?)?$`)
	orAbove      = regexp.MustCompile(`^(.+?)(?:,? (?:and|or))? (?:all )?(?:above|higher|later|newer)(?: versions?| releases?)?$`)
	below        = regexp.MustCompile(`^(?:before|prior to|earlier than|lower than|older than|below) (.+)$`)
	upTo         = regexp.MustCompile(`^(?:up to|through)(?: and including| \(including\))? (.+)$`)
	fromTo       = regexp.MustCompile(`^(?:from )?([^ ]+) (?:to|through|-|–) ([^ ]+)$`)
	line         = regexp.MustCompile(`^v?([0-9]+(?:\.[0-9]+)*)(?:\.[x*])+$`)
	operator     = regexp.MustCompile(`<=|>=|<|>|=`)
)

// within is fits for a text that is uniform and has no alternatives.
func within(s, v string) truth {
	all := everyVersion.FindString(s)
	if m := all; m != "" {
		if s = strings.TrimLeft(s[len(m):], " ,:"); s == "" {
			return yes
		}
	}
	if m := orBelow.FindStringSubmatch(s); m != nil {
		return against("<=", m[1], v)
	}
	if m := orAbove.FindStringSubmatch(s); m != nil {
		return against(">=", m[1], v)
	}
	if m := below.FindStringSubmatch(s); m != nil {
		return against("<", m[1], v)
	}
	if m := upTo.FindStringSubmatch(s); m != nil {
		return against("<~", m[1], v)
	}
	if m := fromTo.FindStringSubmatch(s); m != nil {
		return between(">=", m[1], "<~", m[2], v)
	}
	if m := line.FindStringSubmatch(s); m != nil {
		if !single(v) {
			return maybe
		}
		got, want := numerals(bare(v)), numerals(m[1])
		switch n := min(len(got), len(want)); {
		case !digits(got[:n]):
			return maybe
		case !slices.Equal(got[:n], want[:n]):
			return no
		case len(got) <= len(want):
			return maybe
		}
		return yes
	}
	if operator.MatchString(s) {
		return compared(s, v)
	}
	out := no
	for part := range strings.SplitSeq(strings.ReplaceAll(s, " and ", ", "), ", ") {
		fit := against("=", strings.TrimSpace(part), v)
		if fit == maybe {
			return maybe
		}
		out = max(out, fit)
	}
	if all != "" && out == no {
		return maybe // "all 3.1" may mean those of that line
	}
	return out
}

// compared reads one comparison, or one from below and one from above.
func compared(s, v string) truth {
	at := operator.FindAllStringIndex(s, -1)
	var ops, bounds []string
	for i, a := range at {
		end := len(s)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		ops = append(ops, s[a[0]:a[1]])
		bounds = append(bounds, strings.TrimRight(strings.TrimSuffix(strings.TrimSpace(s[a[1]:end]), " and"), " ,&"))
	}
	switch {
	case at[0][0] != 0:
		return maybe
	case len(ops) == 1:
		return against(ops[0], bounds[0], v)
	case len(ops) == 2 && ops[0][0] == '>' && ops[1][0] == '<':
		return between(ops[0], bounds[0], ops[1], bounds[1], v)
	case len(ops) == 2 && ops[0][0] == '<' && ops[1][0] == '>':
		return between(ops[1], bounds[1], ops[0], bounds[0], v)
	}
	return maybe
}

// between is maybe for bounds that hold nothing: what was meant is something else.
func between(op1, low, op2, high, v string) truth {
	if !single(low) || !single(high) {
		return maybe
	}
	if order, err := vers.Compare("generic", low, high); err != nil || order > 0 {
		return maybe
	}
	return min(against(op1, low, v), against(op2, high, v))
}

// against reports whether v stands to bound as op says; "<~" leaves open whether the
// bound itself does.
func against(op, bound, v string) truth {
	if op == "=" && bound != "" && bare(bound) == bare(v) && single(bound) {
		return yes
	}
	if !single(bound) || !single(v) {
		return maybe
	}
	order, err := vers.Compare("generic", v, bound)
	if err != nil {
		return maybe
	}
	if b, w := front(bound), front(v); (b == bound) != (w == v) {
		if same, err := vers.Compare("generic", w, b); err != nil || same == 0 {
			return maybe
		}
	}
	switch op {
	case "<":
		return truthOf(order < 0)
	case "<=":
		return truthOf(order <= 0)
	case ">":
		return truthOf(order > 0)
	case ">=":
		return truthOf(order >= 0)
	}
	if order == 0 {
		return maybe
	}
	return truthOf(order < 0 && op == "<~")
}

var (
	signs = strings.NewReplacer("‹", "<", "›", ">", "＜", "<", "＞", ">", "≤", "<=", "≥", ">=", "=<", "<=", "=>", ">=", "\u00a0", " ")
	// token is a version without space, level what may follow it.
	token = regexp.MustCompile(`^[0-9a-z]+(?:[.+_\-][0-9a-z]+)*(?: (?:sp|service pack|hf|hotfix|upd|update|build|patch|release|rev) ?[0-9]+)*$`)
	// several are signs that a token stands for more than one version: 1-3, 2.0-1.5, 2.x, 1.5.x.
	several = regexp.MustCompile(`^[a-z]*[0-9]+-[0-9]|[+_\-][a-z]?[0-9]+\.[0-9]|(?:^|[0-9._\-])x+(?:[._\-]|$)`)
	// extra may say a version after, before or within the one in front of it: 2.0b, 2.0 SP1, 2.0-5.
	extra = regexp.MustCompile(`^([^ ]*?[0-9])(?: .*|[_+\-][a-z]?[0-9][0-9a-z.]*|[a-z])$`)
	word  = regexp.MustCompile(`[a-z]{2,}`)
)

// words may stand in a version after its first number; others ("2.0to3.0") may mean
// anything.
var words = []string{
	"alpha", "beta", "rc", "dev", "pre", "preview", "snapshot", "sp", "service", "pack", "hf", "hotfix", "upd", "update",
	"build", "patch", "release", "rev", "su", "post", "final", "ga", "lts",
}

// single reports whether s, which is uniform, is one version.
func single(s string) bool {
	first := strings.IndexAny(s, "0123456789")
	if first < 0 || !token.MatchString(s) || several.MatchString(s) {
		return false
	}
	for _, w := range word.FindAllString(s[first:], -1) {
		if !slices.Contains(words, w) {
			return false
		}
	}
	return true
}

// uniform is text as it is compared: small, with one way to write a comparison, and
// without the word "version" before a number.
func uniform(text string) string {
	return bareWord.ReplaceAllString(strings.Join(strings.Fields(strings.ToLower(signs.Replace(text))), " "), "$1$2")
}

var bareWord = regexp.MustCompile(`(^|[<>=|, ])(?:versions?|ver\.?) ?([0-9]|v[0-9])`)

// bare is a version without the v.
func bare(v string) string {
	if len(v) > 1 && v[0] == 'v' && v[1] >= '0' && v[1] <= '9' {
		return v[1:]
	}
	return v
}

// numerals are the parts of v between full stops, without leading zeros.
func numerals(v string) []string {
	out := strings.Split(v, ".")
	for i, s := range out {
		for len(s) > 1 && s[0] == '0' {
			s = s[1:]
		}
		out[i] = s
	}
	return out
}

func digits(parts []string) bool {
	return !slices.ContainsFunc(parts, func(s string) bool { return s == "" || strings.Trim(s, "0123456789") != "" })
}
