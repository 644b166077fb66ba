package feeds

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ReadVersions reads how people write versions: one ("V8.0"), a list of them
// ("10 | 11", "V8.3.0.1, V8.6.0 and V8.7.0"), a range ("<= 1.9.4.1", ">= 2.5 | <= 3.11",
// "A10 < A11", "from 1.2 to 1.5", "1.0 and prior", "9.0.x"), everything ("All
// versions", "vers:all/*"), or a vers: expression.
//
// It reads a text as a whole or not at all: one word that it does not know may be a
// condition ("All versions when using the firmware upgrade mode"), so the text then
// is unread, and no span is made of its rest. Bounds that do not say of which branch
// they are ("<= 4.2.21 | <= 5.0.27"), days, serial numbers and builds that carry words
// are unread, too. A text of nothing but space is neither.
//
// "To", "through" and "up to" include the version they name, as "since" and "from"
// do; "prior to", "before" and "below" do not. "9.0.x" is the span from 9.0 up to
// "9.0.*". Versions stay as they are written, with their "V". The Text of a span
// are the words it was read from; reading them again gives that span. Its Status
// is for the caller to set.
func ReadVersions(text string) (spans []Span, unread []string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	if len(text) <= maxVersionsText && utf8.ValidString(text) {
		spans = readVersions(text)
	}
	if len(spans) == 0 {
		return nil, []string{text}
	}
	return spans, nil
}

// ReadVersionsOf is ReadVersions for text that may begin with one of the names of the
// product that it is about: "FortiOS 6.4.0 and below".
func ReadVersionsOf(text string, names ...string) (spans []Span, unread []string) {
	if spans, unread = ReadVersions(text); len(unread) == 0 {
		return spans, nil
	}
	for _, name := range names {
		name = strings.TrimSpace(name)
		rest := strings.TrimSpace(text)
		if name == "" || len(rest) <= len(name) || !strings.EqualFold(rest[:len(name)], name) {
			continue
		}
		rest = rest[len(name):]
		if !strings.ContainsAny(rest[:1], " \t:/<>=") {
			continue
		}
		if spans, left := ReadVersions(strings.TrimLeft(rest, " \t:/")); len(left) == 0 && len(spans) > 0 {
			return spans, nil
		}
	}
	return nil, unread
}

// maxVersionsText is more than anybody writes about versions.
const maxVersionsText = 4 << 10

func readVersions(text string) []Span {
	if len(text) > 5 && strings.EqualFold(text[:5], "vers:") {
		return readVers(text)
	}
	if s, ok := readFixedIn(text); ok {
		return []Span{s}
	}
	tokens, ok := scanVersions(text)
	if !ok {
		return nil
	}
	r := versionReader{text: text, tokens: tokens}
	return r.list()
}

// The words of versions, as data. The keys are lower case, their words and
// separators parted by one space.
var versionWords = phrases(map[tokenKind][]string{
	tokenAll: {"all", "any", "every", "*"},
	tokenSep: {",", "and", "&", "&&", "|", ", and", ", &"},
	tokenOr:  {";", "or", "; and", "; or", ", or"},
	tokenTo:  {"to", "-"},
	tokenPrior: join([]string{"and", "or", "&", ", and", ", or"}, []string{"", "all", "any", "versions", "all versions", "every"},
		[]string{"prior", "earlier", "older", "below", "lower", "before", "previous", "less", "under"}),
	tokenLater: append(join([]string{"and", "or", "&", ", and", ", or"}, []string{"", "all", "any", "versions", "all versions"},
		[]string{"later", "newer", "above", "higher", "greater", "up", "onward", "onwards", "after", "beyond", "subsequent"}),
		"onward", "onwards"),
	tokenBelow: {
		"prior to", "before", "earlier than", "older than", "lower than", "less than", "below", "previous to", "under",
		"up to but not including", "up to (but not including)", "up to , but not including", "up to , but not including ,", "up to (excluding)",
	},
	tokenUpTo: {
		"up to", "up to and including", "up to (and including)", "up to , and including", "up to , and including ,", "up to (including)",
		"through", "thru", "up through", "to and including", "prior to and including", "prior to (and including)",
		"less than or equal to", "lower than or equal to", "no later than",
	},
	tokenAfter:   {"after", "later than", "newer than", "greater than", "above", "higher than"},
	tokenFrom:    {"from", "since", "starting with", "starting from", "starting at", "starting in", "beginning with", "as of", "greater than or equal to", "at least"},
	tokenBetween: {"between"},
	tokenIncl:    {"(including)", "(inclusive)", "(included)", "(incl.)", "inclusive", "included", "incl."},
	tokenExcl:    {"(excluding)", "(exclusive)", "(excluded)", "(excl.)", "exclusive", "excluded", "excl."},
	// Nouns say nothing that "version" does not.
	tokenNoun: {"version", "versions", "version(s)", "ver", "ver.", "vers.", "v", "v.", "firmware", "software", "release", "releases", "revisions"},
})

