package testdata

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A Verdict is what an independent judge says of one file.
type Verdict struct {
	File     string    `json:"file"`
	Valid    bool      `json:"valid"`
	Errors   []Finding `json:"errors"`
	Warnings []Finding `json:"warnings"`
	Infos    []Finding `json:"infos"`
}

// A Finding is one thing the judge has to say. Test "crash" means that it could
// not read the file at all.
type Finding struct {
	Test    string `json:"test"`
	Path    string `json:"path"` // JSON pointer
	Message string `json:"message"`
}

// JudgeCSAF runs the independent CSAF validator on files and returns its
// verdicts in their order. The preset is mandatory, basic (schema and all
// mandatory tests), extended or full.
//
// It skips t when the validator's folder, node or npm is absent. The first use
// installs the validator from the package registry into the user's cache folder,
// for each lock file once; when that fails t is skipped too, but in continuous
// integration (the variable CI is set) it fails.
func JudgeCSAF(t testing.TB, preset string, files ...string) []Verdict {
	t.Helper()
	dir := installed(t, Oracle(t, "csaf-validate"))
	args := []string{filepath.Join(dir, "csaf-validate.mjs"), "--preset=" + preset, "--json"}
	for _, f := range files {
		abs, err := filepath.Abs(f)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, abs)
	}
	body := asked(t, dir, args)
	var verdicts []Verdict
	if err := json.Unmarshal(body, &verdicts); err != nil {
		t.Fatalf("the CSAF judge's answer: %v", err)
	}
	if len(verdicts) != len(files) {
		t.Fatalf("the CSAF judge was asked about %d files and answered for %d", len(files), len(verdicts))
	}
	return verdicts
}

// asked runs the node program of args in dir and returns what it says. Leaving
// with 1 is its way to say that not all is well.
func asked(t testing.TB, dir string, args []string) []byte {
	t.Helper()
	// A file, not a pipe: node leaves without having written all into a pipe.
	answer := filepath.Join(t.TempDir(), "verdicts")
	out, err := os.Create(answer)
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "node", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, &errs
	err = cmd.Run()
	if closed := out.Close(); closed != nil {
		t.Fatal(closed)
	}
	if exit := (*exec.ExitError)(nil); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) {
		t.Fatalf("the judge %s: %v\n%s", filepath.Base(dir), err, errs.Bytes())
	}
	body, err := os.ReadFile(answer)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// JudgeCycloneDX runs the independent CycloneDX validator, with its strict
// schemas, on JSON files and returns its verdicts in their order. It skips t as
// [JudgeCSAF] does.
func JudgeCycloneDX(t testing.TB, files ...string) []Verdict {
	t.Helper()
	dir := installed(t, Oracle(t, "cdx-validate"))
	var verdicts []Verdict
	for chunk := range slices.Chunk(files, 1000) { // as many as a command line holds
		args := []string{filepath.Join(dir, "cdx-validate.mjs")}
		for _, f := range chunk {
			abs, err := filepath.Abs(f)
			if err != nil {
				t.Fatal(err)
			}
			args = append(args, abs)
		}
		before := len(verdicts)
		for text := range strings.Lines(string(asked(t, dir, args))) {
			name, judged := strings.CutPrefix(text, "VALID   ")
			bad := false
			if !judged {
				name, bad = strings.CutPrefix(text, "INVALID ")
			}
			switch at := strings.LastIndex(name, " cyclonedx="); {
			case (judged || bad) && at >= 0:
				verdicts = append(verdicts, Verdict{File: name[:at], Valid: judged})
			case strings.HasPrefix(text, "  E ") && len(verdicts) > before:
				path, message, _ := strings.Cut(strings.TrimSpace(text[4:]), " ")
				last := &verdicts[len(verdicts)-1]
				last.Errors = append(last.Errors, Finding{Path: path, Message: message})
			}
		}
		if got := len(verdicts) - before; got != len(chunk) {
			t.Fatalf("the CycloneDX judge was asked about %d files and answered for %d", len(chunk), got)
		}
	}
	return verdicts
}

// installed returns a folder that holds the node program of src with its
// packages, made by npm if need be.
func installed(t testing.TB, src string) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the independent judge needs %s, which is not here", tool)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	names, err := filepath.Glob(filepath.Join(src, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	files := map[string][]byte{}
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = body
		sum.Write(append([]byte(filepath.Base(name)+"\x00"), body...))
	}
	parent := filepath.Join(cache, "postmarket-judges")
	dir := filepath.Join(parent, filepath.Base(src)+"-"+hex.EncodeToString(sum.Sum(nil)[:8]))
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.MkdirTemp(parent, "new-")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(fresh, name), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	npm := exec.CommandContext(t.Context(), "npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts")
	npm.Dir = fresh
	if out, err := npm.CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the independent judge cannot be installed: %v\n%s", err, out)
		}
		t.Skipf("the independent judge cannot be installed: %v", err)
	}
	// Whole or not at all: another test binary may have been quicker.
	if err := os.Rename(fresh, dir); err != nil {
		if _, there := os.Stat(dir); there != nil {
			t.Fatal(err)
		}
	}
	return dir
}
