package feeds_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
)

// TestDigestCoversEveryFieldOfARecord fills a record wholly, changes one field after
// another, wherever it stands, and demands another digest each time.
func TestDigestCoversEveryFieldOfARecord(t *testing.T) {
	t.Parallel()
	var full feeds.Record
	fill(reflect.ValueOf(&full).Elem(), 0)
	before := full.Digest()
	n := 0
	changes(reflect.ValueOf(&full).Elem(), "Record", 0, func(path string) {
		n++
		switch same := full.Digest() == before; {
		case path == "Record.Probability.Score": // counts by its band
			require.False(t, same, path)
		case path == "Record.Probability.Percentile", path == "Record.Probability.Day", path == "Record.Probability.Model":
			require.True(t, same, path)
		default:
			require.False(t, same, "%s changes and the digest does not", path)
		}
	})
	require.Equal(t, before, full.Digest(), "everything was put back")
	require.Greater(t, n, 90)
}

// fill gives every field a value, lists one element; nodes end after two floors.
func fill(v reflect.Value, depth int) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("text ", depth))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(0.2)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth)
	case reflect.Slice:
		if depth < 6 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth+1)
		}
	}
}

// changes changes each value below v, calls see, and puts it back.
func changes(v reflect.Value, path string, depth int, see func(string)) {
	try := func(to reflect.Value) {
		was := reflect.ValueOf(v.Interface())
		v.Set(to)
		see(path)
		v.Set(was)
	}
	if v.Type() == reflect.TypeFor[time.Time]() {
		try(reflect.ValueOf(v.Interface().(time.Time).Add(time.Nanosecond)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		try(reflect.ValueOf("other").Convert(v.Type()))
	case reflect.Bool:
		try(reflect.ValueOf(false))
	case reflect.Float64:
		try(reflect.ValueOf(0.7))
	case reflect.Pointer:
		if !v.IsNil() {
			try(reflect.Zero(v.Type()))
			changes(v.Elem(), path, depth, see)
		}
	case reflect.Slice:
		if v.Len() > 0 {
			try(reflect.Zero(v.Type()))
			try(reflect.AppendSlice(v, v))
			changes(v.Index(0), path, depth+1, see)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			changes(v.Field(i), path+"."+v.Type().Field(i).Name, depth+1, see)
		}
	}
}
