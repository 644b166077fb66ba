// Package rule holds rules as data: who says what, with what force, how sure
// we are of it, and by when something must be done.
//
// The nouns it owns are the [Rule], read from a file with its [Citation] or
// refused, and the [Clock], a rule that runs for one record: started at an
// instant, due at the end of a day of the maker's own [Calendar].
//
// It is not legal advice and decides nothing: whether a rule applies to a
// maker is that maker's answer, so every rule says whether it is on and why.
// It knows no findings and no incidents; a clock carries the key of its record
// as text. It never asks what time it is.
//
// Start with [Default] for the rules that come with the library, [Load] for
// one's own, [NewCalendar], and [Rule.Clock].
package rule
