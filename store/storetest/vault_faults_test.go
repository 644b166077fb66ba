package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/store/storetest"
)

type badVault struct {
	*memory.Store
	put   func(context.Context, string, []byte) error
	get   func(context.Context, string) ([]byte, error)
	erase func(context.Context, string) error
	close func() error
}

func (v *badVault) Put(ctx context.Context, id string, data []byte) error {
	if v.put != nil {
		return v.put(ctx, id, data)
	}
	return v.Store.Put(ctx, id, data)
}

func (v *badVault) Get(ctx context.Context, id string) ([]byte, error) {
	if v.get != nil {
		return v.get(ctx, id)
	}
	return v.Store.Get(ctx, id)
}

func (v *badVault) Erase(ctx context.Context, id string) error {
	if v.erase != nil {
		return v.erase(ctx, id)
	}
	return v.Store.Erase(ctx, id)
}

func (v *badVault) Close() error {
	if v.close != nil {
		return v.close()
	}
	return v.Store.Close()
}

func plantVault(fault func(*badVault)) storetest.VaultSuite {
	return storetest.VaultSuite{
		Without: map[string]string{"open again and it is all there": "memory forgets"},
		Place: func() (storetest.VaultOpener, error) {
			return func() (storetest.ClosingVault, error) {
				v := &badVault{Store: memory.New()}
				if fault != nil {
					fault(v)
				}
				return v, nil
			}, nil
		},
	}
}

func TestEveryPlantedFaultOfAVaultIsCaught(t *testing.T) {
	t.Parallel()
	if err := storetest.CheckVault(t.Context(), plantVault(nil)); err != nil {
		t.Fatal(err)
	}
	for _, f := range []struct {
		name, promise string
		fault         func(*badVault)
	}{
		{"keeps text", "any bytes round-trip", func(v *badVault) {
			v.get = func(ctx context.Context, id string) ([]byte, error) {
				b, err := v.Store.Get(ctx, id)
				return bytes.ToValidUTF8(b, nil), err
			}
		}},
		{"keeps the first of two", "any bytes round-trip", func(v *badVault) {
			v.put = func(ctx context.Context, id string, data []byte) error {
				if _, err := v.Store.Get(ctx, id); err == nil {
					return nil
				}
				return v.Store.Put(ctx, id, data)
			}
		}},
		{"gives nothing for what is missing", "missing is ErrNotFound", func(v *badVault) {
			v.get = func(ctx context.Context, id string) ([]byte, error) {
				b, err := v.Store.Get(ctx, id)
				if errors.Is(err, store.ErrNotFound) {
					err = nil
				}
				return b, err
			}
		}},
		{"erases nothing", "what is erased is gone and says so", func(v *badVault) {
			v.erase = func(ctx context.Context, id string) error {
				_, err := v.Store.Get(ctx, id)
				return err
			}
		}},
		{"forgets that there was something", "what is erased is gone and says so", func(v *badVault) {
			v.get = func(ctx context.Context, id string) ([]byte, error) {
				b, err := v.Store.Get(ctx, id)
				if errors.Is(err, store.ErrErased) {
					err = store.ErrNotFound
				}
				return b, err
			}
		}},
		{"erases once only", "what is erased is gone and says so", func(v *badVault) {
			v.erase = func(ctx context.Context, id string) error {
				if _, err := v.Store.Get(ctx, id); err != nil {
					return err
				}
				return v.Store.Erase(ctx, id)
			}
		}},
		{"hands out its own memory", "what is returned is the caller's", func(v *badVault) {
			own := map[string][]byte{}
			v.get = func(ctx context.Context, id string) ([]byte, error) {
				if b, ok := own[id]; ok {
					return b, nil
				}
				b, err := v.Store.Get(ctx, id)
				if err == nil {
					own[id] = b
				}
				return b, err
			}
		}},
		{"puts although canceled", "a canceled context ends the work", func(v *badVault) {
			v.put = func(ctx context.Context, id string, data []byte) error {
				return v.Store.Put(context.WithoutCancel(ctx), id, data)
			}
		}},
		{"stays open", "closed means closed", func(v *badVault) { v.close = func() error { return nil } }},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			broken := caught(storetest.CheckVault(t.Context(), plantVault(f.fault)))
			if !slices.Contains(broken, f.promise) {
				t.Errorf("%q did not notice; those that did: %q", f.promise, broken)
			}
		})
	}
}