// versionSuffixes stand behind a version, with a number of their own: "V14 SP1
// Update 14". Those with true may lack it.
var versionSuffixes = map[string]bool{
	"sp": false, "service pack": false, "upd": false, "update": false, "hf": false, "hotfix": false, "patch": false,
	"build": false, "sr": false, "su": false, "mp": false, "mr": true, "maintenance release": false, "fp": false, "fix pack": false, "feature pack": false,
	"if": false, "interim fix": false, "cu": false, "cumulative update": false, "rev": false, "revision": false, "release": false,
	"rc": true, "beta": true, "alpha": true,
}

// attachedSuffixes are too short to stand apart from their number: "R2", "U3d", "P01".
var attachedSuffixes = map[string]bool{"d": true, "p": true, "r": true, "u": true}

// versionTails may be words within a version: "2.0.0-beta.1", "2023.3_Build_9342".
var versionTails = map[string]bool{
	"alpha": true, "beta": true, "build": true, "final": true, "next": true, "patch": true, "preview": true, "release": true,
	"snapshot": true, "update": true, "hotfix": true, "stable": true, "rev": true,
}

type tokenKind int

const (
	tokenVersion tokenKind = iota + 1
	tokenAll
	tokenSep // joins and lists
	tokenOr  // lists only
	tokenTo
	tokenPrior
	tokenLater
	tokenBelow
	tokenUpTo
	tokenAfter
	tokenFrom
	tokenEqual
	tokenBetween
	tokenIncl
	tokenExcl
	tokenNoun
)

// operators are the signs, which say exactly what they say.
var operators = map[string]tokenKind{
	"<": tokenBelow, "<=": tokenUpTo, "=<": tokenUpTo, "≤": tokenUpTo, ">": tokenAfter, ">=": tokenFrom, "=>": tokenFrom, "≥": tokenFrom,
	"=": tokenEqual, "==": tokenEqual,
}

const operatorSigns = "<>=!≤≥"

func phrases(by map[tokenKind][]string) map[string]tokenKind {
	out := map[string]tokenKind{}
	for kind, words := range by {
		for _, w := range words {
			out[w] = kind
		}
	}
	return out
}

// join makes every phrase of one word of each list.
func join(lists ...[]string) []string {
	out := []string{""}
	for _, words := range lists {
		var longer []string
		for _, head := range out {
			for _, w := range words {
				longer = append(longer, strings.TrimSpace(head+" "+w))
			}
		}
		out = longer
	}
	return out
}

// maxPhrase is how many words the longest phrase has.
const maxPhrase = 6

type versionToken struct {
	kind       tokenKind
	sign       bool   // written as a sign, not as a word
	version    string // with a wildcard cut off
	wild       bool
	start, end int
}

type versionWord struct {
	low        string
	start, end int
	sign       bool
}

