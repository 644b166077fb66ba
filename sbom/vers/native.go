package vers

import (
	"cmp"
	"strconv"
	"strings"
)

// FromNative reads a range in the notation of a registry and returns it in VERS
// notation. kind is the VERS type:
//
//   - npm: comparators, hyphen, x, tilde and caret ranges, joined with spaces (and)
//     and || (or). That npm leaves pre-releases out unless asked has no VERS notation.
//   - conan: the same without hyphen and x ranges; include_prerelease does not count.
//   - pypi: version specifiers (PEP 440), joined with commas.
//   - gem: requirements, joined with commas.
//   - nuget and maven: intervals in brackets; a NuGet version alone is a lower bound.
//   - nginx: versions, spans (0.5.6-1.13.2) and versions with a plus, joined with
//     commas: 1.4.1+ stays within the stable branch 1.4.
//   - openssl: versions, joined with commas.
//
// The result holds the same versions in the fewest constraints. A notation that is
// not understood, and a range that holds nothing, give a [*RangeError].
func FromNative(kind, text string) (Range, error) {
	r, why := newRange(kind)
	if why != "" {
		return Range{}, &RangeError{Range: text, Why: why}
	}
	n := native{scheme: r.scheme}
	var s set
	switch kind {
	case "npm":
		s = n.any(strings.Split(text, "||"), n.npm)
	case "conan":
		s = n.any(strings.Split(text, "||"), n.conan)
	case "pypi":
		s = n.all(strings.Split(text, ","), n.pypi)
	case "gem":
		s = n.all(strings.Split(text, ","), n.gem)
	case "nuget", "maven":
		s = n.intervals(text, kind == "nuget")
	case "nginx":
		s = n.any(strings.Split(text, ","), n.nginx)
	case "openssl":
		s = n.any(strings.Split(text, ","), func(t string) set { return set{exactly(n.version(t))} })
	default:
		return Range{}, &RangeError{Range: text, Why: "is of a type whose own notation is not known"}
	}
	if n.why == "" && n.err == nil {
		r.constraints, r.all = n.constraints(s)
		r.bounds = r.constraints
		if !r.all && len(r.constraints) == 0 {
			n.why = "holds no version"
		}
	}
	switch {
	case n.why != "":
		return Range{}, &RangeError{Range: text, Why: n.why}
	case n.err != nil:
		return Range{}, &RangeError{text, "a version is not one of its type", n.err}
	}
	return r, nil
}

// A native reads one range; why is the first thing not understood.
type native struct {
	algebra
	scheme Scheme
	why    string
}

func (n *native) fail(why string) set {
	n.why = cmp.Or(n.why, why)
	return nil
}

func (n *native) version(text string) Version {
	v, err := Parse(n.scheme, text)
	if n.err == nil {
		n.err = err
	}
	return v
}

func (n *native) any(parts []string, read func(string) set) set {
	var s set
	for _, p := range parts {
		s = append(s, read(strings.TrimSpace(p))...)
	}
	return s
}

func (n *native) all(parts []string, read func(string) set) set {
	s := set{{}}
	for _, p := range parts {
		if next := read(strings.TrimSpace(p)); n.why == "" && n.err == nil {
			s = n.intersect(s, next)
		}
	}
	return s
}

// operator splits the first of ops off s.
func operator(s string, ops ...string) (op, rest string) {
	for _, op := range ops {
		if rest, ok := strings.CutPrefix(s, op); ok {
			return op, strings.TrimSpace(rest)
		}
	}
	return "", s
}

// compared is what op before v holds.
func (n *native) compared(op string, v Version) set {
	switch op {
	case ">=":
		return set{atLeast(v)}
	case ">":
		return set{above(v)}
	case "<=":
		return set{atMost(v)}
	case "<":
		return set{below(v)}
	case "!=":
		return but(v)
	}
	return set{exactly(v)}
}

// words splits at spaces, and joins an operator to the version behind it.
func words(s string) []string {
	var ws []string
	open := false
	for _, w := range strings.Fields(s) {
		if open {
			ws[len(ws)-1] += w
		} else {
			ws = append(ws, w)
		}
		open = strings.Trim(w, "<>=~^") == ""
	}
	return ws
}

