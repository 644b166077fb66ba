package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/open-postmarket/postmarket/cvss/rubric"
)

// A session is what a file keeps of answers that may not be complete.
type session struct {
	Extended  string             `json:"extended"` // the answers given so far; empty before the first
	Confirmed []rubric.Confirmed `json:"confirmed,omitempty"`
}

// open reads a session; a file that is not there is one that has not begun.
func open(file string) (rubric.Answers, []rubric.Confirmed, error) {
	if file == "" {
		return rubric.Answers{}, nil, nil
	}
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return rubric.Answers{}, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var s session
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	if s.Extended == "" {
		return rubric.Answers{}, nil, nil
	}
	answers, err := rubric.ParseExtended(s.Extended)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	return answers, still(s.Confirmed, answers), nil
}

// writable reports why a session could not be kept in file, before anyone has
// answered anything.
func writable(file string) error {
	if file == "" {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".score-*")
	if err != nil {
		return fmt.Errorf("%s: answers cannot be kept there: %w", file, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// still leaves out confirmations of what was answered otherwise later.
func still(list []rubric.Confirmed, a rubric.Answers) []rubric.Confirmed {
	return slices.DeleteFunc(slices.Clone(list), func(c rubric.Confirmed) bool { return a[c.Question] != c.Answer })
}

// keep writes a session in the place of the last one, whole or not at all.
func keep(file string, a rubric.Answers, confirmed []rubric.Confirmed) (err error) {
	if file == "" {
		return nil
	}
	b, err := json.MarshalIndent(session{Extended: a.String(), Confirmed: still(confirmed, a)}, "", "\t")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".score-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(append(b, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
