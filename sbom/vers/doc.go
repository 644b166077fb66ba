// Package vers orders version texts.
//
// It owns the [Version]: a text read under a [Scheme]. Two versions of one
// scheme compare as less, equal or greater, or do not compare at all: that
// third answer is never replaced by a guess. The order of the registries
// (PyPI, npm, Debian, …) is that of osv-scalibr/semantic behind a check of ours
// that the text is a version of that registry at all; the order of firmware and
// CPE versions ([Generic]) is ours.
//
// It imports no room, and says nothing about which versions are affected.
//
//	a, err := vers.Parse(vers.Generic, "1.0.2k-fips")
package vers
