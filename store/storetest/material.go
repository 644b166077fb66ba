package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/store"
)

// noon is when the suite's acts take place.
var noon = time.Date(2026, 3, 29, 12, 0, 0, 123456000, time.UTC)

func act(why string, ws ...store.Write) store.Act {
	return store.Act{Who: "storetest", Why: why, At: noon, Writes: ws}
}

func write(kind, key, body string) store.Write {
	return store.Write{Name: store.Name{Kind: kind, Key: key}, Version: 1, Body: []byte(body)}
}

// awkward lists acts whose parts databases like to change.
func awkward() []store.Act {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	bodies := map[string]string{
		"every byte":       string(every),
		"empty":            "",
		"spaces":           "  {\"a\" : 1 , \"a\" : 2}\r\n\n ",
		"not UTF-8":        "\xff\xfe\x80{}",
		"NUL at the end":   "text\x00",
		"looks like a num": "1e3",
		"large":            strings.Repeat("0123456789abcdef", 1<<16),
	}
	var acts []store.Act
	for why, body := range bodies {
		acts = append(acts, act(why, write("test.note", "body", body)))
	}
	for _, key := range []string{"a", "A", " a", "a ", "a%", "a_b", `quote'"`, "ß/…?#&\\", "\U0001F9EC", "e\u0301", "\u00e9", "0", "007", "7", "NULL", "tab\tline\n", strings.Repeat("k", 900)} {
		acts = append(acts, act("key "+key, write("test.key", key, "of "+key)))
	}
	full := act("everything\nin two lines, with \"quotes\" and ünïcode ",
		write("test.note", "body", "x"), write("host.a-b_c.d1", "k", "y"), write("test.note", "last", "z"))
	full.Who = "u-17 "
	full.Writes[0].Version = 1 << 30
	full.Writes[0].Refs = []store.Ref{{System: "qms", ID: "C-1"}, {System: "qms", ID: "C-1", URL: "https://qms.example/C-1?a=b&c=d"}, {System: "<tracker>", URL: "x:y"}}
	full.Writes[2].Refs = []store.Ref{{System: "é", ID: " "}}
	full.Signature = &store.Signature{KeyID: "key 1", Algorithm: "test", Bytes: every}
	bare := act("signature without bytes", write("test.note", "body", "x"))
	bare.Signature = &store.Signature{}
	acts = append(acts, full, bare)
	for _, at := range []time.Time{
		noon, noon.Add(time.Microsecond), noon.Add(999 * time.Nanosecond), noon.Add(-time.Hour),
		noon.Add(time.Second).In(time.FixedZone("", 13*3600)), noon.AddDate(300, 0, 0),
	} {
		a := act("at "+at.Format(time.RFC3339Nano), write("test.note", "time", "x"))
		a.At = at
		acts = append(acts, a)
	}
	return acts
}

// same says in which field two entries differ.
func same(got, want store.Entry) error {
	sig := func(e store.Entry) string {
		if e.Signature == nil {
			return "none"
		}
		return fmt.Sprintf("%q %q %x", e.Signature.KeyID, e.Signature.Algorithm, e.Signature.Bytes)
	}
	var errs []error
	field := func(name string, equal bool, got, want any) {
		if !equal {
			errs = append(errs, fmt.Errorf("%s is %.80q, not %.80q", name, fmt.Sprint(got), fmt.Sprint(want)))
		}
	}
	field("Name", got.Name == want.Name, got.Name, want.Name)
	field("Seq", got.Seq == want.Seq, got.Seq, want.Seq)
	field("Act", got.Act == want.Act, got.Act, want.Act)
	field("At", got.At.Equal(want.At), got.At, want.At)
	field("zone of At", got.At.Location() == time.UTC, got.At.Location(), time.UTC)
	field("Who", got.Who == want.Who, got.Who, want.Who)
	field("Why", got.Why == want.Why, got.Why, want.Why)
	field("Version", got.Version == want.Version, got.Version, want.Version)
	field("Body", bytes.Equal(got.Body, want.Body), got.Body, want.Body)
	field("Refs", slices.Equal(got.Refs, want.Refs), got.Refs, want.Refs)
	field("Signature", sig(got) == sig(want), sig(got), sig(want))
	field("Prev", got.Prev == want.Prev, got.Prev, want.Prev)
	field("Hash", got.Hash == want.Hash, got.Hash, want.Hash)
	return errors.Join(errs...)
}

// sameEntries says where two lists differ.
func sameEntries(got, want []store.Entry) error {
	for i := range min(len(got), len(want)) {
		if err := same(got[i], want[i]); err != nil {
			return fmt.Errorf("entry %d of %d: %w", i+1, len(want), err)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d entries, not %d", len(got), len(want))
	}
	return nil
}
