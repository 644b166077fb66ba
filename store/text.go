package store

import (
	"bytes"
	"errors"
	"reflect"
	"unicode/utf8"
)

// errText: JSON would silently keep another text than the value has.
var errText = errors.New("a text in it is not UTF-8")

// checkText refuses v when body, its JSON, does not say what v does: encoding/json
// writes U+FFFD for each byte that is not UTF-8, as an escape. The escape may also
// stand there by right, so v is looked at whenever one is found.
func checkText(v any, body []byte) error {
	if !utf8.Valid(body) || bytes.Contains(body, []byte(`\ufffd`)) && spoiled(reflect.ValueOf(v)) {
		return errText
	}
	return nil
}

// spoiled reports whether a text within v is not UTF-8. What encoding/json wrote
// has no cycles.
func spoiled(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return !utf8.ValidString(v.String())
	case reflect.Pointer, reflect.Interface:
		return !v.IsNil() && spoiled(v.Elem())
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return false // base64, or JSON that is valid as a whole
		}
		for i := range v.Len() {
			if spoiled(v.Index(i)) {
				return true
			}
		}
	case reflect.Map:
		for m := v.MapRange(); m.Next(); {
			if spoiled(m.Key()) || spoiled(m.Value()) {
				return true
			}
		}
	case reflect.Struct:
		t := v.Type()
		for i := range v.NumField() {
			if t.Field(i).Tag.Get("json") != "-" && spoiled(v.Field(i)) {
				return true
			}
		}
	}
	return false
}
