// Package golden compares what a test made with what was kept of it. Kept files
// are reviewed like code; they are written anew when POSTMARKET_UPDATE is 1.
package golden

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Env names the variable that has kept files written anew when it is "1".
const Env = "POSTMARKET_UPDATE"

// Equal fails t unless got is what the file at path holds, byte for byte.
func Equal(t testing.TB, got []byte, path string) {
	t.Helper()
	if err := Check(got, path); err != nil {
		t.Error(err)
	}
}

// Check returns an error unless got is what the file at path holds, with the
// first line that differs.
func Check(got []byte, path string) error {
	if os.Getenv(Env) == "1" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, got, 0o644)
	}
	want, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("golden: %s is not there: run once with %s=1 and review it", path, Env)
	case err != nil:
		return fmt.Errorf("golden: %w", err)
	case bytes.Equal(got, want):
		return nil
	}
	line, g, w := firstDifference(got, want)
	return fmt.Errorf("golden: %s differs at line %d (%s=1 writes it anew)\n got: %s\nwant: %s", path, line, Env, g, w)
}

func firstDifference(got, want []byte) (line int, g, w string) {
	gs, ws := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range max(len(gs), len(ws)) {
		switch {
		case i >= len(gs):
			return i + 1, "(ends here)", fmt.Sprintf("%q", ws[i])
		case i >= len(ws):
			return i + 1, fmt.Sprintf("%q", gs[i]), "(ends here)"
		case !bytes.Equal(gs[i], ws[i]):
			return i + 1, fmt.Sprintf("%q", gs[i]), fmt.Sprintf("%q", ws[i])
		}
	}
	return 0, "", ""
}
