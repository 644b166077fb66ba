package csaf

import (
	"cmp"
	"strings"
	"unicode/utf8"
)

// alphabetical orders names as a dictionary does: letters without regard to
// case, digits before them and punctuation before those; where two names are
// alike but for case, the small letter comes first. All names of CSAF 2.0
// stand in the same order when they are compared byte by byte.
func alphabetical(a, b string) int {
	if a == b {
		return 0
	}
	small := 0 // which one has the small letter where they first differ in case
	for i := 0; ; i++ {
		if i == len(a) || i == len(b) {
			return cmp.Or(cmp.Compare(len(a), len(b)), small)
		}
		if a[i] >= utf8.RuneSelf || b[i] >= utf8.RuneSelf {
			return cmp.Or(strings.Compare(strings.ToLower(a[i:]), strings.ToLower(b[i:])), small, strings.Compare(b[i:], a[i:]))
		}
		if x, y := weights[a[i]], weights[b[i]]; x != y {
			return cmp.Compare(x, y)
		}
		if small == 0 {
			small = cmp.Compare(b[i], a[i])
		}
	}
}

// weights give each ASCII character its place in the Unicode collation order.
var weights = func() (w [utf8.RuneSelf]byte) {
	const order = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789"
	for i := range len(order) {
		w[order[i]] = byte(i) + 1
	}
	for c := byte('a'); c <= 'z'; c++ {
		w[c] = byte(len(order)) + 1 + c - 'a'
		w[c-'a'+'A'] = w[c]
	}
	return w
}()
