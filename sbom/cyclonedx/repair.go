package cyclonedx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// repair decodes raw, which v's type refused, after every value in it that does
// not fit has been converted or left out; each is a problem. It reports whether
// anything could be read.
func (t *translation) repair(raw []byte, path string, v any) bool {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		t.problem(path, "is left out: %v", err)
		return false
	}
	r := repairer{t: t, fields: map[reflect.Type]map[string]reflect.Type{}}
	typ := reflect.TypeOf(v).Elem()
	fit, ok := r.fit(tree, typ, path)
	if !ok {
		t.unread = false
		return false
	}
	text, err := json.Marshal(fit)
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		t.problem(path, "is left out: %v", err)
		reflect.ValueOf(v).Elem().SetZero()
		t.unread = false
		return false
	}
	return true
}

type repairer struct {
	t      *translation
	fields map[reflect.Type]map[string]reflect.Type
}

// choices are the types of the library that stand for more than one shape, and
// what they are as a list and as an object.
var choices = map[reflect.Type]struct{ list, object reflect.Type }{
	//lint:ignore SA1019 documents before 1.5 hold tools in this shape
	reflect.TypeFor[cdx.ToolsChoice](): {reflect.TypeFor[[]cdx.Tool](), reflect.TypeFor[struct {
		Components *[]cdx.Component `json:"components"`
		Services   *[]cdx.Service   `json:"services"`
	}]()},
	reflect.TypeFor[cdx.EvidenceIdentityChoice](): {reflect.TypeFor[[]cdx.EvidenceIdentity](), reflect.TypeFor[cdx.EvidenceIdentity]()},
	reflect.TypeFor[cdx.MLDatasetChoice]():        {nil, reflect.TypeFor[cdx.ComponentData]()},
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// fit returns what of v a value of type typ can be decoded from. ok is false when
// that is nothing.
func (r *repairer) fit(v any, typ reflect.Type, path string) (fitted any, ok bool) {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if v == nil {
		return nil, true
	}
	if choice, found := choices[typ]; found {
		shape := choice.object
		if _, isList := v.([]any); isList && choice.list != nil {
			shape = choice.list
		}
		if v, ok = r.fit(v, shape, path); !ok {
			return nil, false
		}
	}
	if reflect.PointerTo(typ).Implements(unmarshaler) {
		return r.try(v, typ, path)
	}
	switch typ.Kind() {
	case reflect.Struct:
		return r.object(v, typ, path)
	case reflect.Slice:
		return r.list(v, typ, path)
	case reflect.String:
		return r.text(v, path)
	case reflect.Bool, reflect.Int, reflect.Int64, reflect.Float32, reflect.Float64:
		return r.scalar(v, typ, path)
	}
	return r.try(v, typ, path)
}

// try keeps v when typ takes it as it is.
func (r *repairer) try(v any, typ reflect.Type, path string) (any, bool) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, reflect.New(typ).Interface())
	}
	if err != nil {
		return r.leaveOut(v, "a value of another kind", path)
	}
	return v, true
}

func (r *repairer) object(v any, typ reflect.Type, path string) (any, bool) {
	if l, isList := v.([]any); isList && len(l) == 1 {
		if _, isObject := l[0].(map[string]any); isObject {
			r.t.problem(path, "holds a list of one where an object belongs: read as that one")
			return r.object(l[0], typ, path)
		}
	}
	m, isObject := v.(map[string]any)
	if !isObject {
		return r.leaveOut(v, "an object", path)
	}
	for key, field := range r.of(typ) {
		value, there := m[key]
		if !there {
			continue
		}
		if fitted, ok := r.fit(value, field, join(path, key)); ok {
			m[key] = fitted
		} else {
			delete(m, key)
		}
	}
	return m, true
}

// of returns the members of typ by name.
func (r *repairer) of(typ reflect.Type) map[string]reflect.Type {
	if known, ok := r.fields[typ]; ok {
		return known
	}
	out := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(typ) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			out[name] = f.Type
		}
	}
	r.fields[typ] = out
	return out
}

func (r *repairer) list(v any, typ reflect.Type, path string) (any, bool) {
	l, isList := v.([]any)
	if !isList {
		fitted, ok := r.fit(v, typ.Elem(), path)
		if !ok {
			return nil, false
		}
		r.t.problem(path, "holds one value where a list belongs: read as a list of one")
		return []any{fitted}, true
	}
	out := make([]any, 0, len(l))
	for i, e := range l {
		if fitted, ok := r.fit(e, typ.Elem(), at(path, i)); ok {
			out = append(out, fitted)
		}
	}
	return out, true
}

func (r *repairer) text(v any, path string) (any, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		r.t.problem(path, "holds the number %s where text belongs: read as its text", v)
		return v.String(), true
	case bool:
		r.t.problem(path, "holds %t where text belongs: read as its text", v)
		return strconv.FormatBool(v), true
	}
	return r.leaveOut(v, "text", path)
}

func (r *repairer) scalar(v any, typ reflect.Type, path string) (any, bool) {
	what := "a number"
	if typ.Kind() == reflect.Bool {
		what = "true or false"
	}
	fits := func(text string) bool { return json.Unmarshal([]byte(text), reflect.New(typ).Interface()) == nil }
	switch v := v.(type) {
	case bool:
		if typ.Kind() == reflect.Bool {
			return v, true
		}
	case json.Number:
		if fits(v.String()) {
			return v, true
		}
		if f, err := v.Float64(); err == nil && f == float64(int64(f)) && typ.Kind() != reflect.Bool {
			r.t.problem(path, "holds %s where a whole number belongs: read as that", v)
			return json.Number(strconv.FormatInt(int64(f), 10)), true
		}
	case string:
		if text := strings.TrimSpace(v); text != "null" && fits(text) {
			r.t.problem(path, "holds the text %q where %s belongs: read as that", v, what)
			return json.RawMessage(text), true
		}
	}
	return r.leaveOut(v, what, path)
}

func (r *repairer) leaveOut(v any, want, path string) (any, bool) {
	if strings.HasPrefix(path, "vulnerabilities") && strings.Contains(path, ".affects") {
		r.t.unread = true
	}
	r.t.problem(path, "holds %s where %s belongs: left out", describe(v), want)
	return nil, false
}

func describe(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		return fmt.Sprintf("the text %q", short(v))
	case nil:
		return "nothing"
	}
	return fmt.Sprintf("%v", v)
}

// short is text cut to what a person needs to recognize it.
func short(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