// splitVersions cuts text into words, signs and separators.
func splitVersions(text string) []versionWord {
	var out []versionWord
	start := -1
	add := func(from, to int, sign bool) {
		out = append(out, versionWord{low: strings.ToLower(text[from:to]), start: from, end: to, sign: sign})
	}
	flush := func(at int) {
		if start >= 0 {
			add(start, at, false)
			start = -1
		}
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case unicode.IsSpace(r):
			flush(i)
		case strings.ContainsRune(operatorSigns, r):
			flush(i)
			for i+n < len(text) {
				more, m := utf8.DecodeRuneInString(text[i+n:])
				if !strings.ContainsRune(operatorSigns, more) {
					break
				}
				n += m
			}
			add(i, i+n, true)
		case r == ',' || r == ';' || r == '|':
			flush(i)
			add(i, i+n, false)
		case r == '–' || r == '—':
			flush(i)
			out = append(out, versionWord{low: "-", start: i, end: i + n})
		case start < 0:
			start = i
		}
		i += n
	}
	flush(len(text))
	return out
}

// scanVersions reads text as tokens; it reports false when there is a word that
// it does not know.
func scanVersions(text string) ([]versionToken, bool) {
	words := splitVersions(text)
	if len(words) == 0 {
		return nil, false
	}
	last := &words[len(words)-1]
	if low := strings.TrimSuffix(last.low, "."); low != "" && low != last.low && versionWords[last.low] == 0 {
		last.low, last.end = low, last.end-1
	}
	var out []versionToken
	for i := 0; i < len(words); {
		w := words[i]
		if w.sign {
			kind, ok := operators[w.low]
			if !ok {
				return nil, false
			}
			out = append(out, versionToken{kind: kind, sign: true, start: w.start, end: w.end})
			i++
			continue
		}
		if kind, n := phraseAt(words[i:]); n > 0 {
			out = append(out, versionToken{kind: kind, start: w.start, end: words[i+n-1].end})
			i += n
			continue
		}
		bound := len(out) > 0 && out[len(out)-1].sign
		more, n := versionAt(text, words[i:], bound)
		if n == 0 {
			return nil, false
		}
		out = append(out, more...)
		i += n
	}
	return withoutNouns(out)
}

// phraseAt returns the longest phrase at the head of words.
func phraseAt(words []versionWord) (kind tokenKind, n int) {
	var b strings.Builder
	for i, w := range words[:min(len(words), maxPhrase)] {
		if w.sign {
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.low)
		if k, ok := versionWords[b.String()]; ok {
			kind, n = k, i+1
		}
	}
	return kind, n
}

// versionAt reads a version and its suffixes at the head of words: the tokens it
// is, which are three for "1.2.3-1.2.9", and how many words it took. Bound says that a
// sign stands before it.
func versionAt(text string, words []versionWord, bound bool) ([]versionToken, int) {
	w := words[0]
	raw := text[w.start:w.end]
	switch from, to, is := hyphened(raw); {
	case bound: // a bound is one version
	case is == eitherHyphen:
		return nil, 0
	case is == joinsVersions:
		at := w.start + len(from)
		return []versionToken{
			{kind: tokenVersion, version: from, start: w.start, end: at},
			{kind: tokenTo, start: at, end: at + 1},
			{kind: tokenVersion, version: to, start: at + 1, end: w.end},
		}, 1
	}
	if head, ok := strings.CutSuffix(raw, "+"); ok && isVersion(head) {
		end := w.end - 1
		return []versionToken{
			{kind: tokenVersion, version: head, start: w.start, end: end},
			{kind: tokenLater, start: end, end: w.end},
		}, 1
	}
	if head, ok := wildcard(raw); ok {
		return []versionToken{{kind: tokenVersion, version: head, wild: true, start: w.start, end: w.end}}, 1
	}
	if !isVersion(raw) || bound && dayShape.MatchString(raw) {
		return nil, 0
	}
	n := 1
	for n < len(words) {
		more := suffixAt(words[n:])
		if more == 0 {
			break
		}
		n += more
	}
	end := words[n-1].end
	return []versionToken{{kind: tokenVersion, version: strings.Join(strings.Fields(text[w.start:end]), " "), start: w.start, end: end}}, n
}

var (
	suffixNumber = regexp.MustCompile(`^[0-9][0-9a-z]*(?:[.-][0-9a-z]+)*$`)
	suffixLetter = regexp.MustCompile(`^[a-z]$`)
	attached     = regexp.MustCompile(`^([a-z]+)[0-9]+[a-z]?$`)
)

