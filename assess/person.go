package assess

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-postmarket/postmarket/store"
)

// SamePerson reports whether two ids name the same person: equal without regard
// to case, to spaces and to what nobody sees, so that a slip of the pen is no
// second person.
func SamePerson(a, b string) bool {
	plain := func(id string) string {
		return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
			if unseen(r) {
				return -1
			}
			return r
		}, id)), " ")
	}
	return strings.EqualFold(plain(a), plain(b))
}

// CheckPerson refuses an id of a person that nobody could tell from another: an
// empty one, and one with a control character or one that is not seen.
func CheckPerson(id string) error {
	switch {
	case blank(id):
		return fmt.Errorf("assess: the id of a person %q is empty", id)
	case !utf8.ValidString(id) || strings.ContainsFunc(id, unseen):
		return fmt.Errorf("assess: the id of a person %q has a character that is not seen", id)
	}
	return nil
}

// unseen reports whether r shows nothing where it is printed, spaces apart.
func unseen(r rune) bool {
	return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Wrote reports whether who wrote the record key as it stands: wrote one of its
// last entries of which same holds, without another one since. Called in an act
// that has read the record, it is true of the moment of the act.
func Wrote[T store.Keyed](ctx context.Context, l *store.Ledger, k store.Kind[T], key, who string, same func(T) bool) (bool, error) {
	wrote := false
	for e, err := range k.History(ctx, l, key) {
		if err != nil {
			return false, err
		}
		v, err := k.Decode(e)
		if err != nil {
			return false, err
		}
		wrote = same(v) && (wrote || e.Who == who)
	}
	return wrote, nil
}
