// Package strictjson reads the library's own data files so that a mistyped word
// is an error and not a silent default: unknown fields, fields in another case,
// fields given twice and anything after the value are refused.
//
// It is for rule files that people edit, never for what publishers send.
//
//	err := strictjson.Read(fsys, "matrix.json", &file)
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"strings"
	"unicode/utf8"
)

// maxFile bounds a data file: 1 MiB.
const maxFile = 1 << 20

// Read decodes the file name of fsys into v, a pointer to a struct without maps,
// and returns the bytes it read.
func Read(fsys fs.FS, name string, v any) ([]byte, error) {
	data, err := File(fsys, name)
	if err != nil {
		return nil, err
	}
	return data, Decode(data, v)
}

// File returns the bytes of the file name of fsys, 1 MiB at the most.
func File(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("more than %d bytes", maxFile)
	}
	return data, nil
}

// Decode decodes data, one JSON object, into v.
func Decode(data []byte, v any) error {
	if !utf8.Valid(data) {
		return errors.New("not UTF-8")
	}
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return errors.New("not a JSON object")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the object")
	}
	known := map[string]bool{}
	names(reflect.TypeOf(v), known, map[reflect.Type]bool{})
	return keys(json.NewDecoder(bytes.NewReader(data)), known)
}

// names collects the exact names of all fields below t.
func names(t reflect.Type, known map[string]bool, seen map[reflect.Type]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		names(t.Elem(), known, seen)
	case reflect.Struct:
		if seen[t] {
			return
		}
		seen[t] = true
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case name == "" && f.Anonymous: // its fields stand here
			case name == "":
				known[f.Name] = true
			default:
				known[name] = true
			}
			names(f.Type, known, seen)
		}
	}
}

// keys walks one value and refuses keys that are not known or given twice.
func keys(dec *json.Decoder, known map[string]bool) error {
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	open, ok := tok.(json.Delim)
	if !ok {
		return nil
	}
	given := map[string]bool{}
	for dec.More() {
		if open == '{' {
			tok, err := dec.Token()
			if err != nil {
				return err
			}
			key, _ := tok.(string)
			if !known[key] {
				return fmt.Errorf("field %q is not known", key)
			}
			if given[key] {
				return fmt.Errorf("field %q is given twice", key)
			}
			given[key] = true
		}
		if err := keys(dec, known); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}