// suffixAt returns how many words a suffix of a version takes at the head of words.
func suffixAt(words []versionWord) int {
	if m := attached.FindStringSubmatch(words[0].low); m != nil {
		if _, ok := versionSuffixes[m[1]]; ok || attachedSuffixes[m[1]] {
			return 1
		}
	}
	for n := min(2, len(words)); n > 0; n-- {
		name := words[0].low
		if n == 2 {
			name += " " + words[1].low
		}
		bare, ok := versionSuffixes[name]
		switch {
		case !ok:
		case len(words) > n && (suffixNumber.MatchString(words[n].low) || strings.HasPrefix(name, "rev") && suffixLetter.MatchString(words[n].low)):
			return n + 1
		case bare:
			return n
		}
	}
	return 0
}

var (
	versionShape  = regexp.MustCompile(`^(?:[0-9]+:)?[0-9A-Za-z]+(?:(?:[._+~-]|\.-)?(?:[0-9A-Za-z]+|\([0-9A-Za-z.]+\)))*$`)
	versionJoints = regexp.MustCompile(`[._+~:()-]+`)
	letterRun     = regexp.MustCompile(`[A-Za-z]+`)
	hexDigest     = regexp.MustCompile(`^[0-9a-f]{7,40}$`)
	secondVersion = regexp.MustCompile(`_[vV][0-9]`)
	noVersion     = regexp.MustCompile(`^(?i:x86|x64|x32|arm[0-9]+|i[3-6]86|amd64|aarch64|win[0-9]+|ios[0-9]+|mips[0-9]+|ppc[0-9]+|ipv[46]|[0-9]+-?(?:bits?|st|nd|rd|th|mb|gb))$`)
	dayShape      = regexp.MustCompile(`^(?:19|20)[0-9]{2}-[01]?[0-9]-[0-3]?[0-9]$`)
	openPlace     = regexp.MustCompile(`^[vV]?[xX]+$|[0-9][xX]+$`)
)

// months, short, in which builds and days are named.
var months = map[string]bool{
	"jan": true, "feb": true, "mar": true, "apr": true, "may": true, "jun": true, "jul": true, "aug": true, "sep": true, "oct": true, "nov": true, "dec": true,
}

// isVersion reports whether word can be nothing but a version: it holds a
// digit, no words and no open place ("3.X.17").
func isVersion(word string) bool {
	switch {
	case len(word) > 64, !strings.ContainsAny(word, "0123456789"), !versionShape.MatchString(word), secondVersion.MatchString(word), noVersion.MatchString(word):
		return false
	case hexDigest.MatchString(word):
		return true
	}
	for i, part := range versionJoints.Split(word, -1) {
		if openPlace.MatchString(part) {
			return false
		}
		for _, run := range letterRun.FindAllString(part, -1) {
			if months[strings.ToLower(run)] || len(run) > 3 && (i == 0 || !versionTails[strings.ToLower(run)] && !hexDigest.MatchString(part)) {
				return false
			}
		}
	}
	return true
}

var wild = regexp.MustCompile(`^(.*[0-9])(?:\.(?:[xX]+|\*))+$`)

// wildcard cuts the open end off "9.0.x".
func wildcard(word string) (head string, ok bool) {
	m := wild.FindStringSubmatch(word)
	if m == nil {
		return "", false
	}
	return m[1], isVersion(m[1])
}

// hyphen is what a hyphen within a word may be.
type hyphen int

const (
	partOfVersion hyphen = iota
	joinsVersions
	eitherHyphen // "2014-2016", "2.0-3.0.1"
)

var hyphenated = regexp.MustCompile(`^([0-9]+)((?:\.[0-9]+)*)([a-z]?)-([0-9]+)((?:\.[0-9]+)*)([a-z]?)$`)

// hyphened judges the hyphen of word. "12.2.3-12.2.11" are two versions: both begin
// with one number and have the same number of places, and the first is the lower.
// What cannot be a range, because its end is not higher or has no places where
// its begin has some ("7.0.1-5035"), is one version.
func hyphened(word string) (from, to string, is hyphen) {
	m := hyphenated.FindStringSubmatch(word)
	if m == nil || m[2] != "" && m[5] == "" {
		return "", "", partOfVersion
	}
	from, to, _ = strings.Cut(word, "-")
	if order := comparePlaces(m[1]+m[2], m[4]+m[5]); order > 0 || order == 0 && m[3] >= m[6] {
		return "", "", partOfVersion
	}
	if m[2] != "" && m[1] == m[4] && strings.Count(from, ".") == strings.Count(to, ".") {
		return from, to, joinsVersions
	}
	return "", "", eitherHyphen
}

