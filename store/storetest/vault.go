package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/open-postmarket/postmarket/store"
)

// vaultPromises are those of a store.Vault.
var vaultPromises = []promise[VaultOpener]{
	{"any bytes round-trip", vaultBytes},
	{"missing is ErrNotFound", vaultMissing},
	{"what is erased is gone and says so", vaultErase},
	{"what is returned is the caller's", vaultCallers},
	{"a canceled context ends the work", vaultCanceled},
	{"closed means closed", vaultClosed},
	{"open again and it is all there", vaultReopened},
}

func vaultBytes(ctx context.Context, place func() (VaultOpener, error)) error {
	return withVault(place, func(v ClosingVault) error {
		every := make([]byte, 256)
		for i := range every {
			every[i] = byte(i)
		}
		want := map[string][]byte{
			"a": every, "A": {}, "a ": []byte("text\x00"), "ß/'\"%_": []byte("\xff"), "large": bytes.Repeat([]byte("x"), 1<<20),
			strings.Repeat("k", 900): []byte("1"),
		}
		for range 2 { // the second time it takes the place of the first
			for id, data := range want {
				if err := v.Put(ctx, id, data); err != nil {
					return fmt.Errorf("put %.20q: %w", id, err)
				}
			}
			for id, data := range want {
				if err := holds(ctx, v, id, data); err != nil {
					return err
				}
				want[id] = append(bytes.Clone(data), '2')
			}
		}
		for _, id := range []string{"", "\xff", "a\x00"} {
			if err := v.Put(ctx, id, nil); err == nil {
				return fmt.Errorf("put under the id %q went through", id)
			}
		}
		if err := v.Put(ctx, "nil", nil); err != nil {
			return err
		}
		return holds(ctx, v, "nil", nil)
	})
}

func vaultMissing(ctx context.Context, place func() (VaultOpener, error)) error {
	return withVault(place, func(v ClosingVault) error {
		if err := v.Put(ctx, "there", []byte("1")); err != nil {
			return err
		}
		for _, id := range []string{"absent", "There", "ther"} {
			if _, err := v.Get(ctx, id); !errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrErased) {
				return fmt.Errorf("get of the absent %q: %v", id, err)
			}
			if err := v.Erase(ctx, id); !errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("erase of the absent %q: %v", id, err)
			}
		}
		return holds(ctx, v, "there", []byte("1"))
	})
}

func vaultErase(ctx context.Context, place func() (VaultOpener, error)) error {
	return withVault(place, func(v ClosingVault) error {
		for _, id := range []string{"one", "two", "empty"} {
			data := []byte(id)
			if id == "empty" {
				data = nil
			}
			if err := v.Put(ctx, id, data); err != nil {
				return err
			}
		}
		for _, id := range []string{"one", "empty", "one"} {
			if err := v.Erase(ctx, id); err != nil {
				return fmt.Errorf("erase %q: %w", id, err)
			}
			if data, err := v.Get(ctx, id); !errors.Is(err, store.ErrErased) || errors.Is(err, store.ErrNotFound) || len(data) > 0 {
				return fmt.Errorf("get of the erased %q: %q, %v", id, data, err)
			}
			if err := v.Put(ctx, id, []byte("again")); !errors.Is(err, store.ErrErased) {
				return fmt.Errorf("put under the erased %q: %v", id, err)
			}
			if _, err := v.Get(ctx, id); !errors.Is(err, store.ErrErased) {
				return fmt.Errorf("get of the erased %q after a Put: %v", id, err)
			}
		}
		return holds(ctx, v, "two", []byte("two"))
	})
}

func vaultCallers(ctx context.Context, place func() (VaultOpener, error)) error {
	return withVault(place, func(v ClosingVault) error {
		data := []byte("mine")
		if err := v.Put(ctx, "a", data); err != nil {
			return err
		}
		data[0] = 'X'
		for range 2 {
			got, err := v.Get(ctx, "a")
			if err != nil {
				return err
			}
			if string(got) != "mine" {
				return fmt.Errorf("a caller changed what was his, and the vault holds %q", got)
			}
			got[0] = 'Y'
		}
		return nil
	})
}

func vaultCanceled(ctx context.Context, place func() (VaultOpener, error)) error {
	return withVault(place, func(v ClosingVault) error {
		if err := v.Put(ctx, "a", []byte("1")); err != nil {
			return err
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		for name, err := range vaultVerbs(gone, v) {
			if !errors.Is(err, context.Canceled) {
				return fmt.Errorf("%s: %v, which is not context.Canceled", name, err)
			}
		}
		if _, err := v.Get(ctx, "b"); !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("a canceled Put left something: %v", err)
		}
		return holds(ctx, v, "a", []byte("1"))
	})
}

func vaultVerbs(ctx context.Context, v store.Vault) map[string]error {
	_, get := v.Get(ctx, "a")
	return map[string]error{"Put": v.Put(ctx, "b", []byte("2")), "Get": get, "Erase": v.Erase(ctx, "a")}
}

func vaultClosed(ctx context.Context, place func() (VaultOpener, error)) error {
	open, err := place()
	if err != nil {
		return err
	}
	v, err := open()
	if err != nil {
		return err
	}
	if err := v.Put(ctx, "a", []byte("1")); err != nil {
		return err
	}
	if err := v.Close(); err != nil {
		return err
	}
	for name, err := range vaultVerbs(ctx, v) {
		if !errors.Is(err, store.ErrClosed) {
			return fmt.Errorf("%s of a closed vault: %v, which is not ErrClosed", name, err)
		}
	}
	return v.Close()
}

func vaultReopened(ctx context.Context, place func() (VaultOpener, error)) error {
	open, err := place()
	if err != nil {
		return err
	}
	v, err := open()
	if err != nil {
		return err
	}
	err = errors.Join(v.Put(ctx, "a", []byte("1")), v.Put(ctx, "b", []byte("2")), v.Erase(ctx, "b"), v.Close())
	if err != nil {
		return err
	}
	if v, err = open(); err != nil {
		return err
	}
	defer v.Close()
	if _, err := v.Get(ctx, "b"); !errors.Is(err, store.ErrErased) {
		return fmt.Errorf("erased before, opened again: %v", err)
	}
	return holds(ctx, v, "a", []byte("1"))
}

// holds wants data under id.
func holds(ctx context.Context, v store.Vault, id string, data []byte) error {
	got, err := v.Get(ctx, id)
	if err != nil {
		return fmt.Errorf("get %.20q: %w", id, err)
	}
	if !bytes.Equal(got, data) {
		return fmt.Errorf("under %.20q is %.40q, not %.40q", id, got, data)
	}
	return nil
}

func withVault(place func() (VaultOpener, error), use func(ClosingVault) error) error {
	open, err := place()
	if err != nil {
		return fmt.Errorf("place: %w", err)
	}
	v, err := open()
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	err = use(v)
	if end := v.Close(); end != nil {
		err = errors.Join(err, fmt.Errorf("close: %w", end))
	}
	return err
}
