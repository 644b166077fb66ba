// Package testdata finds the bundle of real public data that some tests walk.
// It holds no data itself: nothing of the bundle is part of this module.
package testdata

import (
	"os"
	"path/filepath"
	"testing"
)

// Env names the variable that says where the bundle is.
const Env = "POSTMARKET_DATA"

// Dir returns the folder that holds the bundle: $POSTMARKET_DATA, else
// shared/data beside the module's root. Without one it skips t with a message;
// a variable that is set and wrong is a failure, not a skip.
func Dir(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv(Env); dir != "" {
		if _, err := os.Stat(dir); err != nil {
			t.Fatalf("%s is set to %q, which cannot be read: %v", Env, dir, err)
		}
		return dir
	}
	dir, ok := beside(t, "data")
	if !ok {
		t.Skipf("the data bundle is not here; set %s to its folder", Env)
	}
	return dir
}

// Path is Dir joined with elem, which must exist when the bundle does.
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	p := filepath.Join(append([]string{Dir(t)}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		t.Fatalf("the bundle is here but lacks %s", filepath.Join(elem...))
	}
	return p
}

// Oracle returns the folder of an independent judge that sits beside the
// bundle, or skips t with a message.
func Oracle(t testing.TB, name string) string {
	t.Helper()
	dir, ok := beside(t, filepath.Join("oracles", name))
	if !ok {
		t.Skipf("the independent judge %q is not here", name)
	}
	return dir
}

// beside looks for ../shared/elem from the module's root.
func beside(t testing.TB, elem string) (string, bool) {
	t.Helper()
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "..", "shared", elem)
	_, err = os.Stat(dir)
	return dir, err == nil
}

// Root returns the module's root: the nearest folder above the working one
// that holds go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", os.ErrNotExist
		}
		dir = up
	}
}