// comparePlaces orders "1.2.10" and "1.2.9" by their numbers.
func comparePlaces(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		p, q := strings.TrimLeft(x[i], "0"), strings.TrimLeft(y[i], "0")
		if c := cmp.Or(cmp.Compare(len(p), len(q)), strings.Compare(p, q)); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}

// withoutNouns leaves out words that say nothing, and gives their place in the text
// to the token beside them.
func withoutNouns(in []versionToken) ([]versionToken, bool) {
	var out []versionToken
	for i := 0; i < len(in); i++ {
		t := in[i]
		if t.kind != tokenNoun {
			out = append(out, t)
			continue
		}
		end := i
		for end+1 < len(in) && in[end+1].kind == tokenNoun {
			end++
		}
		switch {
		case end+1 < len(in) && !in[end+1].lists():
			in[end+1].start = t.start
		case len(out) > 0 && !out[len(out)-1].lists():
			out[len(out)-1].end = in[end].end
		default:
			return nil, false
		}
		i = end
	}
	return out, len(out) > 0
}

// lists reports whether t parts the members of a list.
func (t versionToken) lists() bool { return t.kind == tokenSep || t.kind == tokenOr }

type versionReader struct {
	text   string
	tokens []versionToken
	at     int
}

// versionItem is one member of a list.
type versionItem struct {
	span Span
	// all says everything; bare is a version, or "9.0.x", without a bound of its own.
	all, bare bool
	// fore says that a bound stands before its version and none before that: a
	// version behind it in the list may be a bound, too ("prior to 1.2, 1.3").
	fore bool
	// led says that a version stands before the bound: what is before it in the list may
	// share the bound ("2.1 and 2.0 before 2.0.4").
	led bool
}

// list reads all tokens, or nothing.
func (r *versionReader) list() []Span {
	var items []versionItem
	for {
		it, ok := r.item()
		if !ok {
			return nil
		}
		items = append(items, it)
		if r.at == len(r.tokens) {
			break
		}
		if !r.tokens[r.at].lists() {
			return nil
		}
		if r.at++; r.at == len(r.tokens) && len(items) > 0 {
			break // a list that ends in a comma
		}
	}
	if !unambiguous(items) {
		return nil
	}
	spans := make([]Span, len(items))
	for i, it := range items {
		spans[i] = it.span
	}
	return spans
}

// unambiguous reports whether a list can be meant in one way only.
func unambiguous(items []versionItem) bool {
	var lower, upper, fore, bare int
	for _, it := range items {
		s := it.span
		switch {
		case it.all && len(items) > 1, it.bare && fore > 0, it.led && bare > 0:
			return false
		case it.all:
		case it.bare:
			bare++
		case s.From == "" && s.After == "":
			upper++
		case s.Below == "" && s.UpTo == "":
			lower++
		}
		if it.fore {
			fore++
		}
	}
	// Two bounds on one side are those of branches that are not named; one on each
	// side may mean what is between them or what is not.
	return upper <= 1 && lower <= 1 && upper+lower <= 1
}

func (r *versionReader) peek(kinds ...tokenKind) bool {
	return r.at < len(r.tokens) && slices.Contains(kinds, r.tokens[r.at].kind)
}

// take returns the token at hand if it is one of kinds.
func (r *versionReader) take(kinds ...tokenKind) (versionToken, bool) {
	if !r.peek(kinds...) {
		return versionToken{}, false
	}
	r.at++
	return r.tokens[r.at-1], true
}

// end reports whether the item ends here.
func (r *versionReader) end() bool { return r.at == len(r.tokens) || r.tokens[r.at].lists() }