// npm reads one side of an || (node-semver, "Ranges").
func (n *native) npm(s string) set {
	if from, to, ok := strings.Cut(s, " - "); ok {
		a, b := n.partial(from), n.partial(to)
		high := set{atMost(n.version(b.String()))}
		if b.given < 3 {
			high = set{below(n.version(b.bump(b.given - 1)))}
		}
		switch {
		case n.why != "" || n.err != nil:
			return nil
		case b.given == 0:
			high = set{{}}
		}
		return n.intersect(set{atLeast(n.version(a.String()))}, high)
	}
	return n.all(words(s), func(w string) set {
		op, rest := operator(w, ">=", "<=", ">", "<", "=", "~>", "~", "^")
		p := n.partial(rest)
		if n.why != "" {
			return nil
		}
		low := n.version(p.String())
		next := func(i int) Version { return n.version(p.bump(i)) }
		between := func(i int) set { return n.intersect(set{atLeast(low)}, set{below(next(i))}) }
		if p.given == 0 {
			if op == "<" || op == ">" {
				return set{}
			}
			return set{{}}
		}
		switch {
		case (op == "" || op == "=") && p.given < 3:
			return between(p.given - 1)
		case op == ">" && p.given < 3:
			return set{atLeast(next(p.given - 1))}
		case op == "<=" && p.given < 3:
			return set{below(next(p.given - 1))}
		case op == "~" || op == "~>":
			return between(min(p.given-1, 1))
		case op == "^":
			i := 0
			for i < p.given-1 && p.numbers[i] == 0 {
				i++
			}
			return between(i)
		}
		return n.compared(op, low)
	})
}

// A partial is a version of up to three numbers; x, X, * and nothing are any.
type partial struct {
	numbers [3]uint64
	given   int
	suffix  string // pre-release and build
}

func (n *native) partial(s string) (p partial) {
	s = strings.TrimLeft(strings.TrimSpace(s), "v=")
	if i := strings.IndexAny(s, "-+"); i >= 0 {
		s, p.suffix = s[:i], s[i:]
	}
	fields := strings.Split(s, ".")
	if len(fields) > 3 {
		n.fail("has a version of more than three numbers")
		return p
	}
	wild := false
	for i, f := range fields {
		if f == "" && len(fields) == 1 || f == "x" || f == "X" || f == "*" {
			wild = true
			continue
		}
		v, err := strconv.ParseUint(f, 10, 63)
		if err != nil || wild {
			n.fail("has a version that is none")
			return p
		}
		p.numbers[i], p.given = v, i+1
	}
	if p.given < 3 && p.suffix != "" {
		n.fail("has a pre-release of a version that is not complete")
	}
	return p
}

func (p partial) String() string {
	return number(p.numbers[0]) + "." + number(p.numbers[1]) + "." + number(p.numbers[2]) + p.suffix
}

