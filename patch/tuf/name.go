package tuf

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// plain reports whether name is a slash-separated path that a file system of any
// kind keeps as it is: nothing that Windows takes for a device, a stream or another
// name, no control characters, no part that is blank or has space or a dot at its end.
func plain(name string) bool {
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, `\:*?"<>|`) || strings.ContainsFunc(name, unicode.IsControl) {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.TrimSpace(part) != part || strings.HasSuffix(part, ".") || isDevice(part) {
			return false
		}
	}
	return true
}

// isDevice reports whether Windows takes part for a device, whatever follows its
// first dot (Microsoft, "Naming Files, Paths, and Namespaces").
func isDevice(part string) bool {
	stem, _, _ := strings.Cut(strings.ToLower(part), ".")
	stem = strings.TrimRight(stem, " ")
	if slices.Contains([]string{"con", "prn", "aux", "nul", "conin$", "conout$"}, stem) {
		return true
	}
	port := strings.TrimPrefix(strings.TrimPrefix(stem, "com"), "lpt")
	return port != stem && slices.Contains([]string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³"}, port)
}

// apart refuses added names that cannot be kept beside another one: a folder of it,
// or one that differs by case only.
func apart[V any](all map[string]V, added map[string][]byte) error {
	files, names := map[string]string{}, slices.Sorted(maps.Keys(all))
	clash := func(a, b string) error {
		_, x := added[a]
		_, y := added[b]
		if x || y {
			return fmt.Errorf("tuf: the targets %q and %q would be one where case does not count, or one is a folder of the other", a, b)
		}
		return nil
	}
	for _, name := range names {
		folded := strings.ToLower(name)
		if other, ok := files[folded]; ok {
			if err := clash(other, name); err != nil {
				return err
			}
		}
		files[folded] = name
	}
	for _, name := range names {
		folded := strings.ToLower(name)
		for i, c := range folded {
			if c != '/' {
				continue
			}
			if folder, ok := files[folded[:i]]; ok {
				if err := clash(folder, name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// makeRoom removes what an earlier target left in the way of the file name in the
// folder dir: a file where it needs a folder, or a folder where it will be.
func makeRoom(dir, name string) error {
	parts := strings.Split(name, "/")
	for i := range parts {
		file := filepath.Join(dir, filepath.Join(parts[:i+1]...))
		is, err := os.Stat(file)
		if err != nil {
			return nil // nothing is there, or the write will tell
		}
		if last := i == len(parts)-1; is.IsDir() == last {
			return os.RemoveAll(file)
		}
	}
	return nil
}