// item reads one member of a list.
func (r *versionReader) item() (it versionItem, ok bool) {
	first := r.at
	_, all := r.take(tokenAll)
	switch {
	case all && r.end():
		it, ok = versionItem{all: true, span: Span{From: "0", Open: true}}, true
	case r.peek(tokenBetween):
		r.at++
		it.span, ok = r.between()
	case r.peek(tokenFrom, tokenAfter):
		it, ok = r.fromLower()
	case r.peek(tokenBelow, tokenUpTo):
		it.fore, ok = true, r.upper(&it.span)
	case r.peek(tokenEqual):
		r.at++
		v, found := r.take(tokenVersion)
		it.bare, ok = true, found && !all && !v.wild
		it.span.From = v.version
	case r.peek(tokenVersion):
		it, ok = r.fromVersion(all)
	}
	if !ok {
		return it, false
	}
	it.span.Text = r.text[r.tokens[first].start:r.tokens[r.at-1].end]
	return it, true
}

// fromLower reads what begins with a lower bound: ">= 2.5 | <= 3.11", "from 1.2 to
// 1.5", ">= 5".
func (r *versionReader) fromLower() (it versionItem, ok bool) {
	sign := r.tokens[r.at].sign
	if !r.lower(&it.span) {
		return it, false
	}
	switch {
	case r.peek(tokenBelow, tokenUpTo), !sign && r.peek(tokenTo):
		it.fore = !r.peek(tokenTo)
		return it, r.upper(&it.span)
	case r.peek(tokenSep) && r.at+1 < len(r.tokens) && slices.Contains([]tokenKind{tokenBelow, tokenUpTo}, r.tokens[r.at+1].kind):
		r.at++
		it.fore = true
		return it, r.upper(&it.span)
	case !sign && it.span.From != "" && r.peek(tokenLater): // "from 1.2 onwards"
		r.at++
	}
	it.fore = true
	it.span.Open = it.span.From != ""
	return it, true
}

// fromVersion reads what begins with a version: "8.0", "9.0.x", "1.0 and prior",
// "A10 < A11", "1.2 through 1.5".
func (r *versionReader) fromVersion(all bool) (it versionItem, ok bool) {
	v, _ := r.take(tokenVersion)
	switch {
	case r.peek(tokenPrior) && !all:
		r.at++
		it.span.UpTo = v.last()
	case r.peek(tokenLater) && !all:
		r.at++
		it.span.From, it.span.Open = v.version, true
	case r.peek(tokenAll) && !all && !v.wild: // "6.2 all versions"
		r.at++
		v.wild = true
		it.bare = true
		it.span.From, it.span.UpTo = v.version, v.last()
	case r.peek(tokenTo):
		it.span.From = v.version
		return it, r.upper(&it.span)
	case r.peek(tokenBelow, tokenUpTo):
		it.led = true
		it.span.From = v.version
		return it, r.upper(&it.span)
	case r.peek(tokenIncl) && r.at+1 < len(r.tokens) && r.tokens[r.at+1].kind == tokenTo:
		r.at++
		it.span.From = v.version
		return it, r.upper(&it.span)
	case v.wild:
		it.bare = true
		it.span.From, it.span.UpTo = v.version, v.last()
	default:
		it.bare = true
		it.span.From = v.version
		return it, !all
	}
	return it, true
}

// last is v as the last version of a span.
func (v versionToken) last() string {
	if v.wild {
		return v.version + ".*"
	}
	return v.version
}

// lower reads a lower bound and what it says of its end.
func (r *versionReader) lower(s *Span) bool {
	bound := r.tokens[r.at]
	r.at++
	v, ok := r.take(tokenVersion)
	if !ok || v.wild && bound.kind == tokenAfter {
		return false
	}
	mark, marked := r.take(tokenIncl, tokenExcl)
	after := bound.kind == tokenAfter
	if marked {
		says := mark.kind == tokenExcl
		if says != after && (bound.sign || after) || says && v.wild {
			return false // "> 2.0 (including)"
		}
		after = says
	}
	if after {
		s.After = v.version
	} else {
		s.From = v.version
	}
	return true
}