// bump returns the next version that differs in the number i.
func (p partial) bump(i int) string {
	if i < 0 {
		i = 0
	}
	next := partial{}
	copy(next.numbers[:], p.numbers[:i+1])
	next.numbers[i]++
	return next.String()
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// conan reads one side of an || (Conan, "Version ranges").
func (n *native) conan(s string) set {
	s, option, _ := strings.Cut(s, ",")
	if option = strings.TrimSpace(option); option != "" && !strings.HasPrefix(option, "include_prerelease") {
		return n.fail("has an option that is not known")
	}
	return n.all(words(cmp.Or(strings.TrimSpace(s), "*")), func(w string) set {
		if w == "*" {
			return set{atLeast(n.version("0.0.0"))}
		}
		op, rest := operator(w, ">=", "<=", ">", "<", "=", "~", "^")
		rest = strings.TrimSuffix(rest, "-") // with pre-releases
		low := n.version(rest)
		if op != "~" && op != "^" {
			return n.compared(op, low)
		}
		main, _, _ := strings.Cut(rest, "-")
		main, _, _ = strings.Cut(main, "+")
		items := strings.Split(main, ".")
		i := min(1, len(items)-1)
		if op == "^" {
			for i = 0; i < len(items)-1 && strings.Trim(items[i], "0") == ""; i++ {
			}
		}
		v, err := strconv.ParseUint(items[i], 10, 63)
		if err != nil {
			return n.fail("has a word where a number has a next one")
		}
		items[i] = number(v + 1)
		return n.intersect(set{atLeast(low)}, set{below(n.version(strings.Join(items[:i+1], ".") + "-"))})
	})
}

// pypi reads one specifier (PEP 440, "Version specifiers").
func (n *native) pypi(s string) set {
	if s == "" {
		return set{{}}
	}
	op, rest := operator(s, "===", "~=", "==", "!=", "<=", ">=", "<", ">")
	stem, wild := strings.CutSuffix(rest, ".*")
	switch {
	case op == "":
		return n.fail("has a specifier without an operator")
	case op == "===":
		return n.fail("compares texts and not versions")
	case wild && (op == "==" || op == "!="):
		from, to := n.release(stem, false)
		if n.why != "" || n.err != nil {
			return nil
		}
		if op == "!=" {
			return set{below(from), atLeast(to)}
		}
		return n.intersect(set{atLeast(from)}, set{below(to)})
	case op == "~=":
		_, to := n.release(rest, true)
		if n.why != "" || n.err != nil {
			return nil
		}
		return n.intersect(set{atLeast(n.version(rest))}, set{below(to)})
	}
	return n.compared(op, n.version(rest))
}

// release returns the first versions of the release s and of the one after it,
// without the last number of s if shorter.
func (n *native) release(s string, shorter bool) (from, to Version) {
	epoch := ""
	if i := strings.IndexByte(s, '!'); i >= 0 {
		epoch, s = s[:i+1], s[i+1:]
	}
	if !shorter && strings.Trim(s, "0123456789.") != "" {
		n.fail("has a prefix that is no release")
		return from, to
	}
	end := 0
	for end < len(s) && (isDigit(s[end]) || s[end] == '.' && end+1 < len(s) && isDigit(s[end+1])) {
		end++
	}
	fields := strings.Split(s[:end], ".")
	if shorter {
		fields = fields[:len(fields)-1]
	}
	if len(fields) == 0 {
		n.fail("has a compatible release of one number")
		return from, to
	}
	from = n.version(epoch + strings.Join(fields, ".") + ".dev0")
	last, err := strconv.ParseUint(fields[len(fields)-1], 10, 63)
	if err != nil {
		n.fail("has a version that is none")
		return from, to
	}
	fields[len(fields)-1] = number(last + 1)
	return from, n.version(epoch + strings.Join(fields, ".") + ".dev0")
}

// gem reads one requirement (Gem::Requirement).
func (n *native) gem(s string) set {
	op, rest := operator(s, ">=", "<=", "~>", "!=", "<", ">", "=")
	v := n.version(rest)
	if op != "~>" || n.err != nil {
		return n.compared(op, v)
	}
	fields := strings.Split(rest, ".")
	for i, f := range fields { // words end the numbers
		if !allDigits(f) {
			fields = fields[:max(i, 1)]
			break
		}
	}
	if len(fields) > 1 {
		fields = fields[:len(fields)-1]
	}
	last, err := strconv.ParseUint(fields[len(fields)-1], 10, 63)
	if err != nil {
		return n.fail("has a version that is none")
	}
	fields[len(fields)-1] = number(last + 1)
	return n.intersect(set{atLeast(v)}, set{below(n.version(strings.Join(fields, ".")))})
}

// intervals reads intervals in brackets, joined with commas.
func (n *native) intervals(text string, bare bool) set {
	var s set
	text = strings.TrimSpace(text)
	if bare && text != "" && text[0] != '[' && text[0] != '(' {
		return set{atLeast(n.version(text))}
	}
	for more := true; more; {
		end := strings.IndexAny(text, "])")
		if end < 0 || text[0] != '[' && text[0] != '(' {
			return n.fail("is no interval in brackets")
		}
		lowIn, highIn := text[0] == '[', text[end] == ']'
		low, high, two := strings.Cut(text[1:end], ",")
		low, high = strings.TrimSpace(low), strings.TrimSpace(high)
		x := set{{}}
		switch {
		case !two && lowIn && highIn:
			x = set{exactly(n.version(low))}
		case !two:
			return n.fail("is an interval of one version that is not in it")
		default:
			if low != "" {
				x = n.intersect(x, n.compared(map[bool]string{true: ">=", false: ">"}[lowIn], n.version(low)))
			}
			if high != "" && n.err == nil {
				x = n.intersect(x, n.compared(map[bool]string{true: "<=", false: "<"}[highIn], n.version(high)))
			}
		}
		s = append(s, x...)
		text = strings.TrimSpace(text[end+1:])
		if more = text != ""; more && text[0] != ',' {
			return n.fail("is no interval in brackets")
		}
		text = strings.TrimSpace(strings.TrimPrefix(text, ","))
	}
	return s
}

// nginx reads one entry of the lists in nginx security advisories. Even minor
// numbers are stable branches.
func (n *native) nginx(s string) set {
	if s == "all" {
		return set{{}}
	}
	if from, to, ok := strings.Cut(s, "-"); ok {
		return n.intersect(set{atLeast(n.version(from))}, set{atMost(n.version(to))})
	}
	first, later := strings.CutSuffix(s, "+")
	v := n.version(first)
	if !later {
		return set{exactly(v)}
	}
	p := n.partial(first)
	if n.why != "" || p.given < 2 || p.numbers[1]%2 == 1 {
		return set{atLeast(v)}
	}
	return n.intersect(set{atLeast(v)}, set{below(n.version(p.bump(1)))})
}
