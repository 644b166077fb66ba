// Package manual reads the bulletins of suppliers that have no machine-readable
// feed: somebody types them into a table (CSV), a JSON file or a form.
//
// It owns the [Entry], one bulletin as a person writes it, and the [Feed].
// [Template] writes an empty table to begin with, and [Record] checks one entry
// that came from a form. It reads no web pages and no PDF, and it does not guess:
// a row with something that cannot be read is rejected by its line, and words about
// versions that feeds.ReadVersions does not understand are kept for a person to judge.
//
// A bulletin without a label counts as TLP:AMBER. What a supplier sends to its
// customers is not public unless it says so, and AMBER is what such letters are
// meant for: the maker's own organization, and those of its clients who need to
// know. The label is a convention of ours; Options.Unlabeled sets another.
//
//	feed := manual.New(&manual.Options{From: "bulletins.csv"})
package manual