// upper reads an upper bound and what it says of its end.
func (r *versionReader) upper(s *Span) bool {
	bound := r.tokens[r.at]
	r.at++
	v, ok := r.take(tokenVersion)
	if !ok {
		return false
	}
	below := bound.kind == tokenBelow
	if mark, marked := r.take(tokenIncl, tokenExcl); marked {
		says := mark.kind == tokenExcl
		if says != below && (bound.sign || below) {
			return false // "< 2.0 (including)"
		}
		below = says
	}
	if below {
		s.Below = v.version
	} else {
		s.UpTo = v.last()
	}
	return true
}

// between reads "2.5 (including) and 2.7 (excluding)". Without such words it is
// not said whether the ends are meant.
func (r *versionReader) between() (s Span, ok bool) {
	from, ok1 := r.take(tokenVersion)
	first, ok2 := r.take(tokenIncl, tokenExcl)
	_, ok3 := r.take(tokenSep)
	to, ok4 := r.take(tokenVersion)
	last, ok5 := r.take(tokenIncl, tokenExcl)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || from.wild && first.kind == tokenExcl {
		return s, false
	}
	if first.kind == tokenIncl {
		s.From = from.version
	} else {
		s.After = from.version
	}
	if last.kind == tokenIncl {
		s.UpTo = to.last()
	} else {
		s.Below = to.version
	}
	return s, true
}

var fixedIn = regexp.MustCompile(`^(?i:fixed in (?:[a-z]+ )?)(\S+) (?i:\(affected )([^\s()-]+)(?:-([^\s()-]+))?\)$`)

// letterRelease is a version that ends in a letter, which may be an x.
var letterRelease = regexp.MustCompile(`^[0-9]+(?:\.[0-9]+)+[a-z]{1,2}$`)

// readFixedIn reads "Fixed in OpenSSL 1.1.1j (Affected 1.1.1-1.1.1i)", as that
// project wrote for years.
func readFixedIn(text string) (Span, bool) {
	m := fixedIn.FindStringSubmatch(text)
	if m == nil {
		return Span{}, false
	}
	for _, v := range m[1:] {
		if v != "" && !isVersion(v) && !letterRelease.MatchString(v) {
			return Span{}, false
		}
	}
	return Span{From: m[2], UpTo: m[3], Text: text}, true
}

var versForm = regexp.MustCompile(`^(?i:vers):([A-Za-z][A-Za-z0-9.-]*)/(.+)$`)

// readVers reads a vers: expression. One publisher writes any range as vers:all/…:
// that is read as the words it is.
func readVers(text string) []Span {
	m := versForm.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	scheme, rest := strings.ToLower(m[1]), strings.TrimSpace(m[2])
	if rest == "*" {
		return []Span{{From: "0", Open: true, Text: text}}
	}
	if scheme == "all" {
		spans := readVersions(rest)
		if len(spans) != 1 {
			return nil
		}
		spans[0].Text = text
		return spans
	}
	head := text[:len(m[1])+len("vers:/")]
	var out []Span
	open := false // the last span still lacks its end
	begin := 0
	for at, part := range strings.Split(rest, "|") {
		sign, version := "=", strings.TrimSpace(part)
		for _, s := range []string{"!=", "<=", ">=", "<", ">", "="} {
			if v, ok := strings.CutPrefix(version, s); ok {
				sign, version = s, v
				break
			}
		}
		version, err := url.PathUnescape(strings.TrimSpace(version))
		if err != nil || version == "" || version == "*" || strings.ContainsAny(version, operatorSigns+"|,; ") || sign == "!=" {
			return nil
		}
		s := Span{Type: scheme}
		upper := sign[0] == '<'
		if upper && open {
			s = out[len(out)-1]
			out = out[:len(out)-1]
			s.Open = false
		} else {
			begin = at
			if upper && at > 0 || open {
				return nil // not in the order of the specification
			}
		}
		switch sign {
		case "=":
			s.From = version
		case ">=":
			s.From, s.Open = version, true
		case ">":
			s.After = version
		case "<":
			s.Below = version
		case "<=":
			s.UpTo = version
		}
		open = sign[0] == '>'
		said := strings.Split(rest, "|")[begin : at+1]
		for i := range said {
			said[i] = strings.TrimSpace(said[i])
		}
		s.Text = head + strings.Join(said, "|")
		out = append(out, s)
	}
	return out
}
