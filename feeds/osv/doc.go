// Package osv reads vulnerability records in the OSV format: from the bucket where OSV publishes
// them, or from a file, a folder or an archive.
//
// It owns the [Feed], and [Query], which asks OSV about an inventory. Its records say what is
// affected by package and version range. It decodes with the record types of
// osv-scanner v1.9.2, which drop what later versions of the schema add. It does
// not order versions: package match does. What a record is related to is not an
// alias of it, and neither is what it names as upstream.
//
//	feed := osv.New(&osv.Options{Ecosystems: []string{"Go", "PyPI"}})
package osv
