package feedtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
)

// readersGoOn loads batches while four readers look: each of them finishes looks
// meanwhile, and never sees a part of a batch.
func readersGoOn(ctx context.Context, open Place) error {
	m, err := open.mirror(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	const batches, size, readers = 12, 25, 4
	looks := []func() (int, error){
		func() (int, error) { items, err := all(m.Items(ctx, "a")); return len(items), err },
		func() (int, error) { st, err := m.Standing(ctx, "a"); return st.Records, err },
		func() (int, error) { changes, err := all(m.Changed(ctx, 0)); return len(changes), err },
		func() (int, error) { got, err := all(m.Named(ctx, "CVE-2024-1000")); return len(got), err },
	}
	ended := make(chan struct{})
	var mu sync.Mutex
	var broken []error
	looked := make([]int, readers)
	var reading sync.WaitGroup
	for i, look := range looks {
		reading.Go(func() {
			for last := 0; ; {
				n, err := look()
				if err == nil && (n%size != 0 || n < last) {
					err = fmt.Errorf("reader %d sees %d records of batches of %d, after %d", i+1, n, size, last)
				}
				mu.Lock()
				if err != nil {
					broken = append(broken, err)
				}
				looked[i]++
				mu.Unlock()
				select {
				case <-ended:
					return
				default:
				}
				if last = n; err != nil {
					return
				}
			}
		})
	}
	patient := func(n int) bool { // each reader has looked n times, or failed
		mu.Lock()
		defer mu.Unlock()
		for _, l := range looked {
			if l < n && len(broken) == 0 {
				return false
			}
		}
		return true
	}
	writing := func() error {
		for b := range batches {
			var rs []feeds.Record
			for i := range size {
				rs = append(rs, record("a", fmt.Sprintf("A-%d-%d", b, i), "CVE-2024-1000"))
			}
			if err := m.Keep(ctx, feeds.Batch{Source: "a", At: noon, Turn: int64(b + 1), Records: rs}); err != nil {
				return err
			}
			for !patient(b + 1) {
				if err := ctx.Err(); err != nil {
					return fmt.Errorf("a reader does not come to its end during a load: %w", err)
				}
				time.Sleep(time.Millisecond)
			}
		}
		return nil
	}
	err = writing()
	close(ended)
	reading.Wait()
	return errors.Join(append(broken, err)...)
}
