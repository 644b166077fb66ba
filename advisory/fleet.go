package advisory

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/store"
)

// A Fleet is what is recorded of the maker's devices in the field.
type Fleet struct {
	Products []device.Product
	Lines    []device.Line
	Lives    []device.Life
	Counts   []device.Fielded
}

// ReadFleet reads all of it from l.
func ReadFleet(ctx context.Context, l *store.Ledger) (Fleet, error) {
	products, err1 := all(ctx, l, device.Products)
	lines, err2 := all(ctx, l, device.Lines)
	lives, err3 := all(ctx, l, device.Lives)
	counts, err4 := all(ctx, l, device.Counts)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return Fleet{}, fmt.Errorf("advisory: fleet: %w", err)
	}
	return Fleet{Products: products, Lines: lines, Lives: lives, Counts: counts}, nil
}

func all[T store.Keyed](ctx context.Context, l *store.Ledger, k store.Kind[T]) ([]T, error) {
	var out []T
	for v, err := range k.All(ctx, l, "") {
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// Versions are the products that an advisory about these ones has to speak of:
// each of them, and every other version of their models and of their lines that
// was distributed, whether it is still supported or not. A vulnerability in one
// version is a question to all. Only a product that is in development and of which
// no unit was ever counted was not distributed; where no stage is recorded, it was.
// The names of manufacturers and models count without case, spaces and signs; a product
// without a manufacturer is of any. They are sorted by model and version.
func (f Fleet) Versions(of ...string) []device.Product {
	related := map[string]bool{}
	var asked []device.Product
	for _, p := range f.Products {
		if slices.Contains(of, p.ID) {
			asked = append(asked, p)
		}
	}
	for _, l := range f.Lines {
		products := l.Products()
		if slices.ContainsFunc(of, func(id string) bool { return slices.Contains(products, id) }) {
			for _, id := range products {
				related[id] = true
			}
		}
	}
	var out []device.Product
	for _, p := range f.Products {
		switch {
		case slices.Contains(of, p.ID):
			out = append(out, p)
		case !related[p.ID] && !slices.ContainsFunc(asked, func(o device.Product) bool { return likeness(p, o) == same }):
		case f.distributed(p.ID):
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b device.Product) int {
		return cmp.Or(cmp.Compare(a.Model, b.Model), cmp.Compare(plain(a.Version), plain(b.Version)), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Near are the products that were distributed and are not among the Versions, and yet
// have nearly the names of one: a manufacturer with another legal form or a typing
// error, a variant of the model, or the same model of another manufacturer. Whether an
// advisory has to speak of them is for a person. What is near is our own convention.
func (f Fleet) Near(of ...string) []device.Product {
	versions := f.Versions(of...)
	var out []device.Product
	for _, p := range f.Products {
		if !slices.ContainsFunc(versions, func(o device.Product) bool { return o.ID == p.ID }) &&
			slices.ContainsFunc(versions, func(o device.Product) bool { return likeness(p, o) >= near }) && f.distributed(p.ID) {
			out = append(out, p)
		}
	}
	return out
}

// How alike two names are.
const (
	far = iota
	near
	same
)

// likeness says how alike the models and manufacturers of two products are.
func likeness(a, b device.Product) int {
	maker, model := likeMaker(a.Manufacturer, b.Manufacturer), likeModel(a.Model, b.Model)
	if model == same {
		return max(maker, near)
	}
	return min(maker, model)
}

func likeMaker(a, b string) int {
	x, y := tokens(a), tokens(b)
	s, t := strings.Join(x, ""), strings.Join(y, "")
	n := min(len(x), len(y))
	switch {
	case s == t || s == "" || t == "":
		return same
	case slices.Equal(x[:n], y[:n]) || len(s) > 4 && mistyped([]rune(s), []rune(t)):
		return near
	}
	return far
}

func likeModel(a, b string) int {
	s, t := strings.Join(tokens(a), ""), strings.Join(tokens(b), "")
	if len(s) > len(t) {
		s, t = t, s
	}
	rest, longer := strings.CutPrefix(t, s)
	switch {
	case s == t:
		return same
	case longer && strings.ContainsAny(s, "0123456789") && !strings.ContainsAny(rest, "0123456789"):
		return near
	}
	return far
}

// mistyped reports whether one letter makes the difference: another one, one too
// many, or two that changed places.
func mistyped(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return slices.Equal(a[i:], b[i+1:])
	}
	return i == len(a) || slices.Equal(a[i+1:], b[i+1:]) ||
		i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && slices.Equal(a[i+2:], b[i+2:])
}

func (f Fleet) distributed(product string) bool {
	if slices.ContainsFunc(f.Counts, func(c device.Fielded) bool { return c.Product == product }) {
		return true
	}
	for _, l := range f.Lives {
		if l.Product == product {
			return l.Stage != device.Development
		}
	}
	return true
}

// fleetKind is the kind of a Basis that is which versions there are. It is no record
// of its own: a version that was distributed since makes it another.
const fleetKind = "advisory.fleet"

// fleetKey names the products that the versions were asked for.
func fleetKey(of []string) string {
	of = slices.Clone(of)
	slices.Sort(of)
	text, err := json.Marshal(slices.Compact(of))
	if err != nil {
		return ""
	}
	return string(text)
}

// fleetOf are the products of a fleetKey.
func fleetOf(key string) ([]string, error) {
	var of []string
	if err := json.Unmarshal([]byte(key), &of); err != nil {
		return nil, fmt.Errorf("advisory: fleet: key %q: %w", key, err)
	}
	return of, nil
}

func fleetDigest(versions []device.Product) string {
	var ids []string
	for _, p := range versions {
		ids = append(ids, p.ID)
	}
	return digest(ids)
}

// inField is the digest of the versions that l knows of now for that key.
func inField(ctx context.Context, l *store.Ledger, key string) (string, string, error) {
	of, err := fleetOf(key)
	if err != nil {
		return "", "", err
	}
	f, err := ReadFleet(ctx, l)
	if err != nil {
		return "", "", err
	}
	return fleetDigest(f.Versions(of...)), ": other versions are in the field", nil
}
