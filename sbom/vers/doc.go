// Package vers orders version texts and evaluates ranges of them.
//
// It owns the [Version]: a text read under a [Scheme] into a key. Two versions of
// one scheme compare as less, equal or greater, or do not compare at all: that
// third answer is never replaced by a guess. The order of each registry (PyPI,
// npm, Debian, …) is the one its own tools have; the order of firmware and CPE
// versions ([Generic]) is ours. [Parse] refuses what the registry would not take.
//
// It also owns the [Range], in the notation of package-url/vers-spec.
//
// # Total orders
//
// Most schemes are total ([Scheme.Total]): any two of their versions compare, and
// [Version.Key] gives a text that sorts as the version does. These are not:
//
//   - [Generic] leaves words without a rank, and words against numbers, open.
//   - Maven leaves open where its manual and its code (of 3.8.7) differ on a word
//     that announces a version behind a dot, such as 2.0.rc1 against 2-1 or
//     6.1.12.rc5 against 6.1.12rc1: the order of the manual is none there.
//   - [Alpm] does not count a release number that only one side has, so that 1.1-1
//     and 1.1-2 both equal 1.1 and not each other.
//
// It imports no room, and says nothing about which versions are affected.
//
//	a, err := vers.Parse(vers.Generic, "1.0.2k-fips")
package vers
